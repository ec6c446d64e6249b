/// \file
/// What the service counts, as Prometheus text: requests, what the library reports of its units of
/// work, and gauges that are read when somebody asks.
///
/// | name                                | labels                | counts                       |
/// |-------------------------------------|-----------------------|------------------------------|
/// | `tiebreak_http_requests_total`      | method, route, status | answers; status "2xx" …      |
/// | `tiebreak_http_request_seconds`     | method, route         | head read to answer written  |
/// | `tiebreak_http_rejected_total`      | reason                | see `rejection`              |
/// | `tiebreak_attempts_total`           |                       | runs of units of work        |
/// | `tiebreak_commits_total`            |                       | units that committed         |
/// | `tiebreak_conflicts_total`          | entity                | checks that failed           |
/// | `tiebreak_retries_total`            | cause                 | runs beside the first        |
/// | `tiebreak_failures_total`           | cause                 | series without success       |
/// | `tiebreak_wait_seconds`             | kind                  | connection, turn, pause      |
/// | `tiebreak_commits_resolved_total`   | fate                  | lost answers found out       |
#pragma once

#include <tiebreak/observer.hpp>

#include "service/http/router.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace tiebreak::service::http {

class availability;

/// Why somebody was not served.
enum class rejection : std::uint8_t {
    queue_full,        ///< 503: too many requests wait for a work thread
    waited_too_long,   ///< 503: the deadline passed in the queue
    connections_full,  ///< 503 or closed: too many connections
    peer_full,         ///< closed: too many connections of one address
    malformed,         ///< 4xx and closed: the framing or a limit of the head
    too_slow,          ///< 408 or closed
    bodies_full,       ///< 503: too many bodies at once
    database_away,     ///< 503: not tried, see availability.hpp
};

/// A few sums for people.
struct totals {
    std::int64_t requests = 0;
    std::int64_t conflicts = 0;
    std::int64_t retries = 0;
    std::int64_t commits = 0;
    std::int64_t rejected = 0;
};

/// Counts for one process; give it to the database as its observer and to the server. Thread-safe.
/// Must outlive both.
class metrics final : public observer {
public:
    /// \param of  is told when units of work find the database there or away; may be null
    explicit metrics(availability* of = nullptr);
    ~metrics() override;

    void attempt_started(int number) noexcept override;
    void committed(int attempts) noexcept override;
    void conflicted(conflict const& what) noexcept override;
    void retried(errc why, int attempts_so_far) noexcept override;
    void waited(wait_kind kind, std::chrono::microseconds how_long) noexcept override;
    void gave_up(errc why, int attempts) noexcept override;
    void resolved(bool was_committed) noexcept override;

    /// Makes the series of these routes. Called by the server before it serves.
    void expect(std::vector<route> const& routes);
    /// A request was answered. \param of  null: it matched no route
    void answered(route const* of, int status, std::chrono::nanoseconds took) noexcept;
    void rejected(rejection why) noexcept;

    /// A number that is read for each scrape, until `remove_gauge`. `read` is called from any
    /// thread, must be quick and not throw.
    std::size_t add_gauge(std::string name, std::string help, std::function<double()> read);
    void remove_gauge(std::size_t number) noexcept;

    /// What the gauge of this name says now; 0 when there is none.
    [[nodiscard]] double read_gauge(std::string_view name) const;

    /// Everything, in the text format 0.0.4.
    [[nodiscard]] std::string text() const;
    [[nodiscard]] totals sums() const noexcept;

private:
    struct content;
    std::unique_ptr<content> content_;
};

/// The media type of `metrics::text`.
inline constexpr std::string_view metrics_type = "text/plain; version=0.0.4; charset=utf-8";

}  // namespace tiebreak::service::http
