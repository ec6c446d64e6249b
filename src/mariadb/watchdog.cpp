// The thread, and the handshake between it and the calls it ends.
#include "mariadb/watchdog.hpp"

#include "mariadb/generation.hpp"

#include <algorithm>
#include <atomic>
#include <fcntl.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <utility>

namespace tiebreak::mariadb {

namespace {

using std::chrono::steady_clock;

// How long a killed statement may take to stop before the link counts as dead.
constexpr std::chrono::seconds stopping_time{5};

// How long a server that could not be reached is taken for dead.
constexpr std::chrono::seconds away_for{5};

}  // namespace

class watchdog {
public:
    watchdog() = default;
    watchdog(watchdog const&) = delete;
    watchdog& operator=(watchdog const&) = delete;

    ~watchdog()
    {
        {
            std::lock_guard const lock(mutex_);
            stopping_ = true;
        }
        changed_.notify_all();
        if (thread_.joinable())
            thread_.join();
    }

    // The one of this process; its thread ends with the last connection.
    [[nodiscard]] static std::shared_ptr<watchdog> get();

    void add(watched& one)
    {
        std::lock_guard const lock(mutex_);
        one.next_ = first_;
        if (first_ != nullptr)
            first_->previous_ = &one;
        first_ = &one;
    }

    void remove(watched& one) noexcept
    {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return !one.held_; });
        if (one.next_ != nullptr)
            one.next_->previous_ = one.previous_;
        (one.previous_ != nullptr ? one.previous_->next_ : first_) = one.next_;
    }

    // Called after the deadline was noted in its `watched`. While the thread looks around,
    // `looks_at_` is at its end, so nothing set meanwhile is missed.
    void look_before(sql::deadline at) noexcept
    {
        if (looks_at_.load() <= at)
            return;
        std::lock_guard const lock(mutex_);
        if (looks_at_.load() <= at)
            return;
        looks_at_.store(at);
        if (!thread_.joinable())
            thread_ = std::thread([this] { run(); });
        changed_.notify_all();
    }

    // For the thread alone.
    [[nodiscard]] bool is_away(std::size_t server) const noexcept
    {
        return server == away_ && steady_clock::now() < away_until_;
    }

    void found_away(std::size_t server) noexcept
    {
        away_ = server;
        away_until_ = steady_clock::now() + away_for;
    }

private:
    void run() noexcept;

    std::size_t away_ = 0;  // the last server that could not be reached
    sql::deadline away_until_{};
    std::mutex mutex_;
    std::condition_variable changed_;
    std::atomic<sql::deadline> looks_at_{sql::deadline::max()};
    watched* first_ = nullptr;
    std::thread thread_;
    bool stopping_ = false;
};

std::shared_ptr<watchdog> watchdog::get()
{
    struct place {
        std::mutex mutex;
        std::weak_ptr<watchdog> dog;
        unsigned int generation = mariadb::generation();
    };

    // never destroyed: connections may outlive every static object; a child has its own, because a
    // thread that is not there may hold the parent's
    static std::atomic<place*> current{new place};
    auto* here = current.load();
    if (here->generation != generation()) {
        auto* const fresh = new place;  // NOLINT: lives as long as the process
        if (current.compare_exchange_strong(here, fresh))
            here = fresh;
        else
            delete fresh;
    }
    std::lock_guard const lock(here->mutex);
    auto dog = here->dog.lock();
    if (!dog) {
        dog = std::make_shared<watchdog>();
        here->dog = dog;
    }
    return dog;
}

void watchdog::run() noexcept
{
    std::unique_lock lock(mutex_);
    while (!stopping_) {
        looks_at_.store(sql::deadline::max());
        auto earliest = sql::deadline::max();
        watched* due = nullptr;
        auto const now = steady_clock::now();
        for (auto* one = first_; one != nullptr && due == nullptr; one = one->next_) {
            auto const at = one->next();
            if (at <= now)
                due = one;
            earliest = std::min(earliest, at);
        }
        if (due != nullptr) {
            due->held_ = true;
            lock.unlock();
            due->act();
            lock.lock();
            due->held_ = false;
            changed_.notify_all();
            continue;
        }
        looks_at_.store(earliest);
        if (earliest == sql::deadline::max())
            changed_.wait(lock);
        else
            changed_.wait_until(lock, earliest);
    }
}

watched::watched(int socket, std::unique_ptr<killer> with)
    : dog_(watchdog::get()), killer_(std::move(with)), socket_(::fcntl(socket, F_DUPFD_CLOEXEC, 3))
{
    dog_->add(*this);
}

watched::~watched()
{
    dog_->remove(*this);
    if (socket_ >= 0)
        ::close(socket_);
}

void watched::begin(sql::deadline kill, sql::deadline cut) noexcept
{
    {
        std::lock_guard const lock(mutex_);
        ++number_;
        running_ = true;
        kill_at_ = kill;
        cut_at_ = cut;
    }
    if (auto const first = std::min(kill, cut); first != sql::deadline::max())
        dog_->look_before(first);
}

bool watched::end() noexcept
{
    std::unique_lock lock(mutex_);
    running_ = false;
    sent_.wait(lock, [this] { return !sending_; });
    return killed_;
}

sql::deadline watched::next() noexcept
{
    std::lock_guard const lock(mutex_);
    return running_ ? std::min(kill_at_, cut_at_) : sql::deadline::max();
}

void watched::act() noexcept
{
    std::uint64_t number = 0;
    {
        std::lock_guard const lock(mutex_);
        auto const now = steady_clock::now();
        if (!running_)
            return;
        if (now >= cut_at_)
            return cut_off();
        if (now < kill_at_)
            return;
        number = number_;
    }
    bool const reached = reach_server();
    {
        std::lock_guard const lock(mutex_);
        if (!running_ || number_ != number)
            return;
        kill_at_ = sql::deadline::max();
        if (!reached)
            return cut_off();
        sending_ = true;
        killed_ = true;
    }
    bool const stopped = killer_->kill();
    {
        std::lock_guard const lock(mutex_);
        sending_ = false;
        if (running_ && number_ == number) {
            cut_at_ = stopped ? std::min(cut_at_, steady_clock::now() + stopping_time)
                              : steady_clock::now();
        }
        // under the lock: the call may end, and this object with it, right after
        sent_.notify_all();
    }
}

bool watched::reach_server() noexcept
{
    if (dog_->is_away(killer_->server()))
        return false;
    if (killer_->connect())
        return true;
    dog_->found_away(killer_->server());
    return false;
}

void watched::cut_off() noexcept
{
    ::shutdown(socket_, SHUT_RDWR);
    kill_at_ = sql::deadline::max();
    cut_at_ = sql::deadline::max();
}

}  // namespace tiebreak::mariadb
