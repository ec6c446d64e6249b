#include "service/http/limits.hpp"

#include <stdexcept>
#include <string>

namespace tiebreak::service::http {

namespace {

void require(char const* name, std::size_t is, std::size_t least, std::size_t most)
{
    if (is < least || is > most)
        throw std::invalid_argument(std::string{name} + " must be " + std::to_string(least) +
                                    " to " + std::to_string(most) + ", not " + std::to_string(is));
}

void require(char const* name, std::chrono::milliseconds is, long least_ms, long most_ms)
{
    if (is.count() < least_ms || is.count() > most_ms)
        throw std::invalid_argument(std::string{name} + " must be " + std::to_string(least_ms) +
                                    " to " + std::to_string(most_ms) + " ms, not " +
                                    std::to_string(is.count()));
}

}  // namespace

void validate(limits const& of)
{
    constexpr std::size_t kib = 1024;
    constexpr std::size_t million = 1'000'000;
    constexpr long hour = 3'600'000;
    require("head_bytes", of.head_bytes, kib, kib * kib);
    require("header_fields", of.header_fields, 8, 1'000);
    require("url_bytes", of.url_bytes, 128, of.head_bytes);
    require("body_bytes", of.body_bytes, kib, kib * kib * kib);
    require("body_bytes_total", of.body_bytes_total, of.body_bytes, kib * kib * kib * kib);
    require("chunk_extra_bytes", of.chunk_extra_bytes, 0, 64 * kib);
    require("json_depth", of.json_depth, 1, 1'000);
    require("json_values", of.json_values, 16, 10 * million);
    require("head_time", of.head_time, 100, 600'000);
    require("body_time", of.body_time, 100, hour);
    require("idle_time", of.idle_time, 100, hour);
    require("write_time", of.write_time, 100, hour);
    require("linger_time", of.linger_time, 0, 60'000);
    require("connections", of.connections, 1, million);
    require("connections_per_peer", of.connections_per_peer, 0, million);
    require("requests_per_connection", of.requests_per_connection, 1, static_cast<std::size_t>(-1));
    require("io_threads", of.io_threads, 0, 1'000);
    require("work_threads", of.work_threads, 1, 1'000);
    require("work_queue", of.work_queue, 0, million);
    require("request_time", of.request_time, 10, hour);
    require("drain_time", of.drain_time, 0, hour);
}

}  // namespace tiebreak::service::http
