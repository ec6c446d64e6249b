// What is claimed of the orders of a case: a sentence, and whether it is true of what came of one.
#pragma once

#include "session.hpp"
#include "world.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace tiebreak::test {

// What came of one order.
struct order_result {
    std::vector<session_outcome> sessions{};
    world after{};
    int held_up = 0;  // steps that had to wait for another session

    [[nodiscard]] std::int64_t winners() const noexcept;
    [[nodiscard]] bool all_won() const noexcept;
    // Throws when there is no such session.
    [[nodiscard]] session_outcome const& of(std::string_view name) const;
};

struct claim {
    std::string says;
    std::function<bool(order_result const&)> holds;
};

// Who fails, fails with one of these.
[[nodiscard]] claim failures_are(std::vector<errc> const& codes);

[[nodiscard]] claim so_many_win(std::int64_t number);

inline constexpr std::int64_t start_balance = 10;  // of an account in most cases

// Balance and version have grown by the number of winners.
extern claim const every_winner_counts;

extern claim const somebody_wins;
extern claim const one_loses;  // of two
extern claim const all_win;
extern claim const nobody_waits;
extern claim const somebody_waits;
extern claim const somebody_is_aborted;  // by a deadlock, below repeatable_read

}  // namespace tiebreak::test
