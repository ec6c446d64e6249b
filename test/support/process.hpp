// Other processes of a test, made by fork, and memory shared with them.
//
// Safe only while this process has one thread and no open database: start the processes first,
// let each open its own database, and open one here when they have ended. Under ThreadSanitizer a
// process with several threads skips its test instead of forking. A child that becomes another
// program may be started at any time.
#pragma once

#include <chrono>
#include <functional>
#include <new>
#include <sys/types.h>
#include <type_traits>
#include <utility>

namespace tiebreak::test {

// ThreadSanitizer ends a process that starts threads after it was forked from one with several.
#ifdef __SANITIZE_THREAD__
constexpr bool may_have_threads_after_fork = false;
#else
constexpr bool may_have_threads_after_fork = true;
#endif

// What a skipped test says then.
constexpr char const* no_threads_after_fork = "ThreadSanitizer lacks threads_after_fork";

enum class after_fork { stays, becomes_another_program };

// A child that runs a function and exits with what it answered: 0 to 100. An exception or a failed
// expectation inside it is printed and makes the exit code 101.
class child_process {
public:
    explicit child_process(std::function<int()> const& run, after_fork then = after_fork::stays);

    child_process(child_process&& other) noexcept : id_(std::exchange(other.id_, -1)) {}

    child_process& operator=(child_process&&) = delete;
    // Kills the child if it still runs.
    ~child_process();

    // Waits for the end: the exit code, or minus the signal that killed it. Kills the child and
    // fails the running test after the limit.
    int wait(std::chrono::seconds limit = std::chrono::seconds{120});

    // Sends a signal: SIGKILL, SIGSTOP, SIGCONT …
    void send(int signal) const;

    [[nodiscard]] pid_t id() const noexcept { return id_; }

private:
    pid_t id_;
};

// Starts a process, waits for it, answers as `child_process::wait`.
int run_in_process(std::function<int()> const& run);

namespace shared_pages {

[[nodiscard]] void* map_shared(std::size_t size);
void unmap_shared(void* at, std::size_t size) noexcept;

}  // namespace shared_pages

// One object in memory that processes forked later share, for example a std::atomic<int>.
template <class T>
requires std::is_trivially_destructible_v<T>

class shared_value {
public:
    template <class... Arguments>
    explicit shared_value(Arguments&&... arguments)
        : at_(::new (shared_pages::map_shared(sizeof(T))) T(std::forward<Arguments>(arguments)...))
    {
    }

    shared_value(shared_value const&) = delete;
    shared_value& operator=(shared_value const&) = delete;

    ~shared_value() { shared_pages::unmap_shared(at_, sizeof(T)); }

    [[nodiscard]] T& operator*() const noexcept { return *at_; }

    [[nodiscard]] T* operator->() const noexcept { return at_; }

private:
    T* at_;
};

}  // namespace tiebreak::test
