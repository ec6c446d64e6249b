// Text in columns for a terminal: aligned, tinted, and as wide as the terminal allows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace tiebreak::race {

enum class tint : std::uint8_t { none, good, bad, warning, faint, strong };

/// The text in ANSI colours, if they are wanted.
[[nodiscard]] std::string painted(std::string const& text, tint colour, bool enabled);

struct cell {
    std::string text{};
    tint colour = tint::none;
};

struct column {
    std::string heading{};
    bool right = false;   ///< numbers stand right
    bool shown = true;    ///< false: nothing to tell
    int dispensable = 0;  ///< 0: always shown; the highest goes first when it gets narrow
};

/// Every row has a cell for each column, shown or not.
struct grid {
    std::vector<column> columns{};
    std::vector<std::vector<cell>> rows{};
};

/// Hides dispensable columns until the grid fits, or none is left to hide; answers whether any was
/// hidden. `width_max` 0: any width fits.
bool fit(grid& what, std::size_t width_max);

/// Lines, each ending in a line feed.
[[nodiscard]] std::string laid_out(grid const& what, bool colour);

}  // namespace tiebreak::race
