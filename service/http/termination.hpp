/// \file
/// SIGTERM and SIGINT: the first asks for a drain, the second ends the process at once.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <array>
#include <csignal>
#include <functional>

namespace tiebreak::service::http {

/// Handles the two signals while it lives; then what was in force before is again. One at a time
/// in a process.
class termination {
public:
    /// \param on_first  called on a thread of the context
    /// \throws std::logic_error: there is one already
    termination(boost::asio::io_context& context, std::function<void()> on_first);
    termination(termination const&) = delete;
    termination& operator=(termination const&) = delete;
    ~termination();

private:
    void wait();

    boost::asio::posix::stream_descriptor bell_;
    std::array<char, 8> rung_{};
    std::function<void()> on_first_;
    std::array<struct sigaction, 2> before_{};
};

}  // namespace tiebreak::service::http
