/// \file
/// Running a handler so that whatever it throws becomes an answer.
#pragma once

#include "service/http/router.hpp"

namespace tiebreak::service::http {

/// Runs the route's handler. What it throws is answered by failure.hpp; what is nobody's fault but
/// ours is logged with the request's id.
[[nodiscard]] response run_handler(route const& of, request& asked) noexcept;

}  // namespace tiebreak::service::http
