/// \file
/// Which bodies a route reads.
#pragma once

#include "service/http/request.hpp"

#include <string>
#include <vector>

namespace tiebreak::service::http {

/// True when the request's Content-Type is one of these, in UTF-8 if it says a charset, and the
/// body has no content coding.
[[nodiscard]] bool accepts(std::vector<std::string> const& types, request const& asked) noexcept;

}  // namespace tiebreak::service::http
