// See process.hpp.
#include "support/process.hpp"

#include <tiebreak/error.hpp>

#include <gtest/gtest.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <iterator>
#include <string>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <system_error>
#include <thread>
#include <unistd.h>

namespace tiebreak::test {

namespace {

constexpr int failed_exit_code = 101;

int run_and_report(std::function<int()> const& run)
{
    try {
        int const code = run();
        return testing::Test::HasFailure() ? failed_exit_code : code;
    } catch (error const& e) {
        std::fprintf(stderr,
                     "a child process threw: %s %s\n",
                     e.what(),
                     std::string(e.server_message()).c_str());
    } catch (std::exception const& e) {
        std::fprintf(stderr, "a child process threw: %s\n", e.what());
    } catch (...) {
        std::fprintf(stderr, "a child process threw\n");
    }
    return failed_exit_code;
}

void skip_where_threads_would_be_lost()
{
    namespace fs = std::filesystem;
    constexpr auto the_first_and_the_sanitizers = 2;
    auto const threads = std::distance(fs::directory_iterator("/proc/self/task"), {});
    if (may_have_threads_after_fork || threads <= the_first_and_the_sanitizers)
        return;
    [] { GTEST_SKIP() << no_threads_after_fork; }();
    throw testing::AssertionException(testing::TestPartResult(
        testing::TestPartResult::kSkip, __FILE__, __LINE__, no_threads_after_fork));
}

int code_of(int status)
{
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

}  // namespace

child_process::child_process(std::function<int()> const& run, after_fork then)
{
    if (then == after_fork::stays)
        skip_where_threads_would_be_lost();
    std::fflush(nullptr);
    id_ = ::fork();
    if (id_ < 0)
        throw std::system_error(errno, std::generic_category(), "fork");
    if (id_ == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // a killed test leaves no process behind
        int const code = run_and_report(run);
        std::fflush(nullptr);
        ::_exit(code);  // not exit: the parent's static objects are the parent's to end
    }
}

child_process::~child_process()
{
    if (id_ <= 0)
        return;
    ::kill(id_, SIGKILL);
    ::waitpid(id_, nullptr, 0);
}

int child_process::wait(std::chrono::seconds limit)
{
    auto const until = std::chrono::steady_clock::now() + limit;
    int status = 0;
    for (;;) {
        pid_t const ended = ::waitpid(id_, &status, WNOHANG);
        if (ended == id_)
            break;
        if (ended < 0)
            throw std::system_error(errno, std::generic_category(), "waitpid");
        if (std::chrono::steady_clock::now() > until) {
            ADD_FAILURE() << "a child process did not end within " << limit.count() << " s";
            ::kill(id_, SIGKILL);
            ::waitpid(id_, &status, 0);
            break;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds{1});  // polling for the end only
    }
    id_ = -1;
    return code_of(status);
}

void child_process::send(int signal) const
{
    if (::kill(id_, signal) != 0)
        throw std::system_error(errno, std::generic_category(), "kill");
}

int run_in_process(std::function<int()> const& run)
{
    return child_process{run}.wait();
}

namespace shared_pages {

void* map_shared(std::size_t size)
{
    void* const at =
        ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED)
        throw std::system_error(errno, std::generic_category(), "mmap");
    return at;
}

void unmap_shared(void* at, std::size_t size) noexcept
{
    ::munmap(at, size);
}

}  // namespace shared_pages

}  // namespace tiebreak::test
