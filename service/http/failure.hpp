/// \file
/// What an exception becomes: one table from `errc` to a problem. Nobody else classifies errors in
/// catch clauses.
#pragma once

#include <tiebreak/error.hpp>

#include "service/http/problem.hpp"

#include <exception>

namespace tiebreak::service::http {

/// The problem an error of the library is answered with. Its `what()` is the detail, except for
/// those that are no business of the client's; what the engine said never is.
[[nodiscard]] problem problem_of(error const& failure);

/// The problem for whatever a handler threw: `refusal` is its own, `error` by the table,
/// everything else `internal-error`. Never throws what it was given.
[[nodiscard]] problem problem_of(std::exception_ptr const& thrown) noexcept;

}  // namespace tiebreak::service::http
