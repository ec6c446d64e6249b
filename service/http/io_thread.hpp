/// \file
/// A thread that reads and writes: its connections, and one timer that looks at their deadlines.
///
/// Deadlines are coarse: connections only note them, and the timer closes what has passed. So a
/// request costs no timer, and thousands of slow clients cost a glance ten times a second.
#pragma once

#include "service/http/connection.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <array>
#include <atomic>
#include <functional>
#include <random>
#include <string>
#include <thread>

namespace tiebreak::service::http {

/// One io context with one thread. But for the atomics and `context`, everything is touched by
/// that thread alone.
class io_thread {
public:
    /// \param on_drained  called once, when a drain has ended its last connection
    io_thread(shared_state& shared, std::function<void()> on_drained);
    io_thread(io_thread const&) = delete;
    io_thread& operator=(io_thread const&) = delete;
    ~io_thread();

    void start();

    void join()
    {
        if (thread_.joinable())
            thread_.join();
    }

    [[nodiscard]] boost::asio::io_context& context() noexcept { return context_; }

    /// Connections here, from any thread.
    [[nodiscard]] std::size_t size() const noexcept { return size_.load(relaxed); }

    /// Takes a new connection over. When the server is full it closes the one idle longest, or
    /// turns the new one away.
    void adopt(tcp_socket socket, peer whose);

    /// A connection changed between idle and not.
    void moved(connection& which, bool is_idle);
    void remove(connection& which);

    /// Ends idle connections, and the thread when the last connection is gone. From any thread.
    void drain();
    /// Closes all. From any thread.
    void close_all();

    /// The header field Date, fresh to the second.
    [[nodiscard]] std::string const& date();
    /// 16 hexadecimal digits, new at each call.
    [[nodiscard]] std::string make_id();

    /// Bytes nobody needs go here.
    [[nodiscard]] std::array<char, 16 * 1024>& scratch() noexcept { return scratch_; }

private:
    static constexpr auto relaxed = std::memory_order_relaxed;
    void sweep();
    void arm();
    void end_if_drained();

    shared_state& shared_;
    std::function<void()> on_drained_;
    boost::asio::io_context context_{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> keeps_running_;
    boost::asio::steady_timer timer_;
    bool is_armed_ = false;
    bool is_draining_ = false;
    std::atomic<std::size_t> size_{0};
    std::size_t turned_away_ = 0;
    connection::list idle_{};  // idle longest first
    connection::list busy_{};
    std::mt19937_64 random_;
    long long date_second_ = -1;
    std::string date_{};
    std::array<char, 16 * 1024> scratch_{};
    std::thread thread_{};
};

}  // namespace tiebreak::service::http
