// See scripted_server.hpp. One thread, one poll loop; connections belong to it alone.
#include "support/scripted_server.hpp"

#include "support/loopback.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdexcept>
#include <unistd.h>

namespace tiebreak::test {

namespace {

void close_at_once(int socket)
{
    linger const none{1, 0};
    ::setsockopt(socket, SOL_SOCKET, SO_LINGER, &none, sizeof none);
}

void replace_all(std::string& in, std::string_view what, std::string_view by)
{
    for (auto at = in.find(what); at != std::string::npos; at = in.find(what, at + by.size()))
        in.replace(at, what.size(), by);
}

std::size_t length_in(std::string_view head)
{
    auto const text = header_in(head, "Content-Length");
    std::size_t length = 0;
    std::from_chars(text.data(), text.data() + text.size(), length);
    return length;
}

}  // namespace

struct scripted_server::link {
    int socket = -1;
    std::string bytes{};
    bool is_held = false;

    explicit link(int accepted) : socket(accepted) {}

    link(link const&) = delete;
    link& operator=(link const&) = delete;

    ~link() { ::close(socket); }
};

scripted_server::scripted_server()
{
    if (::pipe(wake_) != 0)
        throw std::runtime_error("the scripted server cannot make a pipe");
    thread_ = std::thread([this] { run(); });
}

scripted_server::~scripted_server()
{
    end();
    ::close(wake_[0]);
    ::close(wake_[1]);
}

void scripted_server::end()
{
    if (!thread_.joinable())
        return;
    ends_ = true;
    static_cast<void>(::write(wake_[1], "x", 1) == 1);
    thread_.join();
    links_.clear();
    listener_.close();
}

void scripted_server::reply(scripted_reply next)
{
    std::scoped_lock const lock(mutex_);
    next_.push_back(std::move(next));
}

void scripted_server::reply_always(scripted_reply always)
{
    std::scoped_lock const lock(mutex_);
    always_ = std::move(always);
}

std::vector<std::string> scripted_server::requests() const
{
    std::scoped_lock const lock(mutex_);
    return requests_;
}

void scripted_server::run()
{
    while (!ends_) {
        std::vector<pollfd> watched{{listener_.socket(), POLLIN, 0}, {wake_[0], POLLIN, 0}};
        for (auto const& one : links_)
            watched.push_back({one->is_held ? -1 : one->socket, POLLIN, 0});
        if (::poll(watched.data(), watched.size(), -1) < 0)
            continue;
        for (std::size_t i = links_.size(); i-- > 0;)
            if (watched[2 + i].revents != 0 && !receive(*links_[i]))
                links_.erase(links_.begin() + static_cast<std::ptrdiff_t>(i));
        if (watched[0].revents == 0)
            continue;
        int const accepted = ::accept4(listener_.socket(), nullptr, nullptr, SOCK_CLOEXEC);
        if (accepted < 0)
            continue;
        int const on = 1;
        ::setsockopt(accepted, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        links_.push_back(std::make_unique<link>(accepted));
        ++connections_;
    }
}

bool scripted_server::receive(link& from)
{
    std::array<char, 16 * 1024> chunk{};
    auto const got = ::recv(from.socket, chunk.data(), chunk.size(), 0);
    if (got <= 0)
        return false;
    from.bytes.append(chunk.data(), static_cast<std::size_t>(got));
    for (;;) {
        auto const head_end = from.bytes.find("\r\n\r\n");
        if (head_end == std::string::npos)
            return true;
        auto const size = head_end + 4 + length_in(from.bytes.substr(0, head_end));
        if (from.bytes.size() < size)
            return true;
        auto const request = from.bytes.substr(0, size);
        from.bytes.erase(0, size);
        if (!answer(from, request))
            return false;
    }
}

bool scripted_server::answer(link& to, std::string const& request)
{
    scripted_reply reply;
    {
        std::scoped_lock const lock(mutex_);
        requests_.push_back(request);
        reply = next_.empty() ? always_ : std::move(next_.front());
        if (!next_.empty())
            next_.pop_front();
        auto const id = header_in(request, "X-Request-Id");
        replace_all(reply.bytes, "{id}", id);
        replace_all(reply.bytes, "{previous-id}", previous_id_);
        previous_id_ = id;
    }
    static_cast<void>(send_all(to.socket, reply.bytes));
    switch (reply.then) {
    case after_reply::keep: return true;
    case after_reply::close: return false;
    case after_reply::reset: close_at_once(to.socket); return false;
    case after_reply::hold: to.is_held = true; return true;
    }
    return false;
}

std::string http_reply(int status, std::string_view content_type, std::string_view body)
{
    std::string text = "HTTP/1.1 " + std::to_string(status) + " Scripted\r\nContent-Type: ";
    text += content_type;
    text += "\r\nX-Request-Id: {id}\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n";
    text += body;
    return text;
}

std::string header_in(std::string_view request, std::string_view name)
{
    auto const is_name = [&](std::string_view line) {
        return line.size() > name.size() && line[name.size()] == ':' &&
               std::ranges::equal(line.substr(0, name.size()), name, [](char a, char b) {
                   return std::tolower(static_cast<unsigned char>(a)) ==
                          std::tolower(static_cast<unsigned char>(b));
               });
    };
    while (!request.empty()) {
        auto const end = request.find("\r\n");
        auto const line = request.substr(0, end);
        if (line.empty())
            return {};
        if (is_name(line)) {
            auto const value = line.substr(name.size() + 1);
            auto const from = value.find_first_not_of(' ');
            return from == std::string_view::npos ? std::string{} : std::string{value.substr(from)};
        }
        request.remove_prefix(end == std::string_view::npos ? request.size() : end + 2);
    }
    return {};
}

}  // namespace tiebreak::test
