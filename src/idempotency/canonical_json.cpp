// Canonical JSON by Boost.JSON's event parser: its document would keep the last of repeated names
// and turn large numbers into doubles, so the text is written again from the events.
#include <tiebreak/canonical_json.hpp>

#include <boost/json/basic_parser_impl.hpp>

#include <algorithm>
#include <stdexcept>
#include <utility>
#include <vector>

namespace tiebreak {

namespace {

namespace json = boost::json;

constexpr std::size_t depth_limit = 1'000;

void append_quoted(std::string& out, std::string_view text)
{
    constexpr std::string_view digits = "0123456789abcdef";
    out += '"';
    for (char const c : text) {
        auto const code = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            (out += '\\') += c;
        } else if (code < ' ') {
            out += "\\u00";
            (out += digits[code >> 4]) += digits[code & 15];
        } else {
            out += c;
        }
    }
    out += '"';
}

// Called by the parser; builds each value from the inside out.
class writer {
public:
    static constexpr std::size_t max_object_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_array_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_key_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_string_size = static_cast<std::size_t>(-1);

    using code = json::error_code;
    using piece = json::string_view;

    bool on_document_begin(code&) { return true; }

    bool on_document_end(code&) { return true; }

    bool on_object_begin(code&) { return open(true); }

    bool on_array_begin(code&) { return open(false); }

    bool on_object_end(std::size_t, code& failed)
    {
        auto& members = open_.back().members;
        std::ranges::sort(members, {}, &member::name);
        auto const twice = std::ranges::adjacent_find(members, {}, &member::name);
        if (twice != members.end()) {
            failed = json::error::syntax;
            return false;
        }
        std::string text = "{";
        for (auto const& [name, value] : members) {
            if (text.size() > 1)
                text += ',';
            append_quoted(text, name);
            (text += ':') += value;
        }
        text += '}';
        return close(std::move(text));
    }

    bool on_array_end(std::size_t, code&)
    {
        return close('[' + std::move(open_.back().items) + ']');
    }

    bool on_key_part(piece part, std::size_t, code&) { return collect(part); }

    bool on_key(piece part, std::size_t, code&)
    {
        collect(part);
        open_.back().name = std::exchange(text_, {});
        return true;
    }

    bool on_string_part(piece part, std::size_t, code&) { return collect(part); }

    bool on_string(piece part, std::size_t, code&)
    {
        collect(part);
        std::string quoted;
        append_quoted(quoted, text_);
        text_.clear();
        return give(std::move(quoted));
    }

    bool on_number_part(piece part, code&) { return collect(part); }

    bool on_int64(std::int64_t, piece part, code&) { return number(part); }

    bool on_uint64(std::uint64_t, piece part, code&) { return number(part); }

    bool on_double(double, piece part, code&) { return number(part); }

    bool on_bool(bool is, code&) { return give(is ? "true" : "false"); }

    bool on_null(code&) { return give("null"); }

    bool on_comment_part(piece, code&) { return false; }

    bool on_comment(piece, code&) { return false; }

    [[nodiscard]] std::string take() { return std::move(result_); }

private:
    struct member {
        std::string name;
        std::string value;
    };

    struct level {
        bool is_object = false;
        std::string name{};  // of the member whose value comes next
        std::vector<member> members{};
        std::string items{};
    };

    bool collect(piece part)
    {
        text_.append(part.data(), part.size());
        return true;
    }

    bool number(piece part)
    {
        collect(part);
        return give(std::exchange(text_, {}));
    }

    bool open(bool is_object)
    {
        open_.push_back({.is_object = is_object});
        return true;
    }

    bool close(std::string text)
    {
        open_.pop_back();
        return give(std::move(text));
    }

    bool give(std::string text)
    {
        if (open_.empty()) {
            result_ = std::move(text);
        } else if (auto& around = open_.back(); around.is_object) {
            around.members.push_back({std::move(around.name), std::move(text)});
        } else {
            if (!around.items.empty())
                around.items += ',';
            around.items += text;
        }
        return true;
    }

    std::string text_;  // of the name, string or number that is being read
    std::vector<level> open_;
    std::string result_;
};

}  // namespace

std::optional<std::string> canonical_json(std::string_view text, canonical_json_options options)
{
    if (options.depth_max < 1 || options.depth_max > depth_limit)
        throw std::invalid_argument("canonical_json_options::depth_max must be 1 to 1000");
    json::parse_options strict;
    strict.max_depth = options.depth_max;
    json::basic_parser<writer> parser(strict);
    json::error_code failed;
    auto const used = parser.write_some(false, text.data(), text.size(), failed);
    if (failed || used != text.size() || !parser.done())
        return std::nullopt;
    return parser.handler().take();
}

}  // namespace tiebreak
