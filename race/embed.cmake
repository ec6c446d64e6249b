# Writes a C++ source that holds the report's page and Chart.js, so that the program needs neither
# file: cmake -DOUTPUT=… -DPAGE=report.html -DCHART_JS=chart.min.js -P embed.cmake.
# Run at build time by CMakeLists.txt.
file(READ ${PAGE} page)
file(READ ${CHART_JS} chart_js)
foreach(text IN ITEMS page chart_js)
  if("${${text}}" MATCHES "\\)embedded\"")
    message(FATAL_ERROR "${text}: contains the end of a raw literal")
  endif()
endforeach()
file(WRITE ${OUTPUT} "// Made by embed.cmake.
#include \"race/page.hpp\"

namespace tiebreak::race {

std::string_view page_text() noexcept { return R\"embedded(${page})embedded\"; }

std::string_view chart_js_text() noexcept { return R\"embedded(${chart_js})embedded\"; }

}  // namespace tiebreak::race
")
