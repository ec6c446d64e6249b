// The three faces of a finished race: a table for a terminal, JSON for programs, HTML for anybody.
#pragma once

#include "race/result.hpp"

#include <string>

namespace tiebreak::race {

/// The table, ending in a line feed.
/// \param colour  with ANSI colours
[[nodiscard]] std::string to_table(race_report const& report, bool colour);

/// One JSON object, ending in a line feed.
[[nodiscard]] std::string to_json(race_report const& report);

/// One self-contained HTML file: it loads nothing, so it opens anywhere.
[[nodiscard]] std::string to_html(race_report const& report);

}  // namespace tiebreak::race
