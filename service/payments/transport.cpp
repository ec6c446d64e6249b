// libcurl behind transport.hpp: one easy handle, with one connection, for each exchange that runs.
//
// A reused connection that dies before the first byte of the reply makes libcurl send the request
// again on a new one, whatever it does, and when that is refused it reports "could not connect"
// although the first may have arrived. So whether a request was sent is asked where libcurl is
// about to send it (CURLOPT_PREREQFUNCTION) and not concluded from the error; and the second
// sending is forbidden there: only the caller knows whether, and how often, to repeat.
#include "service/payments/transport.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <condition_variable>
#include <curl/curl.h>
#include <mutex>
#include <random>
#include <stdexcept>
#include <utility>
#include <vector>

namespace tiebreak::service::payments {

namespace {

using steady = std::chrono::steady_clock;
using std::chrono::milliseconds;

template <class Owned, void (*End)(Owned*)>
struct ender {
    void operator()(Owned* owned) const noexcept { End(owned); }
};

using easy_handle = std::unique_ptr<CURL, ender<CURL, curl_easy_cleanup>>;
using header_list = std::unique_ptr<curl_slist, ender<curl_slist, curl_slist_free_all>>;
using url_handle = std::unique_ptr<CURLU, ender<CURLU, curl_url_cleanup>>;

struct curl_text_ender {
    void operator()(char* text) const noexcept { curl_free(text); }
};

void start_curl_once()
{
    static bool const started = [] {
        if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
            throw std::runtime_error("libcurl does not start");
        return true;
    }();
    (void)started;
}

// Where the server is, taken apart.
struct server_address {
    std::string url{};  // without user and password, without a slash at its end
    std::string shown{};
    std::string user{};
    std::string password{};
};

std::string part_of(CURLU* url, CURLUPart which, unsigned flags = 0)
{
    char* text = nullptr;
    if (curl_url_get(url, which, &text, flags) != CURLUE_OK)
        return {};
    std::unique_ptr<char, curl_text_ender> const owned(text);
    return text;
}

server_address parse(std::string_view base_url)
{
    url_handle const url(curl_url());
    bool const is_url =
        url && base_url.find_first_of(std::string_view("\0\r\n ", 4)) == std::string_view::npos &&
        curl_url_set(url.get(), CURLUPART_URL, std::string(base_url).c_str(), 0) == CURLUE_OK;
    auto const scheme = is_url ? part_of(url.get(), CURLUPART_SCHEME) : std::string{};
    if (scheme != "http" && scheme != "https")
        throw std::invalid_argument("the payment provider's URL must be http://host:port or "
                                    "https://host:port");
    if (!part_of(url.get(), CURLUPART_QUERY).empty() ||
        !part_of(url.get(), CURLUPART_FRAGMENT).empty())
        throw std::invalid_argument("the payment provider's URL must not have a query or fragment");
    server_address address{.user = part_of(url.get(), CURLUPART_USER, CURLU_URLDECODE),
                           .password = part_of(url.get(), CURLUPART_PASSWORD, CURLU_URLDECODE)};
    auto const without_slash = [&] {
        auto text = part_of(url.get(), CURLUPART_URL);
        text.erase(text.find_last_not_of('/') + 1);
        return text;
    };
    if (!address.password.empty())
        curl_url_set(url.get(), CURLUPART_PASSWORD, "***", 0);
    address.shown = without_slash();
    curl_url_set(url.get(), CURLUPART_PASSWORD, nullptr, 0);
    curl_url_set(url.get(), CURLUPART_USER, nullptr, 0);
    address.url = without_slash();
    return address;
}

template <class T>
void check_range(T value, T least, T most, char const* text)
{
    if (value < least || value > most)
        throw std::invalid_argument(text);
}

void validate(payment_client_options const& options)
{
    using std::chrono::hours;
    using std::chrono::minutes;
    using std::chrono::seconds;
    check_range<milliseconds>(
        options.connect_time, milliseconds{1}, minutes{10}, "connect_time must be 1 ms to 10 min");
    check_range<milliseconds>(
        options.attempt_time, milliseconds{1}, minutes{10}, "attempt_time must be 1 ms to 10 min");
    check_range<milliseconds>(
        options.call_time, milliseconds{1}, hours{1}, "call_time must be 1 ms to 1 h");
    check_range(options.attempts_max, 1, 100, "attempts_max must be 1 to 100");
    check_range<milliseconds>(
        options.pause_max, milliseconds{0}, minutes{10}, "pause_max must be 0 to 10 min");
    check_range<milliseconds>(
        options.pause, milliseconds{0}, options.pause_max, "pause must be 0 to pause_max");
    check_range<std::size_t>(
        options.connections_max, 1, 10'000, "connections_max must be 1 to 10,000");
    check_range<seconds>(options.idle_time, seconds{1}, hours{1}, "idle_time must be 1 s to 1 h");
    check_range<std::size_t>(options.reply_bytes_max,
                             1'024,
                             16 * 1'024 * 1'024,
                             "reply_bytes_max must be 1 KiB to 16 MiB");
}

// Unlike any other of this process, and hardly like one of another process.
std::string next_request_id()
{
    static std::uint64_t const process = [] {
        std::random_device random;
        return (std::uint64_t{random()} << 32U) | random();
    }();
    static std::atomic<std::uint64_t> count{0};
    std::array<char, 40> text{'p', 'a', 'y', '-'};
    auto end = std::to_chars(text.begin() + 4, text.end(), process, 16).ptr;
    *end++ = '-';
    end = std::to_chars(end, text.end(), ++count).ptr;
    return {text.data(), end};
}

}  // namespace

// An easy handle with what one exchange leaves in it.
class transport::connection {
public:
    connection(server_address const& server, payment_client_options const& options)
        : bytes_max_(options.reply_bytes_max), easy_(curl_easy_init())
    {
        if (!easy_)
            throw std::bad_alloc();
        set_up(server, options);
    }

    [[nodiscard]] exchange run(outgoing const& what, std::string const& url, milliseconds limit);

private:
    template <class T>
    void set(CURLoption option, T value)
    {
        if (curl_easy_setopt(easy_.get(), option, value) != CURLE_OK)
            throw std::runtime_error("libcurl lacks an option that payments need");
    }

    void set_up(server_address const& server, payment_client_options const& options);
    [[nodiscard]] header_list headers_of(outgoing const& what, std::string const& id) const;
    [[nodiscard]] std::string header(char const* name) const;
    [[nodiscard]] http_reply take_reply();

    static int before_request(void* self, char*, char*, int, int) noexcept
    {
        bool const is_second = std::exchange(static_cast<connection*>(self)->may_be_sent_, true);
        return is_second ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
    }

    // Answers less than it was given to end the exchange.
    static std::size_t take_body(char* bytes, std::size_t, std::size_t size, void* self) noexcept
    try {
        auto& to = *static_cast<connection*>(self);
        if (size > to.bytes_max_ - to.body_.size())
            return 0;
        to.body_.append(bytes, size);
        return size;

    } catch (...) {
        return 0;
    }

    static std::size_t take_header(char*, std::size_t, std::size_t size, void* self) noexcept
    {
        auto& to = *static_cast<connection*>(self);
        if (size > to.bytes_max_ - to.header_bytes_)
            return 0;
        to.header_bytes_ += size;
        return size;
    }

    std::size_t bytes_max_;
    bool may_be_sent_ = false;
    std::size_t header_bytes_ = 0;
    std::string body_{};
    easy_handle easy_;  // the last, so that it ends first: it knows the others
};

void transport::connection::set_up(server_address const& server,
                                   payment_client_options const& options)
{
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    set(CURLOPT_FOLLOWLOCATION, 0L);
    set(CURLOPT_PROXY, "");
    set(CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
    set(CURLOPT_PATH_AS_IS, 1L);
    set(CURLOPT_MAXCONNECTS, 1L);
    set(CURLOPT_MAXAGE_CONN, static_cast<long>(options.idle_time.count()));
    set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options.connect_time.count()));
    set(CURLOPT_SSL_VERIFYPEER, 1L);
    set(CURLOPT_SSL_VERIFYHOST, 2L);
    set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    if (!options.ca_file.empty())
        set(CURLOPT_CAINFO, options.ca_file.c_str());
    if (!server.user.empty() || !server.password.empty()) {
        set(CURLOPT_HTTPAUTH, static_cast<long>(CURLAUTH_BASIC));
        set(CURLOPT_USERNAME, server.user.c_str());
        set(CURLOPT_PASSWORD, server.password.c_str());
    }
    set(CURLOPT_USERAGENT, "tiebreak");
    set(CURLOPT_PREREQFUNCTION, &connection::before_request);
    set(CURLOPT_PREREQDATA, this);
    set(CURLOPT_WRITEFUNCTION, &connection::take_body);
    set(CURLOPT_WRITEDATA, this);
    set(CURLOPT_HEADERFUNCTION, &connection::take_header);
    set(CURLOPT_HEADERDATA, this);
}

header_list transport::connection::headers_of(outgoing const& what, std::string const& id) const
{
    header_list list;
    auto const add = [&](std::string const& line) {
        auto* const longer = curl_slist_append(list.get(), line.c_str());
        if (longer == nullptr)
            throw std::bad_alloc();
        (void)list.release();
        list.reset(longer);
    };
    add("Accept: application/json, application/problem+json");
    add("X-Request-Id: " + id);
    add("Expect:");  // nothing here is worth a round trip before the body
    if (what.is_post)
        add(what.body.empty() ? "Content-Type:" : "Content-Type: application/json");
    if (what.idempotency_key)
        add("Idempotency-Key: " + *what.idempotency_key);
    return list;
}

// Of the last response, trailers and interim responses not counted; empty when it is missing or
// stands there twice.
std::string transport::connection::header(char const* name) const
{
    curl_header* found = nullptr;
    if (curl_easy_header(easy_.get(), name, 0, CURLH_HEADER, -1, &found) != CURLHE_OK ||
        found->amount != 1)
        return {};
    return found->value;
}

http_reply transport::connection::take_reply()
{
    http_reply reply{.content_type = header("Content-Type"), .body = std::move(body_)};
    long status = 0;
    curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &status);
    reply.status = static_cast<int>(status);
    auto const wait = header("Retry-After");
    int seconds = 0;
    auto const [end, wrong] = std::from_chars(wait.data(), wait.data() + wait.size(), seconds);
    if (wrong == std::errc{} && end == wait.data() + wait.size() && seconds >= 0)
        reply.retry_after = std::chrono::seconds{seconds};
    return reply;
}

exchange
transport::connection::run(outgoing const& what, std::string const& url, milliseconds limit)
{
    auto const id = next_request_id();
    auto const headers = headers_of(what, id);
    set(CURLOPT_URL, url.c_str());
    if (what.is_post) {
        set(CURLOPT_POST, 1L);
        set(CURLOPT_POSTFIELDSIZE, static_cast<long>(what.body.size()));
        set(CURLOPT_POSTFIELDS, what.body.c_str());
    } else {
        set(CURLOPT_HTTPGET, 1L);
    }
    set(CURLOPT_HTTPHEADER, headers.get());
    set(CURLOPT_TIMEOUT_MS, static_cast<long>(limit.count()));
    may_be_sent_ = false;
    header_bytes_ = 0;
    body_.clear();
    auto const code = curl_easy_perform(easy_.get());
    set(CURLOPT_HTTPHEADER, static_cast<curl_slist*>(nullptr));
    auto const failed = may_be_sent_ ? exchange_end::unanswered : exchange_end::not_sent;
    if (code != CURLE_OK)
        return {failed, {}, curl_easy_strerror(code)};
    if (header("X-Request-Id") != id)
        return {exchange_end::unanswered, {}, "the reply does not repeat the request's id"};
    return {exchange_end::answered, take_reply(), {}};
}

struct transport::state {
    server_address server{};
    payment_client_options options{};
    std::mutex mutex{};
    std::condition_variable returned{};
    std::size_t in_use = 0;
    std::vector<std::unique_ptr<connection>> idle{};  // the one used last is used next
};

// The right to one exchange at a time, with or without a connection made before.
class transport::place {
public:
    place(state& of, steady::time_point until) : of_(of)
    {
        std::unique_lock lock(of_.mutex);
        is_held_ = of_.returned.wait_until(
            lock, until, [&] { return of_.in_use < of_.options.connections_max; });
        if (!is_held_)
            return;
        ++of_.in_use;
        if (!of_.idle.empty()) {
            with_ = std::move(of_.idle.back());
            of_.idle.pop_back();
        }
    }

    place(place const&) = delete;
    place& operator=(place const&) = delete;

    ~place()
    {
        if (!is_held_)
            return;
        {
            std::scoped_lock const lock(of_.mutex);
            --of_.in_use;
            if (is_kept_)
                of_.idle.push_back(std::move(with_));  // has room: see `transport`
        }
        of_.returned.notify_one();
    }

    explicit operator bool() const noexcept { return is_held_; }

    [[nodiscard]] connection& with()
    {
        if (!with_)
            with_ = std::make_unique<connection>(of_.server, of_.options);
        return *with_;
    }

    // Its connection is used again. Without this it ends here, whatever happened.
    void keep() noexcept { is_kept_ = true; }

private:
    state& of_;
    bool is_held_ = false;
    bool is_kept_ = false;
    std::unique_ptr<connection> with_{};
};

transport::transport(std::string_view base_url, payment_client_options const& options)
{
    validate(options);
    start_curl_once();
    state_ = std::make_unique<state>();
    state_->server = parse(base_url);
    state_->options = options;
    state_->idle.reserve(options.connections_max);
}

transport::~transport() = default;

exchange transport::send(outgoing const& what, steady::time_point until)
{
    place here(*state_, until);
    auto const left = std::chrono::floor<milliseconds>(until - steady::now());
    if (!here || left.count() < 1)
        return {exchange_end::not_sent, {}, "no time was left, or no connection was free"};
    auto done = here.with().run(
        what, state_->server.url + what.path, std::min(left, state_->options.attempt_time));
    if (done.end == exchange_end::answered)
        here.keep();
    return done;
}

std::string const& transport::shown_url() const noexcept
{
    return state_->server.shown;
}

}  // namespace tiebreak::service::payments
