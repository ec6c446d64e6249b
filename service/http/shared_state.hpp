/// \file
/// What all connections of a server look at.
#pragma once

#include "service/http/limits.hpp"
#include "service/http/peers.hpp"
#include "service/http/router.hpp"
#include "service/http/work_pool.hpp"

#include <atomic>
#include <cstddef>

namespace tiebreak::service::http {

/// Made before the first connection, gone after the last.
struct shared_state {
    shared_state(router routes_given, http::limits const& limits_given)
        : routes(std::move(routes_given)),
          limits(limits_given),
          known_peers(limits_given.connections_per_peer),
          workers(limits_given.work_threads, limits_given.work_queue)
    {
    }

    router const routes;
    http::limits const limits;
    peers known_peers;
    std::atomic<bool> is_draining{false};
    std::atomic<std::size_t> connections{0};  ///< those being served
    work_pool workers;                        ///< last: its jobs use what is above
};

}  // namespace tiebreak::service::http
