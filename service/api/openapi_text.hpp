/// \file
/// openapi.json of this folder as it was when the program was built.
#pragma once

#include <string_view>

namespace tiebreak::service::api {

/// Defined in a source made by embed.cmake.
[[nodiscard]] std::string_view openapi_text() noexcept;

}  // namespace tiebreak::service::api
