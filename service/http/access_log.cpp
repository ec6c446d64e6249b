#include "service/http/access_log.hpp"

#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <ctime>
#include <new>
#include <unistd.h>
#include <utility>

namespace tiebreak::service::http {

namespace {

constexpr std::size_t pending_max = 4 * 1024 * 1024;
constexpr std::size_t batch = 64 * 1024;
constexpr std::chrono::milliseconds patience{200};

void append_value(std::string& to, std::string_view text)
{
    static constexpr char digits[] = "0123456789abcdef";
    to += '"';
    for (char const c : text) {
        auto const byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            to += '\\';
            to += c;
        } else if (byte < ' ' || byte >= 0x7F) {
            to += "\\x";
            to += digits[byte >> 4U];
            to += digits[byte & 15U];
        } else {
            to += c;
        }
    }
    to += '"';
}

void append_pair(std::string& to, std::string_view name, std::string_view value)
{
    to += ' ';
    to += name;
    to += '=';
    append_value(to, value);
}

void append_number(std::string& to, std::string_view name, std::uint64_t number)
{
    std::array<char, 24> text{};
    auto const [end, failure] = std::to_chars(text.data(), text.data() + text.size(), number);
    static_cast<void>(failure);
    to += ' ';
    to += name;
    to += '=';
    to.append(text.data(), end);
}

void append_digits(std::string& to, std::uint64_t number, std::uint64_t highest)
{
    for (; highest > 0; highest /= 10)
        to += static_cast<char>('0' + number / highest % 10);
}

// UTC, as "2026-07-01T09:00:00.123456Z".
void append_moment(std::string& to, std::chrono::system_clock::time_point when)
{
    using namespace std::chrono;
    auto const since = duration_cast<microseconds>(when.time_since_epoch());
    auto const second = static_cast<std::time_t>(since.count() / 1'000'000);
    thread_local std::time_t known = -1;  // of the text: thousands of lines share a second
    thread_local std::array<char, 24> text{};
    thread_local std::size_t size = 0;
    if (std::exchange(known, second) != second) {
        std::tm parts{};
        ::gmtime_r(&second, &parts);
        size = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &parts);
    }
    to.append(text.data(), size);
    to += '.';
    append_digits(to, static_cast<std::uint64_t>(since.count() % 1'000'000), 100'000);
    to += 'Z';
}

// False when nobody will ever take it.
bool write_all(int descriptor, std::string_view text) noexcept
{
    while (!text.empty()) {
        auto const written = ::write(descriptor, text.data(), text.size());
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return false;
        text.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
}

}  // namespace

void append_line(std::string& to,
                 access_record const& of,
                 std::chrono::system_clock::time_point when)
{
    append_moment(to, when);
    to += " info request";
    append_pair(to, "method", of.method);
    append_pair(to, "route", of.route);
    append_number(to, "status", static_cast<std::uint64_t>(of.status));
    append_number(to, "bytes", of.bytes);
    auto const us = static_cast<std::uint64_t>(of.took.count() < 0 ? 0 : of.took.count() / 1000);
    append_number(to, "ms", us / 1000);
    to += '.';
    append_digits(to, us % 1000, 100);
    append_pair(to, "request_id", of.request_id);
    append_pair(to, "tenant", of.tenant);
    append_pair(to, "peer", of.peer);
    to += '\n';
}

access_log::access_log(int descriptor) : descriptor_(descriptor), is_on_(descriptor >= 0)
{
    if (is_on_)
        writer_ = std::thread([this] { write_on(); });
}

access_log::~access_log()
{
    {
        std::scoped_lock const hold(mutex_);
        stopping_ = true;
    }
    wake_.notify_one();
    if (writer_.joinable())
        writer_.join();
}

void access_log::add(access_record const& of) noexcept
try {
    if (!is_on_.load(std::memory_order_relaxed))
        return;
    thread_local std::string line;
    line.clear();
    append_line(line, of, std::chrono::system_clock::now());
    std::scoped_lock const hold(mutex_);
    if (pending_.size() + line.size() > pending_max) {
        ++dropped_;
        return;
    }
    pending_ += line;
    if (pending_.size() >= batch && pending_.size() - line.size() < batch)
        wake_.notify_one();

} catch (std::bad_alloc const&) {
    return;
}

void access_log::write_on()
{
    // A pipe whose reader has gone is an error here, not the end of the process.
    sigset_t pipe_signal;
    sigemptyset(&pipe_signal);
    sigaddset(&pipe_signal, SIGPIPE);
    ::pthread_sigmask(SIG_BLOCK, &pipe_signal, nullptr);

    std::string text;
    std::unique_lock hold(mutex_);
    bool is_last = false;
    while (!is_last) {
        wake_.wait_for(hold, patience, [&] { return stopping_ || pending_.size() >= batch; });
        is_last = stopping_;
        text.clear();
        text.swap(pending_);
        auto const lost = std::exchange(dropped_, 0);
        hold.unlock();
        if (lost > 0)
            text += "access_log_dropped lines=" + std::to_string(lost) + '\n';
        if (!write_all(descriptor_, text))
            is_last = true;
        hold.lock();
    }
    is_on_ = false;
}

}  // namespace tiebreak::service::http
