// A database that is away for a while: the next attempt waits for it as the policy says.
#include "support/captured_log.hpp"
#include "support/shop.hpp"
#include "support/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <filesystem>

namespace tiebreak::test {

namespace {

// Puts the file back when the library has tried in vain for a while.
class bringing_back final : public observer {
public:
    bringing_back(std::string file, int tries) : file_(std::move(file)), tries_(tries) {}

    void retried(errc why, int) noexcept override
    {
        EXPECT_EQ(why, errc::unavailable);
        if (++retries == tries_)
            std::filesystem::rename(file_ + ".away", file_);
    }

    void gave_up(errc why, int attempts) noexcept override
    {
        given_up = why;
        attempts_given_up = attempts;
    }

    int retries = 0;
    errc given_up{};
    int attempts_given_up = 0;

private:
    std::string file_;
    int tries_;
};

class Reconnect : public testing::Test {
protected:
    void take_away() { std::filesystem::rename(file_, file_ + ".away"); }

    temporary_folder folder_;
    std::string file_ = folder_.file("shop.db");
    std::string url_ = "sqlite:" + file_ + "?create=off&gate=off";
    captured_log log_;
};

TEST_F(Reconnect, TheCallableRunsAgainWhenTheDatabaseIsBack)
{
    bringing_back watcher(file_, 3);
    database("sqlite:" + file_ + "?gate=off").execute("CREATE TABLE settings (name, value)");
    database db(url_, {.retry = {.base = std::chrono::microseconds{1}}, .watcher = &watcher});
    int runs = 0;
    db.transact([&](unit_of_work& work) {
        if (++runs == 1) {
            take_away();
            throw error(errc::unavailable, "made up");
        }
        work.add(setting{.name = "n"});
    });
    EXPECT_EQ(runs, 2);
    EXPECT_EQ(watcher.retries, 3);
    EXPECT_EQ(repository<setting>(db).select().count(), 1);
}

TEST_F(Reconnect, ADatabaseThatStaysAwayUsesUpTheAttempts)
{
    bringing_back watcher(file_, 99);
    database("sqlite:" + file_ + "?gate=off").execute("CREATE TABLE settings (name, value)");
    database db(
        url_,
        {.retry = {.attempts_max = 4, .base = std::chrono::microseconds{1}}, .watcher = &watcher});
    int runs = 0;
    try {
        db.transact([&](unit_of_work&) {
            ++runs;
            take_away();
            throw error(errc::unavailable, "made up");
        });
        ADD_FAILURE() << "no error came";
    } catch (error const& failure) {
        EXPECT_EQ(failure.code(), errc::attempts_exhausted);
        ASSERT_NE(failure.last(), nullptr);
        EXPECT_EQ(failure.last()->code(), errc::unavailable);
    }
    EXPECT_EQ(runs, 1);
    EXPECT_EQ(watcher.given_up, errc::attempts_exhausted);
    EXPECT_EQ(watcher.attempts_given_up, 4);

    std::filesystem::rename(file_ + ".away", file_);
    db.transact([](unit_of_work& work) { work.add(setting{.name = "n"}); });
    EXPECT_EQ(repository<setting>(db).select().count(), 1) << "the pool is whole";
}

}  // namespace

}  // namespace tiebreak::test
