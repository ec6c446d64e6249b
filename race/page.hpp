// The texts that are built into the program: the report's page, and Chart.js.
#pragma once

#include <string_view>

namespace tiebreak::race {

/// report.html, with /*@chart.js@*/ and /*@data@*/ where those belong.
[[nodiscard]] std::string_view page_text() noexcept;

[[nodiscard]] std::string_view chart_js_text() noexcept;

}  // namespace tiebreak::race
