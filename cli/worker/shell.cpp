#include "cli/worker/shell.hpp"

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <system_error>

namespace tiebreak::cli {

namespace {

constexpr int exit_not_started = 127;

struct pipe_ends {
    descriptor from;
    descriptor to;
};

[[noreturn]] void fail(char const* doing)
{
    throw std::system_error(errno, std::system_category(), doing);
}

pipe_ends make_pipe()
{
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0)
        fail("pipe");
    return {descriptor{ends[0]}, descriptor{ends[1]}};
}

void do_not_block(descriptor const& end)
{
    if (::fcntl(end.get(), F_SETFL, O_NONBLOCK) != 0)
        fail("fcntl");
}

// As a system call: the function of glibc 2.36 is declared for C alone.
int open_process(pid_t id) noexcept
{
    return static_cast<int>(::syscall(SYS_pidfd_open, id, 0));
}

std::vector<char*> words_of(std::vector<std::string> const& texts)
{
    std::vector<char*> words;
    words.reserve(texts.size() + 1);
    for (auto const& each : texts)
        words.push_back(const_cast<char*>(each.c_str()));
    words.push_back(nullptr);
    return words;
}

// Between fork and exec of a program with threads: system calls alone.
[[noreturn]] void
become_shell(pid_t parent, int in, int out, char* const* words, char* const* names)
{
    ::setpgid(0, 0);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent)
        ::_exit(exit_not_started);

    struct sigaction plain {};

    plain.sa_handler = SIG_DFL;
    for (int signal = 1; signal < NSIG; ++signal)
        ::sigaction(signal, &plain, nullptr);
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    if (::dup2(in, STDIN_FILENO) < 0 || ::dup2(out, STDOUT_FILENO) < 0)
        ::_exit(exit_not_started);
    ::close_range(STDERR_FILENO + 1, ~0U, 0);
    ::execve("/bin/sh", words, names);
    ::_exit(exit_not_started);
}

}  // namespace

shell::shell(std::string const& text, std::vector<std::string> const& environment)
{
    auto in = make_pipe();
    auto out = make_pipe();
    do_not_block(in.to);
    do_not_block(out.from);
    std::vector<std::string> const arguments{"sh", "-c", text};
    auto const words = words_of(arguments);
    auto const names = words_of(environment);
    pid_t const parent = ::getpid();

    // No signal of this process finds the child before its handlers are gone.
    sigset_t all;
    sigset_t before;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    id_ = ::fork();
    if (id_ == 0)
        become_shell(parent, in.from.get(), out.to.get(), words.data(), names.data());
    int const why = errno;
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    if (id_ < 0)
        throw std::system_error(why, std::system_category(), "fork");
    ::setpgid(id_, id_);  // whoever is first: from here on there is a group to send signals to
    process_ = descriptor{open_process(id_)};
    if (!process_.is_open()) {
        int const reason = errno;
        static_cast<void>(::kill(-id_, SIGKILL));
        static_cast<void>(collect());
        throw std::system_error(reason, std::system_category(), "pidfd_open");
    }
    input_ = std::move(in.to);
    output_ = std::move(out.from);
}

shell::~shell()
{
    if (id_ < 0)
        return;
    send(SIGKILL);
    static_cast<void>(collect());
}

void shell::send(int signal) const noexcept
{
    if (id_ > 0)
        ::kill(-id_, signal);
}

int shell::collect()
{
    siginfo_t ended{};
    while (::waitid(P_PID, static_cast<id_t>(id_), &ended, WEXITED | WNOWAIT) != 0 &&
           errno == EINTR) {
    }
    // Not collected yet, so its number is still its own, and that of its group.
    send(SIGKILL);
    int status = 0;
    while (::waitpid(id_, &status, 0) < 0 && errno == EINTR) {
    }
    id_ = -1;
    return status;
}

}  // namespace tiebreak::cli
