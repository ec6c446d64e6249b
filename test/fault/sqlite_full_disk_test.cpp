// A SQLite file that cannot grow: every answered commit stays, the refused one leaves nothing, and
// work goes on when there is room again.
#include <tiebreak/database.hpp>

#include "support/checks.hpp"
#include "support/process.hpp"
#include "support/shop.hpp"
#include "support/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <csignal>
#include <string>
#include <sys/resource.h>

namespace tiebreak::test {
namespace {

class FullDisk : public testing::Test {
protected:
    FullDisk()
    {
        database db(url());
        create_shop(db);
    }

    [[nodiscard]] std::string url() const { return "sqlite:" + folder_.file("shop.db"); }

    static void add(database& db, std::int64_t number)
    {
        db.transact([&](unit_of_work& work) {
            work.add(book{.title = std::to_string(number), .text = std::string(20'000, 'x')});
        });
    }

    temporary_folder folder_;
};

TEST_F(FullDisk, AnsweredCommitsStayAndTheRefusedOneLeavesNothing)
{
    shared_value<std::atomic<std::int64_t>> const answered(0);
    auto const code = run_in_process([&] {
        std::signal(SIGXFSZ, SIG_IGN);
        ::rlimit const half_a_megabyte{512 * 1024, RLIM_INFINITY};
        EXPECT_EQ(::setrlimit(RLIMIT_FSIZE, &half_a_megabyte), 0);
        database db(url());
        auto const refused = error_of([&] {
            for (;;) {
                add(db, *answered);
                ++*answered;
            }
        });
        EXPECT_TRUE(refused);
        EXPECT_EQ(refused->code(), errc::backend_failure);
        EXPECT_EQ(rows_of<book>(db), *answered);

        ::rlimit const no_limit{RLIM_INFINITY, RLIM_INFINITY};
        EXPECT_EQ(::setrlimit(RLIMIT_FSIZE, &no_limit), 0);
        add(db, *answered);  // the same connection
        ++*answered;
        return 0;
    });
    EXPECT_EQ(code, 0);
    EXPECT_GT(*answered, 2);
    database db(url());
    EXPECT_EQ(rows_of<book>(db), *answered);
}

TEST_F(FullDisk, ADatabaseThatMayNotGrowRefusesTheUnitAsAWhole)
{
    auto const before = [&] {
        database db(url() + "?pool=1");
        add(db, 0);
        // of this connection only
        static_cast<void>(db.transact([](unit_of_work& work) {
            return work.query<std::int64_t>("PRAGMA max_page_count = 60");
        }));
        auto const refused = error_of([&] {
            db.transact([](unit_of_work& work) {
                work.load<book>(1).price = 5;
                for (int i = 0; i < 40; ++i)
                    work.add(book{.title = "more", .text = std::string(20'000, 'x')});
            });
        });
        EXPECT_TRUE(refused);
        EXPECT_EQ(refused->code(), errc::backend_failure);
        EXPECT_STREQ(refused->what(), "the disk or the database is full");
        return rows_of<book>(db);
    }();
    EXPECT_EQ(before, 1);
    database db(url());
    EXPECT_EQ(rows_of<book>(db), 1);
    EXPECT_EQ(stored<book>(db, 1).price, 0);
    EXPECT_EQ(stored<book>(db, 1).version.value(), 1);
}

TEST_F(FullDisk, AUnitThatSwallowsTheErrorIsNotCommitted)
{
    database db(url() + "?pool=1");
    add(db, 0);
    static_cast<void>(db.transact(
        [](unit_of_work& work) { return work.query<std::int64_t>("PRAGMA max_page_count = 60"); }));
    auto const refused = error_of([&] {
        db.transact([](unit_of_work& work) {
            work.load<book>(1).price = 5;
            for (int i = 0; i < 40; ++i)
                work.add(book{.title = "more", .text = std::string(20'000, 'x')});
            try {
                work.flush();
            } catch (error const&) {
            }
        });
    });
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->code(), errc::backend_failure);
    EXPECT_EQ(rows_of<book>(db), 1);
    EXPECT_EQ(stored<book>(db, 1).price, 0);
}

}  // namespace
}  // namespace tiebreak::test
