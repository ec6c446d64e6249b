// Plain sockets, so that nothing between the test and the wire repairs a request.
#include "service/raw_client.hpp"

#include "support/loopback.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <stdexcept>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

namespace tiebreak::test {

namespace {

constexpr int seconds_max = 30;

bool is_same_name(std::string_view a, std::string_view b)
{
    return a.size() == b.size() && ::strncasecmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace

std::string raw_response::header(std::string_view name) const
{
    for (auto const& [known, value] : headers)
        if (is_same_name(known, name))
            return value;
    return {};
}

bool raw_response::has(std::string_view name) const
{
    return std::any_of(headers.begin(), headers.end(), [&](auto const& one) {
        return is_same_name(one.first, name);
    });
}

std::string raw_response::slug() const
{
    constexpr std::string_view start = "{\"type\":\"urn:tiebreak:problem:";
    if (header("Content-Type") != "application/problem+json" || !body.starts_with(start))
        return {};
    return body.substr(start.size(), body.find('"', start.size()) - start.size());
}

raw_client::raw_client(std::uint16_t port)
    : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0))
{
    auto const at = loopback(port);
    timeval const limit{.tv_sec = seconds_max, .tv_usec = 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    ::setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    if (socket_ < 0 || ::connect(socket_, reinterpret_cast<sockaddr const*>(&at), sizeof at) != 0)
        throw std::runtime_error("cannot connect to the server");
}

raw_client::~raw_client()
{
    if (socket_ >= 0)
        ::close(socket_);
}

bool raw_client::send(std::string_view bytes) const
{
    return send_all(socket_, bytes);
}

void raw_client::finish() const
{
    ::shutdown(socket_, SHUT_WR);
}

bool raw_client::read_more()
{
    std::array<char, 64 * 1024> part{};
    for (;;) {
        auto const size = ::recv(socket_, part.data(), part.size(), 0);
        if (size < 0 && errno == EINTR)
            continue;
        if (size <= 0)
            return false;
        received_.append(part.data(), static_cast<std::size_t>(size));
        return true;
    }
}

std::optional<raw_response> raw_client::receive(bool is_head)
{
    std::size_t end = 0;
    while ((end = received_.find("\r\n\r\n")) == std::string::npos)
        if (!read_more())
            return std::nullopt;
    raw_response made;
    std::string_view head{received_.data(), end};
    if (!head.starts_with("HTTP/1.1 ") || head.size() < 12)
        return std::nullopt;
    std::from_chars(head.data() + 9, head.data() + 12, made.status);
    head.remove_prefix(std::min(head.find("\r\n"), head.size()));
    while (head.size() > 2) {
        head.remove_prefix(2);
        auto const line = head.substr(0, head.find("\r\n"));
        auto const colon = line.find(": ");
        made.headers.emplace_back(line.substr(0, colon), line.substr(colon + 2));
        head.remove_prefix(line.size());
    }
    std::size_t length = 0;
    auto const text = made.header("Content-Length");
    std::from_chars(text.data(), text.data() + text.size(), length);
    if (is_head)
        length = 0;
    received_.erase(0, end + 4);
    while (received_.size() < length)
        if (!read_more())
            return std::nullopt;
    made.body = received_.substr(0, length);
    received_.erase(0, length);
    return made;
}

std::optional<raw_response> raw_client::ask(std::string_view bytes)
{
    send(bytes);
    return receive();
}

bool raw_client::is_closed_by_peer()
{
    if (!received_.empty())
        return false;
    std::array<char, 1> byte{};
    auto const size = ::recv(socket_, byte.data(), byte.size(), 0);
    return size == 0 || (size < 0 && errno == ECONNRESET);
}

}  // namespace tiebreak::test
