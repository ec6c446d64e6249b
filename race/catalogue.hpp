// Every strategy there is or will be, by scenario: what it is, when it is offered, and why not.
#pragma once

#include "race/options.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tiebreak::race {

/// What a strategy is raced for.
enum class strategy_kind : std::uint8_t {
    decides,  ///< must end the race without a loss
    control,  ///< negative control: must be seen to break something
};

/// One strategy of a scenario.
struct strategy {
    std::string_view name{};
    strategy_kind kind = strategy_kind::decides;
    std::string_view text{};  ///< what it does, for a reader who knows no database words
};

/// The strategies of this release, controls first, in the order in which they are raced.
[[nodiscard]] std::span<strategy const> strategies_of(scenario_kind scenario) noexcept;

/// Which of them take part. Throws `cannot_race` for a name that is unknown, comes with a later
/// release, or needs something that these options lack. Pure.
[[nodiscard]] std::vector<strategy> chosen(race_options const& options);

}  // namespace tiebreak::race
