// See fault_proxy.hpp. One thread, one poll loop; connections belong to it alone.
#include "support/fault_proxy.hpp"

#include "support/loopback.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <netinet/tcp.h>
#include <optional>
#include <poll.h>
#include <stdexcept>
#include <string_view>
#include <unistd.h>
#include <utility>

namespace tiebreak::test {

namespace {

using clock = std::chrono::steady_clock;

constexpr std::size_t chunk_max = 64 * 1024;

[[noreturn]] void fail(char const* what)
{
    throw std::runtime_error(std::string{"the fault proxy cannot "} + what);
}

// Where the word stands; npos when it does not. COMMIT is not COMMITTED.
std::size_t find_word(std::string_view bytes, std::string_view word)
{
    for (auto at = bytes.find(word); at != std::string_view::npos; at = bytes.find(word, at + 1)) {
        auto const end = at + word.size();
        if (word.empty() || end == bytes.size() ||
            std::isalpha(static_cast<unsigned char>(bytes[end])) == 0)
            return at;
    }
    return std::string_view::npos;
}

// Empty at the end of the connection.
std::string receive(int from)
{
    std::string bytes(chunk_max, '\0');
    ssize_t got = 0;
    do {
        got = ::recv(from, bytes.data(), bytes.size(), 0);
    } while (got < 0 && errno == EINTR);
    bytes.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return bytes;
}

}  // namespace

// One connection of a client and the one made for it to the server; -1: closed.
struct fault_proxy::link {
    int client = -1;
    int server = -1;
    bool drop_answer = false;
    bool is_silent = false;
    std::optional<std::int64_t> heard{};      // since it was hung up on
    std::optional<std::size_t> bytes_left{};  // of the answer, before it is cut
    std::string held{};
    clock::time_point deliver_at{};

    link() = default;
    link(link const&) = delete;
    link& operator=(link const&) = delete;

    ~link()
    {
        lose_client();
        lose_server();
    }

    void lose_client() { close(client); }

    void lose_server() { close(server); }

    void lose_both()
    {
        lose_client();
        lose_server();
    }

    [[nodiscard]] bool is_over() const { return client < 0 && server < 0; }

    static void close(int& one)
    {
        if (one >= 0)
            ::close(one);
        one = -1;
    }
};

std::uint16_t port_of(std::string const& url)
{
    auto const place = url.substr(0, url.find('?'));
    auto const colon = place.rfind(':');
    return static_cast<std::uint16_t>(std::stoi(place.substr(colon + 1)));
}

fault_proxy::fault_proxy(std::uint16_t server_port) : server_port_(server_port)
{
    if (::pipe(wake_) != 0)
        fail("make a pipe");
    thread_ = std::thread([this] { run(); });
}

fault_proxy::~fault_proxy()
{
    ends_ = true;
    wake();
    thread_.join();
    links_.clear();
    ::close(wake_[0]);
    ::close(wake_[1]);
}

std::string fault_proxy::through(std::string url) const
{
    auto const old = ":" + std::to_string(server_port_);
    auto const at = url.find(old);
    if (at == std::string::npos)
        fail("find the server's port in the URL");
    return url.replace(at, old.size(), ":" + std::to_string(port()));
}

void fault_proxy::arm(fault_rule rule)
{
    std::lock_guard const lock(mutex_);
    rules_.push_back(std::move(rule));
}

void fault_proxy::wake()
{
    static_cast<void>(::write(wake_[1], "x", 1) == 1);
}

void fault_proxy::deliver()
{
    delivers_ = true;
    wake();
}

void fault_proxy::refuse()
{
    ends_links_ = true;
    accepts_ = 0;
    wake();
}

void fault_proxy::refuse_after(int connections)
{
    accepts_ = connections;
}

void fault_proxy::fall_silent()
{
    is_silent_ = true;
}

void fault_proxy::accept_again()
{
    if (is_silent_.exchange(false))
        ends_links_ = true;
    accepts_ = any_number;
    wake();
}

// What other threads have asked for meanwhile.
void fault_proxy::obey()
{
    if (ends_links_.exchange(false))
        links_.clear();
    if (delivers_.exchange(false))
        for (auto const& one : links_)
            one->deliver_at = {};
}

int fault_proxy::milliseconds_until_next_delivery() const
{
    auto next = clock::time_point::max();
    for (auto const& one : links_)
        if (!one->held.empty())
            next = std::min(next, one->deliver_at);
    if (next == clock::time_point::max())
        return -1;
    auto const left = std::chrono::ceil<std::chrono::milliseconds>(next - clock::now()).count();
    return static_cast<int>(std::max<std::int64_t>(left, 0));
}

void fault_proxy::run()
{
    while (!ends_) {
        std::vector<pollfd> watched{{listener_.socket(), POLLIN, 0}, {wake_[0], POLLIN, 0}};
        for (auto const& one : links_) {
            watched.push_back({one->client, POLLIN, 0});  // a negative one is ignored
            watched.push_back({one->server, POLLIN, 0});
        }
        if (::poll(watched.data(), watched.size(), milliseconds_until_next_delivery()) < 0)
            continue;
        if (watched[1].revents != 0) {
            std::array<char, 64> ignored{};
            static_cast<void>(::read(wake_[0], ignored.data(), ignored.size()) > 0);
        }
        obey();
        for (std::size_t i = 0; i < links_.size(); ++i) {
            auto& one = *links_[i];
            if (one.server >= 0 && watched[3 + 2 * i].revents != 0)
                from_server(one);
            if (one.client >= 0 && watched[2 + 2 * i].revents != 0)
                from_client(one);
            if (!one.held.empty() && clock::now() >= one.deliver_at)
                deliver_held(one);
        }
        std::erase_if(links_, [](auto const& one) { return one->is_over(); });
        if (watched[0].revents != 0)
            accept_one();
    }
}

void fault_proxy::accept_one()
{
    auto made = std::make_unique<link>();
    made->client = ::accept4(listener_.socket(), nullptr, nullptr, SOCK_CLOEXEC);
    if (made->client < 0)
        return;
    if (accepts_.fetch_sub(1) <= 0) {
        ++refused_;
        return obey();  // who is refused knows that the others are ended
    }
    made->server = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    auto address = loopback(server_port_);
    if (made->server < 0 ||
        ::connect(made->server, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
        return;
    int const on = 1;
    ::setsockopt(made->client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    ::setsockopt(made->server, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    links_.push_back(std::move(made));
}

void fault_proxy::from_client(link& on)
{
    auto bytes = receive(on.client);
    if (on.heard)
        return hear(on, bytes);
    bool const is_silent = on.is_silent || is_silent_;
    if (bytes.empty())
        return is_silent ? on.lose_client() : on.lose_both();
    ++client_messages_;
    if (is_silent)
        return;
    std::optional<fault_rule> rule;
    auto word = std::string::npos;
    {
        std::lock_guard const lock(mutex_);
        if (keeps_bytes_)
            client_bytes_ += bytes;
        if (!rules_.empty())
            word = find_word(bytes, rules_.front().when_sent);
        if (word != std::string::npos) {
            rule = std::move(rules_.front());
            rules_.pop_front();
        }
    }
    if (rule) {
        ++fired_;
        switch (rule->what) {
        case fault::stop: return on.lose_both();
        case fault::hang_up:
            on.heard = 0;
            ::shutdown(on.client, SHUT_WR);
            return on.lose_server();
        case fault::drop_reply: on.drop_answer = true; break;
        case fault::cut_reply: on.bytes_left = rule->bytes; break;
        case fault::misspell: bytes[word] = 'X'; break;
        case fault::hold:
            on.held = std::move(bytes);
            on.deliver_at = clock::now() + rule->hold;
            return on.lose_client();
        case fault::swallow: on.is_silent = true; return;
        }
    }
    if (!send_all(on.server, bytes))
        on.lose_both();
}

// The end of the bytes is the client's close.
void fault_proxy::hear(link& on, std::string_view bytes)
{
    *on.heard += static_cast<std::int64_t>(bytes.size());
    if (!bytes.empty())
        return;
    after_hang_up_ = *on.heard;
    on.lose_client();
}

std::string fault_proxy::take_client_bytes()
{
    std::lock_guard const lock(mutex_);
    keeps_bytes_ = true;
    return std::exchange(client_bytes_, {});
}

void fault_proxy::from_server(link& on)
{
    auto bytes = receive(on.server);
    if (on.is_silent || is_silent_)
        return bytes.empty() ? on.lose_server() : void();
    if (bytes.empty() || on.drop_answer)
        return on.lose_both();
    if (on.bytes_left) {
        auto const passed = std::min(*on.bytes_left, bytes.size());
        static_cast<void>(send_all(on.client, std::string_view{bytes}.substr(0, passed)));
        *on.bytes_left -= passed;
        if (*on.bytes_left == 0)
            on.lose_both();
        return;
    }
    if (on.client >= 0 && !send_all(on.client, bytes))
        on.lose_both();
}

void fault_proxy::deliver_held(link& on)
{
    auto const bytes = std::move(on.held);
    on.held.clear();
    on.drop_answer = true;  // the server's answer is waited for, and goes nowhere
    if (!send_all(on.server, bytes))
        on.lose_both();
}

}  // namespace tiebreak::test
