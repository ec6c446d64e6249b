// Interleaved pairs: the same work two ways, in turn, so that a machine whose speed drifts slows
// both alike. What is reported is the median of the pairs' ratios, with its spread.
#pragma once

#include <cstdint>
#include <functional>
#include <iosfwd>
#include <string>
#include <vector>

namespace bench {

struct options {
    int pairs = 101;      ///< at least 15
    double slice_ms = 5;  ///< about how long one side of a pair runs
    std::string json{};   ///< append results to this file; empty: none
    std::string only{};   ///< run names that contain this
};

struct result {
    std::string name;
    std::string engine;
    double bare_us = 0;      ///< median, for one operation
    double tiebreak_us = 0;  ///< median, for one operation
    double ratio = 0;        ///< median of the pairs' ratios
    double ratio_low = 0;    ///< 10th percentile of the ratios
    double ratio_high = 0;   ///< 90th percentile
    int pairs = 0;
    int bare_round_trips = 0;
    int tiebreak_round_trips = 0;
    double flush_us = 0;  ///< what a commit waited for the disk; 0 in memory
    double target = 0;    ///< the most that the ratio may be; 0: none
};

/// How a result stands to its target.
enum class standing : std::uint8_t {
    no_target,
    met,      ///< by the median
    unclear,  ///< the target lies between the 10th percentile and the median: noise can do that
    missed,   ///< not even one pair in ten was as fast as it should be
};

[[nodiscard]] standing standing_of(result const& one) noexcept;

/// Names in one line those that missed their target; nothing when none has. The exit code that
/// follows: 0, or 1 when one has.
[[nodiscard]] int judge(std::vector<result> const& all, std::ostream& to);

/// Runs `bare(n)` and `ours(n)` in turn; each does its operation n times. Before that, once each to
/// count round trips.
[[nodiscard]] result compare(std::string name,
                             std::string engine,
                             options const& how,
                             std::function<void(int)> const& bare,
                             std::function<void(int)> const& ours);

void print_heading();
void print(result const& one);

/// Writes `bench.json`: adds the results to those of the same file with other names or engines.
void write_json(std::string const& file, double flush_us, std::vector<result> const& results);

/// Median time of an fdatasync after a small write, in a folder (else the one for temporary files),
/// in µs.
[[nodiscard]] double flush_cost_us(std::string const& folder = {});

/// How much longer `timed` takes, in µs, after `before(true)` than after `before(false)`: the
/// median of many pairs, at least 0.
[[nodiscard]] double difference_us(std::function<void(bool)> const& before,
                                   std::function<void()> const& timed);

[[nodiscard]] double median(std::vector<double> values);

}  // namespace bench
