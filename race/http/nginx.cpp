#include "race/http/nginx.hpp"

#include "race/options.hpp"

#include <arpa/inet.h>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <netinet/in.h>
#include <sstream>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

namespace tiebreak::race {

namespace {

using namespace std::chrono_literals;

class tcp_socket {
public:
    tcp_socket() : descriptor_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {}

    tcp_socket(tcp_socket const&) = delete;
    tcp_socket& operator=(tcp_socket const&) = delete;

    ~tcp_socket() { ::close(descriptor_); }

    [[nodiscard]] int descriptor() const noexcept { return descriptor_; }

private:
    int descriptor_;
};

sockaddr_in loopback(std::uint16_t port)
{
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(port);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return at;
}

// Where nginx asks for its files, so that it needs no right outside of the folder.
constexpr char const* temporary_paths[]{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"};

}  // namespace

void require_nginx()
{
    auto const* const given = std::getenv("PATH");
    std::string const path = given != nullptr ? given : "";
    std::istringstream folders(path + ":/usr/sbin:/sbin");
    for (std::string each; std::getline(folders, each, ':');)
        if (::access((each + "/nginx").c_str(), X_OK) == 0) {
            ::setenv("PATH", (path + ":" + each).c_str(), 1);
            return;
        }
    throw cannot_race("--via http needs nginx before the servers: apt-get install nginx-light, or "
                      "'make test' once");
}

std::uint16_t free_port()
{
    tcp_socket const looking;
    auto at = loopback(0);
    socklen_t size = sizeof at;
    if (::bind(looking.descriptor(), reinterpret_cast<sockaddr*>(&at), size) != 0 ||
        ::getsockname(looking.descriptor(), reinterpret_cast<sockaddr*>(&at), &size) != 0)
        throw cannot_race("no port of 127.0.0.1 is free");
    return ntohs(at.sin_port);
}

void write_nginx_configuration(std::string const& folder,
                               std::uint16_t port,
                               std::vector<std::string> const& servers)
{
    std::ofstream to(folder + "/nginx.conf");
    to << "daemon off;\nmaster_process off;\nerror_log " << folder << "/nginx.log;\npid " << folder
       << "/nginx.pid;\nworker_rlimit_nofile 8192;\nevents { worker_connections 4096; }\nhttp {\n"
       << "  access_log off;\n";
    for (auto const* each : temporary_paths)
        to << "  " << each << "_temp_path " << folder << "/nginx-" << each << ";\n";
    to << "  upstream servers {\n";
    for (auto const& each : servers)
        to << "    server " << each << " max_fails=0;\n";
    to << "    keepalive 256;\n  }\n  server {\n    listen 127.0.0.1:" << port
       << " backlog=4096;\n    keepalive_requests 1000000;\n    location / {\n"
       << "      proxy_pass http://servers;\n      proxy_http_version 1.1;\n"
       << "      proxy_set_header Connection \"\";\n      proxy_read_timeout 3600s;\n"
       << "    }\n  }\n}\n";
    if (!to.flush())
        throw cannot_race("cannot write " + folder + "/nginx.conf");
}

bool await_connection(program& started, std::uint16_t port)
{
    auto const until = std::chrono::steady_clock::now() + 20s;
    while (started.runs() && std::chrono::steady_clock::now() < until) {
        tcp_socket const trying;
        auto const at = loopback(port);
        if (::connect(trying.descriptor(), reinterpret_cast<sockaddr const*>(&at), sizeof at) == 0)
            return true;
        std::this_thread::sleep_for(5ms);
    }
    return false;
}

}  // namespace tiebreak::race
