#include "cli/worker/command.hpp"

#include "cli/worker/shell.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <optional>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <system_error>

namespace tiebreak::cli {

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::size_t piece = 64 * 1024;

descriptor make_bell()
{
    descriptor bell{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    if (!bell.is_open())
        throw std::system_error(errno, std::system_category(), "eventfd");
    return bell;
}

class conversation {
public:
    conversation(command const& of, std::stop_token const& stop)
        : of_(of), stop_(stop), bell_(make_bell()), child_(of.text, of.environment)
    {
    }

    command_result hold()
    {
        std::stop_callback const ring(stop_, [this] { ::eventfd_write(bell_.get(), 1); });
        if (of_.input.empty())
            child_.input().close();
        while (!step()) {
        }
        int const status = child_.collect();
        read();
        return result_of(status);
    }

private:
    // True when the shell has ended.
    bool step()
    {
        auto const watched = [](descriptor const& end) { return end.get(); };
        std::array<pollfd, 4> events{{{child_.ended(), POLLIN, 0},
                                      {bell_.get(), POLLIN, 0},
                                      {watched(child_.output()), POLLIN, 0},
                                      {watched(child_.input()), POLLOUT, 0}}};
        if (told_to_end_)
            events[1].fd = -1;
        if (::poll(events.data(), events.size(), patience()) < 0 && errno != EINTR)
            throw std::system_error(errno, std::system_category(), "poll");
        if (events[0].revents != 0)
            return true;
        if (events[2].revents != 0)
            read();
        if (events[3].revents != 0)
            write();
        if (stop_.stop_requested())
            end(command_end::stopped);
        else if (is_too_long())
            end(command_end::too_long);
        if (kill_at_ && steady_clock::now() >= *kill_at_) {
            child_.send(SIGKILL);
            kill_at_.reset();
        }
        return false;
    }

    void end(command_end why)
    {
        if (told_to_end_)
            return;
        told_to_end_ = why;
        child_.send(SIGTERM);
        child_.send(SIGCONT);  // who is stopped would not hear the first
        kill_at_ = steady_clock::now() + of_.grace;
    }

    [[nodiscard]] int patience() const
    {
        if (!kill_at_)
            return -1;
        auto const left = std::chrono::ceil<milliseconds>(*kill_at_ - steady_clock::now());
        return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 60'000));
    }

    [[nodiscard]] bool is_too_long() const { return output_.size() > of_.output_bytes_max; }

    // What is there now. More than is wanted is taken, too, and dropped: a writer that waits for a
    // reader would not end.
    void read()
    {
        std::array<char, piece> taken;
        while (child_.output().is_open()) {
            auto const got = ::read(child_.output().get(), taken.data(), taken.size());
            if (got > 0) {
                auto const room = of_.output_bytes_max + 1 - output_.size();
                output_.append(taken.data(), std::min(room, static_cast<std::size_t>(got)));
                if (is_too_long())
                    return;
                continue;
            }
            if (got < 0 && errno == EINTR)
                continue;
            if (got < 0 && errno == EAGAIN)
                return;
            child_.output().close();
        }
    }

    void write()
    {
        auto const rest = of_.input.substr(written_);
        auto const put = ::write(child_.input().get(), rest.data(), rest.size());
        if (put > 0)
            written_ += static_cast<std::size_t>(put);
        bool const goes_on = put >= 0 || errno == EAGAIN || errno == EINTR;
        if (!goes_on || written_ == of_.input.size())
            child_.input().close();  // all is said, or nobody listens
    }

    command_result result_of(int status)
    {
        command_result made{.output = std::move(output_)};
        made.how = WIFEXITED(status) ? command_end::exited : command_end::signalled;
        made.code = WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status);
        if (told_to_end_)
            made.how = *told_to_end_;
        else if (made.output.size() > of_.output_bytes_max)
            made.how = command_end::too_long;
        return made;
    }

    command const& of_;
    std::stop_token stop_;
    descriptor bell_;
    shell child_;
    std::string output_;
    std::size_t written_ = 0;
    std::optional<command_end> told_to_end_;
    std::optional<steady_clock::time_point> kill_at_;
};

}  // namespace

command_result run_command(command const& of, std::stop_token const& stop)
{
    return conversation(of, stop).hold();
}

}  // namespace tiebreak::cli
