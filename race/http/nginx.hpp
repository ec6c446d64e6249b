// nginx before the servers: round robin, each request to the next server.
#pragma once

#include "race/http/program.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace tiebreak::race {

/// \throws cannot_race: nginx is not installed
void require_nginx();

/// A port of 127.0.0.1 that nobody listens at now.
[[nodiscard]] std::uint16_t free_port();

/// Writes `folder`/nginx.conf: listens at `port`, passes on to `servers` ("127.0.0.1:4711").
void write_nginx_configuration(std::string const& folder,
                               std::uint16_t port,
                               std::vector<std::string> const& servers);

/// Waits until somebody listens at the port; false when the program ended first, or after 20 s.
[[nodiscard]] bool await_connection(program& started, std::uint16_t port);

}  // namespace tiebreak::race
