// Both sides of a benchmark on one engine: a bare client with its table, and the library with its
// own beside it, the same rows in both.
#pragma once

#include <tiebreak/database.hpp>

#include "bench/baseline/client.hpp"
#include "bench/micro/coupon.hpp"

#include <memory>
#include <span>
#include <string>
#include <vector>

namespace bench {

/// The name that the library and `bench.json` use.
enum class engine : std::uint8_t { sqlite, postgresql, mariadb };

class contest {
public:
    /// `url`: of a server, or empty for SQLite in memory. On a server it makes tables named
    /// `tiebreak_bench_…` and fails where they exist. Throws tiebreak::error and baseline::failure.
    explicit contest(std::string const& url);
    contest(contest const&) = delete;
    contest& operator=(contest const&) = delete;
    ~contest();

    [[nodiscard]] tiebreak::database& library() noexcept { return *library_; }

    [[nodiscard]] baseline::client& bare() noexcept { return *bare_; }

    [[nodiscard]] engine on() const noexcept { return on_; }

    /// Of a row, counted from 0 and round and round.
    [[nodiscard]] std::string const& code(int number) const
    {
        return codes_[static_cast<std::size_t>(number) % codes_.size()];
    }

    /// A code that no row has.
    [[nodiscard]] std::string new_code();
    void remove_inserted();

private:
    engine on_;
    std::unique_ptr<tiebreak::database> library_;
    std::unique_ptr<baseline::client> bare_;
    std::vector<std::string> codes_;
    std::int64_t last_ = 0;
};

/// One line of the table: the same work on both sides.
struct benchmark {
    char const* name;
    double target[3];  ///< the most that the ratio may be, by engine; 0: none; below 0: not run
    void (*bare)(contest&, int times);
    void (*library)(contest&, int times);
};

/// The first is the headline.
[[nodiscard]] std::span<benchmark const> benchmarks() noexcept;

}  // namespace bench
