/// \file
/// Files of this folder as they were when the program was built. Each function is defined in a
/// source made by embed.cmake.
#pragma once

#include <string_view>

namespace tiebreak::service::api {

[[nodiscard]] std::string_view openapi_json() noexcept;
[[nodiscard]] std::string_view page_html() noexcept;
[[nodiscard]] std::string_view page_css() noexcept;
[[nodiscard]] std::string_view page_js() noexcept;

}  // namespace tiebreak::service::api
