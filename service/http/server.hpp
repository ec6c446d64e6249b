/// \file
/// The server: accepts connections, reads requests strictly, runs handlers, writes responses,
/// drains when it is told to end.
///
/// | moment              | new connections | idle ones         | requests read or running        |
/// |---------------------|-----------------|-------------------|---------------------------------|
/// | running             | accepted        | kept `idle_time`  | answered                        |
/// | draining (`drain`)  | refused         | closed            | answered, `Connection: close`   |
/// | after `drain_time`  | refused         | closed            | closed; handlers still end      |
///
/// One thread accepts and hands each connection to the io thread with the fewest; a connection
/// stays on its thread, so reading and writing take no lock. Handlers run on a bounded pool of
/// work threads behind a bounded queue, or `in_place`.
#pragma once

#include "service/http/limits.hpp"
#include "service/http/router.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace tiebreak::service::http {

class metrics;

/// Where a server listens and whom it tells.
struct server_options {
    /// An address of this machine, "127.0.0.1", "::1", "0.0.0.0"; or a name that resolves to one.
    std::string host = "127.0.0.1";
    /// 0: any that is free; `port()` tells which.
    std::uint16_t port = 0;
    /// Told the port once, before the first connection is accepted: what handlers read and depends
    /// on it can be written here. May be empty; what it throws ends the constructor.
    std::function<void(std::uint16_t)> listening{};
    http::limits limits{};
    /// SIGTERM and SIGINT start the drain; the second of them ends the process at once with
    /// 128 + its number.
    bool handles_signals = false;
    /// The file descriptor that gets the access log, one line a request; -1: nobody.
    int access_log = -1;
    /// Told of every request; may be null. Must outlive the server.
    http::metrics* metrics = nullptr;
};

/// A running server. The calls are thread-safe.
class server {
public:
    /// Listens and starts the threads: clients can connect when this returns.
    /// \throws std::invalid_argument: a limit or the host is wrong
    /// \throws std::system_error: the address is taken or not of this machine
    server(router routes, server_options const& options);
    server(server const&) = delete;
    server& operator=(server const&) = delete;
    /// Drains and waits.
    ~server();

    /// The port it listens at.
    [[nodiscard]] std::uint16_t port() const noexcept;

    /// Starts the drain and returns at once. Repeated calls change nothing.
    void drain() noexcept;

    [[nodiscard]] bool is_draining() const noexcept;

    /// Waits until the drain is over. True when every request that was read was answered; false
    /// when `drain_time` passed first. Handlers have returned in both cases.
    bool wait();

private:
    class core;
    std::unique_ptr<core> core_;
};

}  // namespace tiebreak::service::http
