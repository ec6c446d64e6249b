// Deadlines: statements and waits end at theirs, a COMMIT never does, and a kill meets nobody else.
#include "fixture.hpp"
#include "mariadb/watchdog.hpp"
#include "support/fault_proxy.hpp"

#include <atomic>
#include <sys/socket.h>

namespace tiebreak::mariadb {
namespace {

using begin = sql::begin_mode;
using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

class MariaDeadline : public MariaServer {};

TEST_F(MariaDeadline, EndsAStatement)
{
    auto const on = open();
    auto const sleep = on->prepare("SELECT SLEEP(100), COUNT(*) FROM seq_1_to_2");
    auto const start = steady_clock::now();
    on->set_deadline(in(milliseconds{50}));
    auto const e = error_of([&] { static_cast<void>(sleep->first({})); });
    EXPECT_EQ(e.code(), errc::deadline_exceeded) << e.what();
    EXPECT_TRUE(names_code(e, ER_QUERY_INTERRUPTED)) << e.server_message();
    EXPECT_GE(steady_clock::now() - start, milliseconds{50});
    EXPECT_LT(steady_clock::now() - start, seconds{5});
    EXPECT_FALSE(on->alive()) << "the kill could meet a later statement";
}

TEST_F(MariaDeadline, EndsAWaitForALock)
{
    make_counter();
    stranger other(url());
    ASSERT_EQ(other.ask("BEGIN"), "");
    ASSERT_EQ(other.ask("UPDATE counter SET n = 50 WHERE id = 1"), "");
    auto const on = open();
    on->begin(begin::write, isolation::engine_default);
    run(*on, add_one_to_other);
    on->set_deadline(in(milliseconds{50}));
    auto const e = error_of([&] { run(*on, add_one); });
    EXPECT_EQ(e.code(), errc::lock_timeout) << e.what();
    EXPECT_EQ(e.when(), phase::in_transaction);
    EXPECT_TRUE(on->in_transaction());
    EXPECT_THROW(run(*on, add_one), std::logic_error);
    on->rollback();
    EXPECT_FALSE(on->alive());
    EXPECT_EQ(counted(2), "0");
    EXPECT_EQ(error_of([&] { on->begin(begin::write, isolation::engine_default); }).code(),
              errc::unavailable);
}

TEST_F(MariaDeadline, EndsAWriteOnItsOwnWithoutDoubt)
{
    make_counter();
    stranger other(url());
    ASSERT_EQ(other.ask("BEGIN"), "");
    ASSERT_EQ(other.ask("UPDATE counter SET n = 50 WHERE id = 1"), "");
    auto const on = open();
    on->set_deadline(in(milliseconds{50}));
    auto const e = error_of([&] { run(*on, add_one); });
    EXPECT_EQ(e.code(), errc::lock_timeout) << e.what();
    EXPECT_EQ(e.when(), phase::in_transaction);
    EXPECT_FALSE(on->alive());
    ASSERT_EQ(other.ask("COMMIT"), "");
    EXPECT_EQ(counted(), "50");
}

TEST_F(MariaDeadline, ThatHasPassedSendsNothing)
{
    make_counter();
    auto const on = open();
    auto const update = on->prepare(add_one);
    on->set_deadline(steady_clock::now());
    auto const e = error_of([&] { update->execute({}); });
    EXPECT_EQ(e.code(), errc::deadline_exceeded);
    EXPECT_EQ(counted(), "0");
    EXPECT_TRUE(on->alive());
    on->set_deadline(sql::deadline::max());
    EXPECT_EQ(update->execute({}), 1);
}

TEST_F(MariaDeadline, DoesNotCutACommitShort)
{
    make_counter();
    auto const on = open();
    auto const id = id_of(*on);
    on->begin(begin::write, isolation::engine_default);
    run(*on, add_one);
    stranger holder(url());
    ASSERT_EQ(holder.ask("BACKUP STAGE START"), "");
    ASSERT_EQ(holder.ask("BACKUP STAGE BLOCK_COMMIT"), "");
    auto const deadline = in(milliseconds{30});
    on->set_deadline(deadline);
    std::thread later([&] {
        wait_until_running(id, "COMMIT");
        std::this_thread::sleep_until(deadline + milliseconds{100});
        EXPECT_EQ(holder.ask("BACKUP STAGE END"), "");
    });
    on->commit();
    later.join();
    EXPECT_GT(steady_clock::now(), deadline);
    EXPECT_EQ(counted(), "1");
    EXPECT_TRUE(on->alive());
}

TEST_F(MariaDeadline, ManyConnectionsEndAtTheirs)
{
    constexpr int several = 8;
    std::atomic<int> ended{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < several; ++i) {
        threads.emplace_back([&, i] {
            auto const on = open();
            auto const quick = on->prepare("SELECT 1");
            auto const slow = on->prepare("SELECT SLEEP(100)");
            for (int times = 0; times < 50; ++times) {
                on->set_deadline(in(seconds{10 + i}));
                quick->execute({});
            }
            on->set_deadline(in(milliseconds{20 * (i + 1)}));
            auto const e = error_of([&] { slow->execute({}); });
            if (e.code() == errc::deadline_exceeded)
                ++ended;
        });
    }
    for (auto& each : threads)
        each.join();
    EXPECT_EQ(ended, several);
}

TEST_F(MariaDeadline, ADeadLinkEndsAStatementSoonAfter)
{
    make_counter();
    auto const port =
        static_cast<std::uint16_t>(options_of(base::parse_url(server_), nullptr).servers[0].port);
    test::fault_proxy proxy(port);
    auto const on = open_at(proxy.through(url()));
    on->begin(begin::write, isolation::engine_default);
    run(*on, add_one);
    // nothing of the answer arrives, and no end of the connection either
    proxy.arm({.when_sent = "n = 77", .what = test::fault::cut_reply, .bytes = 0});
    on->set_deadline(in(milliseconds{100}));
    auto const e = error_of([&] { run(*on, "UPDATE counter SET n = 77"); });
    EXPECT_EQ(e.when(), phase::in_transaction);
    EXPECT_TRUE(e.code() == errc::unavailable || e.code() == errc::lock_timeout) << e.what();
    EXPECT_FALSE(on->alive());
    on->rollback();
    wait_until("(SELECT n FROM counter WHERE id = 1) = 0");
}

// --- the watchdog itself
// --------------------------------------------------------------------------
class recorded_killer final : public killer {
public:
    struct record {
        std::atomic<int> connected{0};
        std::atomic<int> killed{0};
        std::atomic<bool> is_reachable{true};
        std::atomic<bool> shall_connect{true};  // else it takes its time
    };

    explicit recorded_killer(record& to) : to_(to) {}

    std::size_t server() const noexcept override { return 1; }

    bool connect() noexcept override
    {
        ++to_.connected;
        to_.shall_connect.wait(false);
        return to_.is_reachable;
    }

    bool kill() noexcept override
    {
        ++to_.killed;
        return true;
    }

private:
    record& to_;
};

class MariaWatchdog : public testing::Test {
protected:
    MariaWatchdog()
    {
        EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, sockets_), 0);
        call_ = std::make_unique<watched>(sockets_[0], std::make_unique<recorded_killer>(record_));
    }

    ~MariaWatchdog() override
    {
        call_.reset();
        for (int const one : sockets_)
            ::close(one);
    }

    // Blocks until the socket was shut down.
    void wait_for_the_cut() const
    {
        char byte = 0;
        EXPECT_EQ(::recv(sockets_[0], &byte, 1, 0), 0);
    }

    [[nodiscard]] bool is_cut() const
    {
        char byte = 0;
        return ::recv(sockets_[0], &byte, 1, MSG_DONTWAIT | MSG_PEEK) == 0;
    }

    void wait_until_connecting() const
    {
        while (record_.connected == 0)
            std::this_thread::yield();
    }

    recorded_killer::record record_;
    int sockets_[2]{};
    std::unique_ptr<watched> call_;
};

TEST_F(MariaWatchdog, LeavesACallAloneThatEndsInTime)
{
    for (int i = 0; i < 1000; ++i) {
        call_->begin(in(seconds{10}), in(seconds{20}));
        EXPECT_FALSE(call_->end());
    }
    EXPECT_EQ(record_.connected, 0);
    EXPECT_FALSE(is_cut());
}

TEST_F(MariaWatchdog, KillsAtTheDeadline)
{
    auto const deadline = in(milliseconds{20});
    call_->begin(deadline, sql::deadline::max());
    while (record_.killed == 0)
        std::this_thread::yield();
    EXPECT_GE(steady_clock::now(), deadline);
    EXPECT_TRUE(call_->end());
    EXPECT_EQ(record_.killed, 1);
    EXPECT_FALSE(is_cut());
}

TEST_F(MariaWatchdog, OfAServerThatCannotBeReachedTheOtherCallsAreCutAtOnce)
{
    record_.is_reachable = false;
    call_->begin(in(milliseconds{1}), sql::deadline::max());
    wait_for_the_cut();
    EXPECT_FALSE(call_->end());
    int others[2]{};
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, others), 0);
    {
        watched other(others[0], std::make_unique<recorded_killer>(record_));
        other.begin(in(milliseconds{1}), sql::deadline::max());
        char byte = 0;
        EXPECT_EQ(::recv(others[0], &byte, 1, 0), 0) << "cut";
        EXPECT_FALSE(other.end());
    }
    EXPECT_EQ(record_.connected, 1) << "nobody waited for another connection";
    EXPECT_EQ(record_.killed, 0);
    for (int const one : others)
        ::close(one);
}

TEST_F(MariaWatchdog, AnEarlierDeadlineThanTheOneSleptForIsNoticed)
{
    call_->begin(in(seconds{60}), sql::deadline::max());
    EXPECT_FALSE(call_->end());
    call_->begin(in(milliseconds{5}), sql::deadline::max());
    while (record_.killed == 0)
        std::this_thread::yield();
    EXPECT_TRUE(call_->end());
}

TEST_F(MariaWatchdog, ACallThatEndsWhileItConnectsIsNotKilledAndNeitherIsTheNext)
{
    record_.shall_connect = false;
    call_->begin(in(milliseconds{1}), sql::deadline::max());
    wait_until_connecting();
    EXPECT_FALSE(call_->end());
    call_->begin(sql::deadline::max(), sql::deadline::max());
    record_.shall_connect = true;
    record_.shall_connect.notify_all();
    call_.reset();  // waits until the thread has let go of it
    EXPECT_EQ(record_.killed, 0);
}

TEST_F(MariaWatchdog, ShutsTheSocketDownWhenTheServerCannotBeReached)
{
    record_.is_reachable = false;
    call_->begin(in(milliseconds{1}), sql::deadline::max());
    wait_for_the_cut();
    EXPECT_EQ(record_.killed, 0);
    EXPECT_FALSE(call_->end());
}

TEST_F(MariaWatchdog, ShutsTheSocketDownWithoutAKillWhenThatIsAllThatWasAsked)
{
    call_->begin(sql::deadline::max(), in(milliseconds{5}));
    wait_for_the_cut();
    EXPECT_EQ(record_.connected, 0);
    EXPECT_FALSE(call_->end());
}

}  // namespace
}  // namespace tiebreak::mariadb
