// See loopback.hpp.
#include "support/loopback.hpp"

#include <stdexcept>
#include <unistd.h>

namespace tiebreak::test {

loopback_port::loopback_port(kind how) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0))
{
    auto at = loopback(0);
    socklen_t size = sizeof at;
    auto* const any = reinterpret_cast<sockaddr*>(&at);
    if (socket_ < 0 || ::bind(socket_, any, size) != 0 ||
        (how == kind::listens && ::listen(socket_, 64) != 0) ||
        ::getsockname(socket_, any, &size) != 0) {
        close();
        throw std::runtime_error("no port of 127.0.0.1 can be had");
    }
    number_ = ntohs(at.sin_port);
}

loopback_port::~loopback_port()
{
    close();
}

void loopback_port::close() noexcept
{
    if (socket_ >= 0)
        ::close(socket_);
    socket_ = -1;
}

}  // namespace tiebreak::test
