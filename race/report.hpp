// The three faces of a finished race: a table for a terminal, JSON for programs, HTML for anybody.
#pragma once

#include "race/result.hpp"

#include <cstddef>
#include <string>

namespace tiebreak::race {

/// What the terminal can show.
struct table_style {
    bool colour = false;        ///< with ANSI colours
    std::size_t width_max = 0;  ///< columns of characters; 0: any
};

/// The table, ending in a line feed.
[[nodiscard]] std::string to_table(race_report const& report, table_style style);

/// One JSON object, ending in a line feed.
[[nodiscard]] std::string to_json(race_report const& report);

/// One self-contained HTML file: it loads nothing, so it opens anywhere.
[[nodiscard]] std::string to_html(race_report const& report);

}  // namespace tiebreak::race
