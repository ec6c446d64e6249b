#include "bench/contention/rivals.hpp"

#include <tiebreak/database.hpp>
#include <tiebreak/schema.hpp>

#include <boost/describe.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <limits>
#include <new>
#include <stdexcept>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace contention {

struct hit_counter {
    std::int64_t id = 0;
    std::int64_t hits = 0;
    tiebreak::version version{};
};

BOOST_DESCRIBE_STRUCT(hit_counter, (), (id, hits, version))

constexpr auto mapping_of(hit_counter const*)
{
    return tiebreak::map<hit_counter>("hit_counters", tiebreak::key<&hit_counter::id>);
}

namespace {

using std::chrono::steady_clock;

constexpr int processes_max = 64;
constexpr auto look_again = std::chrono::microseconds{1000};

}  // namespace

// Shared by all processes. A slice has begun while `round` is odd.
struct rivals::board {
    struct alignas(64) place {
        std::atomic<std::int64_t> commits{0};
        std::atomic<std::int64_t> longest_ns{0};
    };

    std::atomic<int> round{0};
    std::atomic<int> active{0};
    std::atomic<int> ready{0};
    std::atomic<bool> end{false};
    std::array<place, processes_max> places{};
};

void make_row(std::string const& url)
{
    tiebreak::database db(url);
    tiebreak::create_table<hit_counter>(db);
    db.transact([](tiebreak::unit_of_work& work) { work.add(hit_counter{.id = 1}); });
}

audit read_row(std::string const& url, std::int64_t commits)
{
    tiebreak::database db(url);
    auto const row = tiebreak::repository<hit_counter>(db).find(1);
    if (!row)
        throw std::runtime_error("the row is gone");
    return {.counter = row->hits, .version = row->version.value(), .commits = commits};
}

rivals::rivals(std::string const& url, int processes)
{
    if (processes < 1 || processes > processes_max)
        throw std::runtime_error("between 1 and 64 processes");
    void* const at =
        ::mmap(nullptr, sizeof(board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED)
        throw std::runtime_error("no shared memory");
    board_ = ::new (at) board;
    std::fflush(nullptr);
    for (int i = 0; i < processes; ++i) {
        auto const id = ::fork();
        if (id == 0)
            work(url, i);
        if (id < 0)
            throw std::runtime_error("cannot start a process");
        processes_.push_back(id);
    }
    wait_until_ready(processes);
}

rivals::~rivals()
{
    for (auto const id : processes_) {
        ::kill(id, SIGKILL);
        ::waitpid(id, nullptr, 0);
    }
    ::munmap(board_, sizeof(board));
}

void rivals::work(std::string const& url, int me)
{
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    try {
        tiebreak::database db(url);
        auto& place = board_->places[static_cast<std::size_t>(me)];
        auto const hit = [](tiebreak::unit_of_work& work) { work.load<hit_counter>(1).hits += 1; };
        auto last = board_->round.load();
        ++board_->ready;
        while (!board_->end) {
            auto const round = board_->round.load();
            if (round == last) {
                std::this_thread::sleep_for(look_again);
                continue;
            }
            last = round;
            for (; me < board_->active && board_->round == round; ++place.commits) {
                auto const start = steady_clock::now();
                db.transact(hit, {.pessimistic = true});
                auto const took = (steady_clock::now() - start) / std::chrono::nanoseconds{1};
                if (took > place.longest_ns)
                    place.longest_ns = took;
            }
            ++board_->ready;
        }
    } catch (std::exception const& wrong) {
        std::fprintf(stderr, "process %d: %s\n", me, wrong.what());
        ::_exit(1);
    }
    ::_exit(0);
}

void rivals::wait_until_ready(int how_many) const
{
    while (board_->ready < how_many) {
        for (auto const id : processes_)
            if (::waitpid(id, nullptr, WNOHANG) != 0)
                throw std::runtime_error("a process has ended early");
        std::this_thread::sleep_for(look_again);
    }
    board_->ready = 0;
}

slice rivals::run(int active, std::chrono::milliseconds how_long)
{
    auto const everybody = static_cast<int>(processes_.size());
    std::vector<std::int64_t> before;
    for (auto& place : board_->places) {
        before.push_back(place.commits);
        place.longest_ns = 0;
    }
    board_->active = active;
    auto const start = steady_clock::now();
    ++board_->round;
    std::this_thread::sleep_for(how_long);
    board_->active = 0;
    // everybody reports; who is in the middle of a commit finishes it first
    wait_until_ready(everybody);
    auto const seconds = std::chrono::duration<double>(steady_clock::now() - start).count();

    std::int64_t total = 0;
    std::int64_t least = std::numeric_limits<std::int64_t>::max();
    std::int64_t most = 0;
    std::int64_t longest_ns = 0;
    for (int i = 0; i < active; ++i) {
        auto const& place = board_->places[static_cast<std::size_t>(i)];
        auto const commits = place.commits - before[static_cast<std::size_t>(i)];
        total += commits;
        least = std::min(least, commits);
        most = std::max(most, commits);
        longest_ns = std::max(longest_ns, place.longest_ns.load());
    }
    return {.rate = static_cast<double>(total) / seconds,
            .fairness = most == 0 ? 0 : static_cast<double>(least) / static_cast<double>(most),
            .longest_wait_ms = static_cast<double>(longest_ns) / 1e6};
}

std::int64_t rivals::finish()
{
    board_->end = true;
    for (auto const id : processes_) {
        int status = 0;
        ::waitpid(id, &status, 0);
        if (status != 0)
            throw std::runtime_error("a process has ended with an error");
    }
    processes_.clear();
    std::int64_t commits = 0;
    for (auto const& place : board_->places)
        commits += place.commits;
    return commits;
}

}  // namespace contention
