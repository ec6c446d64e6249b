#include "service/http/head_check.hpp"

#include "service/http/request.hpp"
#include "service/http/trimmed.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace tiebreak::service::http {

namespace {

// What a byte may be part of.
enum : unsigned char { token_byte = 1, target_byte = 2, value_byte = 4, host_byte = 8 };

constexpr std::array<unsigned char, 256> make_classes()
{
    std::array<unsigned char, 256> made{};
    auto const mark = [&](std::string_view bytes, unsigned char as) {
        for (char const c : bytes)
            made[static_cast<unsigned char>(c)] |= as;
    };
    constexpr std::string_view letters_and_digits =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    mark(letters_and_digits, token_byte | target_byte | host_byte);
    mark("!#$%&'*+-.^_`|~", token_byte);        // RFC 9110, 5.6.2
    mark("-._~!$&'()*+,;=:@/?%", target_byte);  // RFC 3986, 3.3 and 3.4
    mark("-._~!$&'()*+,;=:[]%", host_byte);     // RFC 3986, 3.2.2
    for (unsigned i = ' '; i < 256; ++i)
        if (i != 0x7F)
            made[i] |= value_byte;
    made['\t'] |= value_byte;
    return made;
}

constexpr auto classes = make_classes();

bool is_all(std::string_view text, unsigned char of) noexcept
{
    return std::all_of(text.begin(), text.end(), [&](char c) {
        return (classes[static_cast<unsigned char>(c)] & of) != 0;
    });
}

head_range range_of(std::string_view part, std::string_view bytes) noexcept
{
    return {.at = static_cast<std::size_t>(part.data() - bytes.data()), .size = part.size()};
}

// Calls `use` with each element of a comma-separated list.
template <class Use>
void for_each_element(std::string_view list, Use&& use)
{
    for (;;) {
        auto const comma = list.find(',');
        use(trimmed(list.substr(0, comma)));
        if (comma == std::string_view::npos)
            return;
        list.remove_prefix(comma + 1);
    }
}

// Longer than any method and version with their spaces.
constexpr std::size_t line_extra_bytes = 64;

}  // namespace

void head_check::reset() noexcept
{
    facts_ = {};
    line_at_ = scanned_ = fields_ = hosts_ = content_types_ = 0;
    authority_ = host_ = {};
    has_absolute_form_ = has_request_line_ = skipped_a_line_ = false;
    fault_.reset();
}

head_check::state head_check::refuse(problem what)
{
    fault_ = std::move(what);
    return state::refused;
}

head_check::state head_check::malformed(char const* sentence)
{
    return refuse(problem("malformed-request", sentence));
}

head_check::state head_check::look(std::string_view bytes)
{
    for (;;) {
        auto const feed = bytes.find('\n', scanned_);
        auto const end = std::min(feed, bytes.size());
        if (!has_request_line_ && end - line_at_ > limits_.url_bytes + line_extra_bytes)
            return refuse(problem("url-too-long"));
        if (end > limits_.head_bytes)
            return refuse(problem("header-too-large"));
        if (feed == std::string_view::npos) {
            scanned_ = bytes.size();
            // Something else than HTTP (a TLS hello, say) would else be waited for.
            if (!has_request_line_ && bytes.size() > line_at_ && bytes[line_at_] != '\r' &&
                !is_all(bytes.substr(line_at_, 1), token_byte))
                return malformed("this is not HTTP");
            return state::incomplete;
        }
        auto const result = look_at_line(bytes, feed);
        line_at_ = scanned_ = feed + 1;
        if (result != state::incomplete)
            return result;
    }
}

head_check::state head_check::look_at_line(std::string_view bytes, std::size_t end)
{
    auto line = bytes.substr(line_at_, end - line_at_);
    if (line.empty() || line.back() != '\r')
        return malformed("a line ends with LF alone");
    line.remove_suffix(1);
    if (!has_request_line_) {
        if (line.empty() && !std::exchange(skipped_a_line_, true))
            return state::incomplete;
        has_request_line_ = true;
        return look_at_request_line(bytes, line);
    }
    if (line.empty())
        return finish(bytes);
    if (++fields_ > limits_.header_fields)
        return refuse(problem("header-too-large", "there are too many header fields"));
    return look_at_field(bytes, line);
}

head_check::state head_check::look_at_request_line(std::string_view bytes, std::string_view line)
{
    auto const first = line.find(' ');
    auto const last = line.rfind(' ');
    if (first == std::string_view::npos || first == last)
        return malformed("the request line is not 'METHOD TARGET HTTP/1.1'");
    auto const method = line.substr(0, first);
    auto const target = line.substr(first + 1, last - first - 1);
    auto const version = line.substr(last + 1);
    if (method.empty() || !is_all(method, token_byte))
        return malformed("the method is not a token");
    if (target.size() > limits_.url_bytes)
        return refuse(problem("url-too-long"));
    facts_.method = range_of(method, bytes);
    if (version == "HTTP/1.0")
        facts_.is_http_1_0 = true;
    else if (version.size() == 8 && version.starts_with("HTTP/") && version[6] == '.' &&
             version != "HTTP/1.1")
        return refuse(problem("version-not-supported"));
    else if (version != "HTTP/1.1")
        return malformed("the request line does not end with HTTP/1.1");
    return look_at_target(bytes, target);
}

head_check::state head_check::look_at_target(std::string_view bytes, std::string_view target)
{
    if (target == "*") {
        facts_.path = range_of(target, bytes);
        return bytes.substr(facts_.method.at, facts_.method.size) == "OPTIONS"
                   ? state::incomplete
                   : malformed("only OPTIONS can have the target *");
    }
    for (std::string_view const scheme : {"http://", "https://"}) {
        if (target.size() <= scheme.size() ||
            !equals_ignoring_case(target.substr(0, scheme.size()), scheme))
            continue;
        auto const slash = target.find('/', scheme.size());
        if (slash == std::string_view::npos)
            return malformed("the target has no path");
        has_absolute_form_ = true;
        authority_ = range_of(target.substr(scheme.size(), slash - scheme.size()), bytes);
        target.remove_prefix(slash);
        break;
    }
    if (target.empty() || target.front() != '/')
        return malformed("the target does not begin with a slash");
    if (!is_all(target, target_byte))
        return malformed("the target has characters that must be percent-encoded");
    auto const mark = target.find('?');
    facts_.path = range_of(target.substr(0, mark), bytes);
    if (mark != std::string_view::npos)
        facts_.query = range_of(target.substr(mark + 1), bytes);
    return state::incomplete;
}

head_check::state head_check::look_at_field(std::string_view bytes, std::string_view line)
{
    if (line.front() == ' ' || line.front() == '\t')
        return malformed("a header field is folded over two lines");
    auto const colon = line.find(':');
    if (colon == std::string_view::npos)
        return malformed("a header field has no colon");
    auto const name = line.substr(0, colon);
    if (name.empty() || !is_all(name, token_byte))
        return malformed("the name of a header field is not a token");
    auto const value = trimmed(line.substr(colon + 1));
    if (!is_all(value, value_byte))
        return malformed("the value of a header field has control characters");
    return look_at_known_field(bytes, name, value);
}

head_check::state head_check::look_at_known_field(std::string_view bytes,
                                                  std::string_view name,
                                                  std::string_view value)
{
    auto const is = [&](std::string_view known) { return equals_ignoring_case(name, known); };
    switch (name.size()) {
    case 4:
        if (is("host")) {
            if (++hosts_ > 1)
                return malformed("there is more than one Host");
            if (!is_all(value, host_byte))
                return malformed("the Host has characters that no host has");
            host_ = value.empty() ? head_range{} : range_of(value, bytes);
        }
        break;
    case 6:
        if (is("expect") && !facts_.is_http_1_0) {
            if (!equals_ignoring_case(value, "100-continue"))
                return refuse(problem("expectation-failed"));
            facts_.expects_continue = true;
        }
        break;
    case 10:
        if (is("connection"))
            for_each_element(value, [&](std::string_view option) {
                facts_.wants_close = facts_.wants_close || equals_ignoring_case(option, "close");
            });
        break;
    case 12:
        if (is("content-type") && ++content_types_ > 1)
            return malformed("there is more than one Content-Type");
        break;
    case 14:
        if (is("content-length"))
            return look_at_content_length(value);
        break;
    case 17:
        if (is("transfer-encoding")) {
            if (facts_.is_chunked || !equals_ignoring_case(value, "chunked"))
                return malformed("the only Transfer-Encoding known is chunked, once");
            facts_.is_chunked = true;
        }
        break;
    default: break;
    }
    return state::incomplete;
}

head_check::state head_check::look_at_content_length(std::string_view value)
{
    if (facts_.content_length)
        return malformed("there is more than one Content-Length");
    std::uint64_t length = 0;
    auto const* const end = value.data() + value.size();
    auto const [read_to, failure] = std::from_chars(value.data(), end, length);
    if (value.empty() || failure != std::errc{} || read_to != end)
        return malformed("the Content-Length is not a number");
    facts_.content_length = length;
    return state::incomplete;
}

head_check::state head_check::finish(std::string_view bytes)
{
    if (facts_.is_chunked && facts_.content_length)
        return malformed("there is both a Content-Length and a Transfer-Encoding");
    if (facts_.is_chunked && facts_.is_http_1_0)
        return malformed("HTTP/1.0 has no Transfer-Encoding");
    if (hosts_ == 0 && !facts_.is_http_1_0)
        return malformed("there is no Host");
    if (has_absolute_form_ && hosts_ == 1 &&
        !equals_ignoring_case(bytes.substr(authority_.at, authority_.size),
                              bytes.substr(host_.at, host_.size)))
        return malformed("the target's authority is not the Host");
    facts_.wants_close = facts_.wants_close || facts_.is_http_1_0;
    return state::complete;
}

}  // namespace tiebreak::service::http
