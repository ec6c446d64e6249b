/// \file
/// One structured line a request: moment, method, route pattern, status, bytes, milliseconds,
/// request id, tenant, peer. Never the URL, a query, a header, a body, a token. Values are quoted
/// and escaped, so nothing a client sends can look like another line or field.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

namespace tiebreak::service::http {

/// What one line says. Borrowed for the call.
struct access_record {
    std::string_view method{};
    std::string_view route{};  ///< the pattern; empty: none matched
    int status = 0;
    std::size_t bytes = 0;  ///< of the body as sent
    std::chrono::nanoseconds took{0};
    std::string_view request_id{};
    std::string_view tenant{};
    std::string_view peer{};
};

/// Appends the line of a record, with its line feed.
void append_line(std::string& to,
                 access_record const& of,
                 std::chrono::system_clock::time_point when);

/// Writes the lines from a thread of its own, so that a slow disk or pipe keeps no request waiting.
/// What it cannot get rid of in time it drops, counts, and says so in a line. Thread-safe.
class access_log {
public:
    /// \param descriptor  is not closed; -1: writes nothing
    explicit access_log(int descriptor);
    access_log(access_log const&) = delete;
    access_log& operator=(access_log const&) = delete;
    /// Writes what is left.
    ~access_log();

    void add(access_record const& of) noexcept;

private:
    void write_on();

    int const descriptor_;
    std::atomic<bool> is_on_;
    std::mutex mutex_{};
    std::condition_variable wake_{};
    std::string pending_{};
    std::uint64_t dropped_ = 0;
    bool stopping_ = false;
    std::thread writer_{};
};

}  // namespace tiebreak::service::http
