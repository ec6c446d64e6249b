/// \file
/// Bytes in, requests out: a state machine without I/O. The head is checked strictly
/// (head_check.hpp), then Beast's parser takes it apart and decodes the body.
///
/// | state       | means                                     | what the caller does               |
/// |-------------|-------------------------------------------|------------------------------------|
/// | `idle`      | no byte of a request is here              | reads                              |
/// | `head`      | a head is arriving                        | reads, within `head_time`          |
/// | `head_done` | the head is whole, the body is not begun  | decides, `allow_body`, `advance`   |
/// | `body`      | the body is arriving                      | reads, within `body_time`          |
/// | `complete`  | the request is whole                      | answers, `forget`, `advance`       |
/// | `refused`   | it is no request we read: see `fault`     | answers and closes                 |
#pragma once

#include "service/http/head_check.hpp"
#include "service/http/limits.hpp"
#include "service/http/request.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tiebreak::service::http {

/// Reads the requests of one connection, one after the other.
class request_reader {
public:
    enum class state : std::uint8_t { idle, head, head_done, body, complete, refused };

    explicit request_reader(limits const& of);
    request_reader(request_reader const&) = delete;
    request_reader& operator=(request_reader const&) = delete;
    ~request_reader();

    /// Where the next bytes go; never empty.
    [[nodiscard]] std::span<char> room();

    /// So many bytes were put there.
    void received(std::size_t bytes) noexcept { end_ += bytes; }

    /// Goes as far as the bytes allow.
    [[nodiscard]] state advance();

    /// From `head_done`: method and path as they were sent, before anybody knows the route.
    [[nodiscard]] std::string_view method() const noexcept;

    [[nodiscard]] head_facts const& facts() const noexcept { return check_.facts(); }

    /// From `head_done` on; header fields point into this object.
    [[nodiscard]] request& current() noexcept { return request_; }

    /// In `head_done`: how large the body may be. Required before `advance` goes on.
    void allow_body(std::size_t bytes_max) noexcept { body_bytes_max_ = bytes_max; }

    /// Bytes of the body that are held.
    [[nodiscard]] std::size_t body_size() const noexcept { return body_.size(); }

    /// Why it was refused.
    [[nodiscard]] problem const& fault() const noexcept { return *fault_; }

    /// The request was answered: what came behind it is the next.
    void forget();

private:
    class message_parser;

    state read_head();
    state take_head();
    state read_body();
    state refuse(problem what);

    limits const& limits_;
    head_check check_;
    std::unique_ptr<message_parser> parser_;
    std::vector<char> bytes_;  // the head, then what was not yet taken from behind it
    std::size_t body_at_ = 0;  // the end of the head
    std::size_t end_ = 0;      // of what was received
    std::size_t body_bytes_max_ = 0;
    std::string body_{};
    request request_{};
    std::optional<problem> fault_{};
    state state_ = state::idle;
};

}  // namespace tiebreak::service::http
