/// \file
/// What all connections of a server look at.
#pragma once

#include "service/http/access_log.hpp"
#include "service/http/limits.hpp"
#include "service/http/metrics.hpp"
#include "service/http/peers.hpp"
#include "service/http/router.hpp"
#include "service/http/work_pool.hpp"

#include <atomic>
#include <cstddef>

namespace tiebreak::service::http {

/// Made before the first connection, gone after the last.
struct shared_state {
    shared_state(router routes_given,
                 http::limits const& limits_given,
                 http::metrics* counted_given,
                 int access_log)
        : routes(std::move(routes_given)),
          limits(limits_given),
          counted(counted_given),
          log(access_log),
          known_peers(limits_given.connections_per_peer),
          workers(limits_given.work_threads, limits_given.work_queue)
    {
    }

    void rejected(rejection why) const noexcept
    {
        if (counted != nullptr)
            counted->rejected(why);
    }

    router const routes;
    http::limits const limits;
    http::metrics* const counted;  ///< may be null
    access_log log;
    peers known_peers;
    std::atomic<bool> is_draining{false};
    std::atomic<std::size_t> connections{0};  ///< those being served
    std::atomic<std::size_t> body_bytes{0};   ///< held for requests that are not answered
    std::atomic<std::size_t> in_flight{0};    ///< requests read and not yet answered
    work_pool workers;                        ///< last: its jobs use what is above
};

}  // namespace tiebreak::service::http
