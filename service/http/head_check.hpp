/// \file
/// Looks at the raw bytes of a request's head, line by line as they arrive, and refuses every form
/// that two parsers could read differently. Pure: no I/O, no Beast.
///
/// Refused although Beast lets it pass: folded fields, a missing or repeated Host, repeated or
/// listed Content-Length even when equal, Transfer-Encoding other than exactly "chunked", targets
/// with characters that are in no URI. Refused by both: bare LF or CR, space before the colon,
/// Content-Length with Transfer-Encoding, control characters.
///
/// Accepted: one empty line before the request line; HTTP/1.0 (a proxy's default), which is
/// answered and closed; the absolute form of a target when its authority is the Host.
#pragma once

#include "service/http/limits.hpp"
#include "service/http/problem.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace tiebreak::service::http {

/// A part of the head, by place: the memory may move while the head arrives.
struct head_range {
    std::size_t at = 0;
    std::size_t size = 0;
};

/// What the head says about the rest of the request.
struct head_facts {
    head_range method{};
    head_range path{};   ///< "*" or with a leading slash
    head_range query{};  ///< without the question mark
    bool is_http_1_0 = false;
    bool is_chunked = false;
    bool expects_continue = false;
    bool wants_close = false;
    std::optional<std::uint64_t> content_length{};

    [[nodiscard]] bool has_body() const noexcept
    {
        return is_chunked || content_length.value_or(0) > 0;
    }
};

/// One head. `reset` before the next.
class head_check {
public:
    enum class state : std::uint8_t { incomplete, complete, refused };

    explicit head_check(limits const& of) noexcept : limits_(of) {}

    /// Looks at what arrived since the last call. \param bytes  all of the request so far
    [[nodiscard]] state look(std::string_view bytes);

    /// Bytes of the head with its last empty line, once complete.
    [[nodiscard]] std::size_t size() const noexcept { return line_at_; }

    /// Once complete.
    [[nodiscard]] head_facts const& facts() const noexcept { return facts_; }

    /// Once refused.
    [[nodiscard]] problem const& fault() const noexcept { return *fault_; }

    /// A new request begins.
    void reset() noexcept;

private:
    state look_at_line(std::string_view bytes, std::size_t end);
    state look_at_request_line(std::string_view bytes, std::string_view line);
    state look_at_target(std::string_view bytes, std::string_view target);
    state look_at_field(std::string_view bytes, std::string_view line);
    state
    look_at_known_field(std::string_view bytes, std::string_view name, std::string_view value);
    state look_at_content_length(std::string_view value);
    state finish(std::string_view bytes);
    state refuse(problem what);
    state malformed(char const* sentence);

    limits const& limits_;
    head_facts facts_{};
    std::size_t line_at_ = 0;  // where the line that is still arriving begins
    std::size_t scanned_ = 0;  // up to here there is no line feed in it
    std::size_t fields_ = 0;
    std::size_t hosts_ = 0;
    std::size_t content_types_ = 0;
    head_range authority_{};  // of an absolute form
    head_range host_{};
    bool has_absolute_form_ = false;
    bool has_request_line_ = false;
    bool skipped_a_line_ = false;
    std::optional<problem> fault_{};
};

}  // namespace tiebreak::service::http
