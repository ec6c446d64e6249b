/// \file
/// What a request's head leads to, before a byte of its body is read: a route, or an answer that
/// needs no handler.
#pragma once

#include "service/http/head_check.hpp"
#include "service/http/limits.hpp"
#include "service/http/request.hpp"
#include "service/http/response.hpp"
#include "service/http/router.hpp"

#include <cstddef>
#include <optional>
#include <string_view>

namespace tiebreak::service::http {

/// Exactly one of `found` and `instead` is there.
struct judgement {
    route const* found = nullptr;
    /// OPTIONS, or a problem: nothing here, not this method, not this body.
    std::optional<response> instead{};
    std::size_t body_bytes_max = 0;  ///< what the route reads at most
};

/// Judges a head and fills in what the request has of its route: method, pattern, parameters.
/// \param method  as sent
[[nodiscard]] judgement judge(router const& routes,
                              limits const& within,
                              std::string_view method,
                              head_facts const& facts,
                              request& asked);

}  // namespace tiebreak::service::http
