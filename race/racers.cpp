#include "race/racers.hpp"

#include "race/interrupt.hpp"
#include "race/options.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <exception>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace tiebreak::race {

namespace {

constexpr int exit_could_not_race = 3;

void say_broken(racer_slot& slot, char const* why) noexcept
{
    std::strncpy(slot.failure.data(), why, slot.failure.size() - 1);
    slot.broken.store(true);
}

// Never returns, runs no destructor of the parent's objects and flushes none of its streams: they
// are copies.
[[noreturn]] void be_racer(int number, pid_t parent, board& on, racer_body const& body)
{
    leave_interrupts_to_the_parent();
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent)
        ::_exit(exit_could_not_race);  // it died before the line above
    auto& slot = on.racers()[static_cast<std::size_t>(number)];
    try {
        body(number);
        ::_exit(0);
    } catch (std::exception const& failed) {
        say_broken(slot, failed.what());
    }
    ::_exit(exit_could_not_race);
}

int wait_for(pid_t process, int options)
{
    int status = 0;
    while (::waitpid(process, &status, options) < 0)
        if (errno != EINTR)
            return 0;
    return status;
}

}  // namespace

racers::racers(board& on, racer_body body)
    : board_(on), body_(std::move(body)), pids_(on.racers().size(), 0)
{
}

racers::~racers()
{
    kill_all();
}

void racers::start(int number)
{
    pid_t const parent = ::getpid();
    pid_t const child = ::fork();
    if (child == 0)
        be_racer(number, parent, board_, body_);
    if (child < 0)
        throw cannot_race(std::string{"no further process can be started ("} +
                          std::strerror(errno) + "); lower --processes");
    pids_[static_cast<std::size_t>(number)] = child;
}

void racers::record_end(int number, int status, bool wanted)
{
    pids_[static_cast<std::size_t>(number)] = 0;
    bool const ended_well = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    if (ended_well)
        return;
    deaths_.push_back({number, WIFSIGNALED(status) ? WTERMSIG(status) : 0, wanted});
    board_.cut_off(number);
    board_.head().racers_lost.fetch_add(1);
}

int racers::collect()
{
    int running = 0;
    for (std::size_t i = 0; i < pids_.size(); ++i) {
        if (pids_[i] == 0)
            continue;
        int status = 0;
        if (::waitpid(pids_[i], &status, WNOHANG) == pids_[i])
            record_end(static_cast<int>(i), status, false);
        else
            ++running;
    }
    return running;
}

bool racers::runs(int number) const noexcept
{
    return pids_[static_cast<std::size_t>(number)] != 0;
}

void racers::kill(int number)
{
    auto const process = pids_[static_cast<std::size_t>(number)];
    if (process == 0)
        return;
    ::kill(process, SIGKILL);
    record_end(number, wait_for(process, 0), true);
}

bool racers::pause(int number)
{
    auto const process = pids_[static_cast<std::size_t>(number)];
    if (process == 0)
        return false;
    ::kill(process, SIGSTOP);
    int const status = wait_for(process, WUNTRACED);
    if (WIFSTOPPED(status))
        return true;
    record_end(number, status, false);
    return false;
}

void racers::resume(int number)
{
    auto const process = pids_[static_cast<std::size_t>(number)];
    if (process != 0)
        ::kill(process, SIGCONT);
}

void racers::kill_all()
{
    for (std::size_t i = 0; i < pids_.size(); ++i)
        kill(static_cast<int>(i));
}

}  // namespace tiebreak::race
