// Series are made once and found again by number, so that counting is an atomic addition.
#include "service/http/metrics.hpp"

#include "service/http/availability.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <map>
#include <mutex>
#include <prometheus/counter.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>
#include <string_view>
#include <utility>

namespace tiebreak::service::http {

namespace {

using prometheus::Counter;
using prometheus::Family;
using prometheus::Histogram;
using prometheus::Registry;

constexpr std::size_t errc_count = 32;
constexpr std::size_t wait_count = 4;
constexpr std::size_t rejection_count = 8;
constexpr std::array<std::string_view, rejection_count> rejection_names{"queue_full",
                                                                        "waited_too_long",
                                                                        "connections_full",
                                                                        "peer_full",
                                                                        "malformed",
                                                                        "too_slow",
                                                                        "bodies_full",
                                                                        "database_away"};
constexpr std::array<std::string_view, 6> status_classes{"", "1xx", "2xx", "3xx", "4xx", "5xx"};

// From 100 µs, a read on this machine, to 10 s, the default deadline of a request.
Histogram::BucketBoundaries const& second_buckets()
{
    static Histogram::BucketBoundaries const bounds{0.0001,
                                                    0.00025,
                                                    0.0005,
                                                    0.001,
                                                    0.0025,
                                                    0.005,
                                                    0.01,
                                                    0.025,
                                                    0.05,
                                                    0.1,
                                                    0.25,
                                                    0.5,
                                                    1,
                                                    2.5,
                                                    5,
                                                    10};
    return bounds;
}

// A counter that exists from its first event on.
class lazy_counter {
public:
    void add(Family<Counter>& in, prometheus::Labels const& labels)
    {
        auto* known = counter_.load(std::memory_order_acquire);
        if (known == nullptr) {
            known = &in.Add(labels);  // the same object for the same labels
            counter_.store(known, std::memory_order_release);
        }
        known->Increment();
    }

private:
    std::atomic<Counter*> counter_{nullptr};
};

// What belongs to one route, or to what matched none.
struct route_series {
    std::string method;
    std::string route;
    Histogram* seconds = nullptr;
    std::array<lazy_counter, status_classes.size()> by_status{};
};

struct gauge {
    std::size_t number;
    std::string name;
    std::string help;
    std::function<double()> read;
};

Family<Counter>& counters_in(Registry& registry, char const* name, char const* help)
{
    return prometheus::BuildCounter().Name(name).Help(help).Register(registry);
}

Family<Histogram>& histograms_in(Registry& registry, char const* name, char const* help)
{
    return prometheus::BuildHistogram().Name(name).Help(help).Register(registry);
}

}  // namespace

struct metrics::content {
    availability* database = nullptr;
    Registry registry{};
    Family<Counter>& requests =
        counters_in(registry, "tiebreak_http_requests_total", "Requests answered");
    Family<Histogram>& seconds =
        histograms_in(registry,
                      "tiebreak_http_request_seconds",
                      "From the end of a request's head to the end of its answer");
    Family<Counter>& rejections =
        counters_in(registry, "tiebreak_http_rejected_total", "Who was not served, and why");
    Counter& attempts =
        counters_in(registry, "tiebreak_attempts_total", "Runs of units of work").Add({});
    Counter& commits =
        counters_in(registry, "tiebreak_commits_total", "Units of work that committed").Add({});
    Family<Counter>& conflicts =
        counters_in(registry, "tiebreak_conflicts_total", "Rows that were not as expected");
    Family<Counter>& retries =
        counters_in(registry, "tiebreak_retries_total", "Runs of units of work beside the first");
    Family<Counter>& failures =
        counters_in(registry, "tiebreak_failures_total", "Units of work that gave up");
    Family<Histogram>& waits =
        histograms_in(registry, "tiebreak_wait_seconds", "Waits of units of work");
    Family<Counter>& resolved = counters_in(registry,
                                            "tiebreak_commits_resolved_total",
                                            "Lost answers to COMMIT whose outcome was found out");

    std::vector<std::unique_ptr<route_series>> routes{};  // by number; the last: no route
    std::array<lazy_counter, errc_count> retries_by_cause{};
    std::array<lazy_counter, errc_count> failures_by_cause{};
    std::array<lazy_counter, rejection_count> rejections_by_reason{};
    std::array<lazy_counter, 2> resolved_by_fate{};
    std::array<Histogram*, wait_count> waits_by_kind{};

    std::mutex entities_mutex{};
    std::map<std::string, Counter*, std::less<>> conflicts_by_entity{};

    mutable std::mutex gauges_mutex{};
    std::vector<gauge> gauges{};
    std::size_t gauges_made = 0;

    std::atomic<std::int64_t> request_count{0};
    std::atomic<std::int64_t> conflict_count{0};
    std::atomic<std::int64_t> retry_count{0};
    std::atomic<std::int64_t> commit_count{0};
    std::atomic<std::int64_t> rejected_count{0};
};

metrics::metrics(availability* of) : content_(std::make_unique<content>())
{
    content_->database = of;
    for (std::size_t i = 0; i < wait_count; ++i)
        content_->waits_by_kind[i] = &content_->waits.Add(
            {{"kind", std::string{name_of(static_cast<wait_kind>(i))}}}, second_buckets());
    expect({});
}

metrics::~metrics() = default;

void metrics::attempt_started(int) noexcept
{
    content_->attempts.Increment();
}

void metrics::committed(int) noexcept
{
    content_->commits.Increment();
    if (content_->database != nullptr)
        content_->database->reached();
    ++content_->commit_count;
}

void metrics::conflicted(conflict const& what) noexcept
try {
    ++content_->conflict_count;
    Counter* counter = nullptr;
    {
        std::scoped_lock const hold(content_->entities_mutex);
        auto& known = content_->conflicts_by_entity[what.entity];
        if (known == nullptr)
            known = &content_->conflicts.Add({{"entity", what.entity}});
        counter = known;
    }
    counter->Increment();

} catch (std::bad_alloc const&) {
    return;  // the sum is still right
}

void metrics::retried(errc why, int) noexcept
try {
    ++content_->retry_count;
    if (content_->database != nullptr && why == errc::unavailable)
        content_->database->lost();
    content_->retries_by_cause.at(static_cast<std::size_t>(why))
        .add(content_->retries, {{"cause", std::string{name_of(why)}}});

} catch (std::exception const&) {
    return;
}

void metrics::waited(wait_kind kind, std::chrono::microseconds how_long) noexcept
{
    auto const at = static_cast<std::size_t>(kind);
    if (at < wait_count)
        content_->waits_by_kind[at]->Observe(std::chrono::duration<double>(how_long).count());
}

void metrics::gave_up(errc why, int) noexcept
try {
    content_->failures_by_cause.at(static_cast<std::size_t>(why))
        .add(content_->failures, {{"cause", std::string{name_of(why)}}});

} catch (std::exception const&) {
    return;
}

void metrics::resolved(bool was_committed) noexcept
try {
    content_->resolved_by_fate[was_committed ? 1 : 0].add(
        content_->resolved, {{"fate", was_committed ? "committed" : "never"}});

} catch (std::exception const&) {
    return;
}

void metrics::expect(std::vector<route> const& routes)
{
    auto const add = [&](std::string method, std::string pattern) {
        auto made = std::make_unique<route_series>();
        made->seconds =
            &content_->seconds.Add({{"method", method}, {"route", pattern}}, second_buckets());
        made->method = std::move(method);
        made->route = std::move(pattern);
        content_->routes.push_back(std::move(made));
    };
    content_->routes.clear();
    for (auto const& one : routes)
        add(std::string{name_of(one.method)}, one.pattern);
    add("other", "none");
}

void metrics::answered(route const* of, int status, std::chrono::nanoseconds took) noexcept
try {
    ++content_->request_count;
    auto const last = content_->routes.size() - 1;
    auto& series = *content_->routes[of == nullptr ? last : std::min(of->number, last)];
    auto const in_class = static_cast<std::size_t>(status / 100) % status_classes.size();
    series.seconds->Observe(std::chrono::duration<double>(took).count());
    series.by_status[in_class].add(content_->requests,
                                   {{"method", series.method},
                                    {"route", series.route},
                                    {"status", std::string{status_classes[in_class]}}});

} catch (std::exception const&) {
    return;
}

void metrics::rejected(rejection why) noexcept
try {
    ++content_->rejected_count;
    auto const at = static_cast<std::size_t>(why);
    content_->rejections_by_reason.at(at).add(content_->rejections,
                                              {{"reason", std::string{rejection_names.at(at)}}});

} catch (std::exception const&) {
    return;
}

std::size_t metrics::add_gauge(std::string name, std::string help, std::function<double()> read)
{
    std::scoped_lock const hold(content_->gauges_mutex);
    auto const number = content_->gauges_made++;
    content_->gauges.push_back({.number = number,
                                .name = std::move(name),
                                .help = std::move(help),
                                .read = std::move(read)});
    return number;
}

void metrics::remove_gauge(std::size_t number) noexcept
{
    std::scoped_lock const hold(content_->gauges_mutex);
    std::erase_if(content_->gauges, [&](auto const& one) { return one.number == number; });
}

double metrics::read_gauge(std::string_view name) const
{
    std::scoped_lock const hold(content_->gauges_mutex);
    for (auto const& one : content_->gauges)
        if (one.name == name)
            return one.read();
    return 0;
}

std::string metrics::text() const
{
    auto families = content_->registry.Collect();
    {
        std::scoped_lock const hold(content_->gauges_mutex);
        for (auto const& one : content_->gauges) {
            prometheus::MetricFamily family;
            family.name = one.name;
            family.help = one.help;
            family.type = prometheus::MetricType::Gauge;
            prometheus::ClientMetric value;
            value.gauge.value = one.read();
            family.metric.push_back(value);
            families.push_back(std::move(family));
        }
    }
    return prometheus::TextSerializer{}.Serialize(families);
}

totals metrics::sums() const noexcept
{
    return {.requests = content_->request_count,
            .conflicts = content_->conflict_count,
            .retries = content_->retry_count,
            .commits = content_->commit_count,
            .rejected = content_->rejected_count};
}

}  // namespace tiebreak::service::http
