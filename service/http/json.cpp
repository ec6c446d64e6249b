// The handler of Boost.JSON's parser that builds a json_value, and the way back to text.
#include "service/http/json.hpp"

#include "service/http/json_text.hpp"
#include "service/http/problem.hpp"

#include <boost/json/basic_parser_impl.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <utility>

namespace tiebreak::service::http {

namespace {

using failure = boost::json::error_code;

// Receives the parser's events. The stack holds the arrays and objects that are still open.
class builder {
public:
    static constexpr std::size_t max_array_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_object_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_string_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_key_size = static_cast<std::size_t>(-1);

    explicit builder(std::size_t values_max) : values_max_(values_max) {}

    bool on_document_begin(failure&) { return true; }

    bool on_document_end(failure&) { return true; }

    bool on_array_begin(failure&)
    {
        open_.push_back({.value = {json_value::array{}}, .name = {}});
        return true;
    }

    bool on_array_end(std::size_t, failure& stop) { return close(stop); }

    bool on_object_begin(failure&)
    {
        open_.push_back({.value = {json_value::object{}}, .name = {}});
        return true;
    }

    bool on_object_end(std::size_t, failure& stop)
    {
        if (auto const* twice = repeated_name(std::get<json_value::object>(open_.back().value.is)))
            return refuse("stands twice", pointer_to(open_.size() - 1, *twice), stop);
        return close(stop);
    }

    bool on_string_part(boost::json::string_view part, std::size_t, failure&)
    {
        text_.append(part.data(), part.size());
        return true;
    }

    bool on_string(boost::json::string_view part, std::size_t, failure& stop)
    {
        text_.append(part.data(), part.size());
        return add({std::exchange(text_, {})}, stop);
    }

    bool on_key_part(boost::json::string_view part, std::size_t, failure&)
    {
        text_.append(part.data(), part.size());
        return true;
    }

    bool on_key(boost::json::string_view part, std::size_t, failure&)
    {
        text_.append(part.data(), part.size());
        open_.back().name = std::exchange(text_, {});
        return true;
    }

    bool on_number_part(boost::json::string_view part, failure&)
    {
        text_.append(part.data(), part.size());
        return true;
    }

    bool on_int64(std::int64_t number, boost::json::string_view, failure& stop)
    {
        text_.clear();
        return add({number}, stop);
    }

    bool on_uint64(std::uint64_t number, boost::json::string_view, failure& stop)
    {
        text_.clear();
        if (number > static_cast<std::uint64_t>(INT64_MAX))
            return refuse_here("is beyond 64 bits", stop);
        return add({static_cast<std::int64_t>(number)}, stop);
    }

    bool on_double(double number, boost::json::string_view part, failure& stop)
    {
        text_.append(part.data(), part.size());
        auto text = std::exchange(text_, {});
        if (text.find_first_of(".eE") == std::string::npos)
            return refuse_here("is beyond 64 bits", stop);
        if (!std::isfinite(number))
            return refuse_here("is beyond what a number can be", stop);
        return add({json_number{.value = number, .text = std::move(text)}}, stop);
    }

    bool on_bool(bool yes, failure& stop) { return add({yes}, stop); }

    bool on_null(failure& stop) { return add({}, stop); }

    bool on_comment_part(boost::json::string_view, failure&) { return true; }

    bool on_comment(boost::json::string_view, failure&) { return true; }

    [[nodiscard]] std::string const& fault() const noexcept { return fault_; }

    [[nodiscard]] std::string const& fault_pointer() const noexcept { return fault_pointer_; }

    [[nodiscard]] json_value take() { return std::move(root_); }

private:
    struct open_value {
        json_value value;
        std::string name;  // of the member that comes next
    };

    bool refuse(std::string sentence, std::string pointer, failure& stop)
    {
        fault_ = std::move(sentence);
        fault_pointer_ = std::move(pointer);
        stop = boost::json::error::syntax;
        return false;
    }

    bool refuse_here(std::string sentence, failure& stop)
    {
        if (open_.empty())
            return refuse(std::move(sentence), {}, stop);
        return refuse(std::move(sentence), pointer_to(open_.size() - 1, next_step()), stop);
    }

    [[nodiscard]] std::string next_step() const { return step_in(open_.back()); }

    [[nodiscard]] static std::string step_in(open_value const& in)
    {
        if (auto const* elements = in.value.get_if<json_value::array>())
            return std::to_string(elements->size());
        return in.name;
    }

    [[nodiscard]] std::string pointer_to(std::size_t depth, std::string_view last) const
    {
        std::string pointer;
        for (std::size_t i = 0; i < depth; ++i)
            append_pointer(pointer, step_in(open_[i]));
        append_pointer(pointer, last);
        return pointer;
    }

    bool add(json_value value, failure& stop)
    {
        if (++values_ > values_max_)
            return refuse_here("is one value too many", stop);
        if (open_.empty()) {
            root_ = std::move(value);
            return true;
        }
        auto& top = open_.back();
        if (auto* elements = std::get_if<json_value::array>(&top.value.is))
            elements->push_back(std::move(value));
        else
            std::get<json_value::object>(top.value.is)
                .push_back({.name = std::move(top.name), .value = std::move(value)});
        return true;
    }

    bool close(failure& stop)
    {
        json_value finished = std::move(open_.back().value);
        open_.pop_back();
        return add(std::move(finished), stop);
    }

    [[nodiscard]] static std::string const* repeated_name(json_value::object const& object)
    {
        std::vector<std::string const*> names;
        names.reserve(object.size());
        for (auto const& member : object)
            names.push_back(&member.name);
        std::sort(names.begin(), names.end(), [](auto* a, auto* b) { return *a < *b; });
        auto const twice = std::adjacent_find(
            names.begin(), names.end(), [](auto* a, auto* b) { return *a == *b; });
        return twice == names.end() ? nullptr : *twice;
    }

    std::size_t values_max_;
    std::size_t values_ = 0;
    std::vector<open_value> open_{};
    std::string text_{};
    json_value root_{};
    std::string fault_{};
    std::string fault_pointer_{};
};

[[noreturn]] void refuse(std::string detail, std::string const& pointer, std::size_t offset)
{
    throw refusal(problem("invalid-request", std::move(detail))
                      .with("pointer", pointer)
                      .with("offset", offset));
}

template <class Member>
void append(std::string& to, json_value const& value, Member const& append_object)
{
    if (value.is_null())
        to += "null";
    else if (auto const* yes = value.get_if<bool>())
        to += *yes ? "true" : "false";
    else if (auto const* number = value.get_if<std::int64_t>())
        to += std::to_string(*number);
    else if (auto const* real = value.get_if<json_number>())
        to += real->text;
    else if (auto const* text = value.get_if<std::string>())
        detail::append_json(to, std::string_view{*text});
    else if (auto const* elements = value.get_if<json_value::array>()) {
        to += '[';
        for (auto const& element : *elements) {
            if (&element != elements->data())
                to += ',';
            append(to, element, append_object);
        }
        to += ']';
    } else {
        to += '{';
        append_object(to, *value.get_if<json_value::object>());
        to += '}';
    }
}

void append_in_order(std::string& to, json_value::object const& object)
{
    for (auto const& [name, value] : object) {
        if (to.back() != '{')
            to += ',';
        detail::append_json(to, std::string_view{name});
        to += ':';
        append(to, value, append_in_order);
    }
}

void append_by_name(std::string& to, json_value::object const& object)
{
    std::vector<json_member const*> members;
    members.reserve(object.size());
    for (auto const& member : object)
        members.push_back(&member);
    std::sort(members.begin(), members.end(), [](auto* a, auto* b) { return a->name < b->name; });
    for (auto const* member : members) {
        if (member != members.front())
            to += ',';
        detail::append_json(to, std::string_view{member->name});
        to += ':';
        append(to, member->value, append_by_name);
    }
}

}  // namespace

json_value const* json_value::find(std::string_view name) const noexcept
{
    if (auto const* members = get_if<object>())
        for (auto const& member : *members)
            if (member.name == name)
                return &member.value;
    return nullptr;
}

std::string_view json_value::kind() const noexcept
{
    constexpr std::array<std::string_view, 7> names{
        "null", "true or false", "a whole number", "a number", "a text", "an array", "an object"};
    return names[is.index()];
}

json_value parse_json(std::string_view text, json_limits const& limits)
{
    boost::json::parse_options options;
    options.max_depth = limits.depth;
    boost::json::basic_parser<builder> parser(options, limits.values);
    failure stopped;
    auto const read = parser.write_some(false, text.data(), text.size(), stopped);
    auto& built = parser.handler();
    if (!built.fault().empty())
        refuse("this member or element " + built.fault(), built.fault_pointer(), read);
    if (stopped == boost::json::error::too_deep)
        refuse("the JSON is nested too deeply", {}, read);
    if (stopped)
        refuse("the body is not valid JSON: " + stopped.message(), {}, read);
    if (read < text.size())
        refuse("there is something behind the JSON", {}, read);
    return built.take();
}

std::string text_of(json_value const& value)
{
    std::string text;
    append(text, value, append_in_order);
    return text;
}

std::string canonical_text_of(json_value const& value)
{
    std::string text;
    append(text, value, append_by_name);
    return text;
}

void append_pointer(std::string& pointer, std::string_view step)
{
    pointer += '/';
    for (char const c : step) {
        if (c == '~')
            pointer += "~0";
        else if (c == '/')
            pointer += "~1";
        else
            pointer += c;
    }
}

}  // namespace tiebreak::service::http
