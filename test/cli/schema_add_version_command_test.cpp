// `tiebreak schema add-version`: its words, its exit codes, and kills of the real program.
#include <tiebreak/database.hpp>

#include "cli/started_program.hpp"
#include "support/barrier.hpp"
#include "support/engines.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <thread>

namespace tiebreak::test {

namespace {

class AddVersionCommand : public engine_test {
protected:
    void SetUp() override
    {
        engine_test::SetUp();
        if (!HasFatalFailure())
            fresh().allow_leftovers();  // of programs that are killed
    }

    // As a migration that ended half-way leaves it.
    void make_table(int rows)
    {
        db().execute("CREATE TABLE items (id INTEGER PRIMARY KEY, amount INTEGER)");
        add_rows(1, rows);
        db().execute("ALTER TABLE items ADD COLUMN version BIGINT");
    }

    void add_rows(int from, int rows)
    {
        db().transact([&](unit_of_work& work) {
            for (int id = from; id < from + rows; ++id)
                work.execute("INSERT INTO items (id, amount) VALUES (" + std::to_string(id) +
                             ", 0)");
        });
    }

    std::int64_t number(std::string const& sql)
    {
        return db().read([&](snapshot& view) { return view.query<std::int64_t>(sql).at(0); });
    }

    std::vector<std::string> command(std::vector<std::string> more = {})
    {
        std::vector<std::string> words{"schema", "add-version", "items", "--db", fresh().url()};
        words.insert(words.end(), more.begin(), more.end());
        return words;
    }

    void expect_complete(std::int64_t rows)
    {
        auto const answer = run_program(command({"--guard"}));
        EXPECT_EQ(answer.exit_code, 0) << answer.err;
        EXPECT_EQ(number("SELECT count(*) FROM items WHERE version = 1"), rows);
        EXPECT_ANY_THROW(db().execute("INSERT INTO items (id, version) VALUES (-1, NULL)"));
        db().execute("UPDATE items SET amount = 1 WHERE id = 1");
        EXPECT_EQ(number("SELECT version FROM items WHERE id = 1"), 2);
    }
};

TEST_P(AddVersionCommand, SaysWhatItDoesAndThenThatNothingIsToDo)
{
    make_table(100);
    close();
    auto const first = run_program(command({"--guard"}));
    EXPECT_EQ(first.exit_code, 0) << first.err;
    EXPECT_TRUE(contains(first.out, "items: filling the rows whose version is NULL")) << first.out;
    EXPECT_TRUE(contains(first.out, "items: making version NOT NULL")) << first.out;
    EXPECT_TRUE(contains(first.out,
                         "items: done: version is NOT NULL, new rows get 1, guarded by the "
                         "trigger tiebreak_guard_items"))
        << first.out;
    EXPECT_TRUE(first.err.empty()) << "no progress where there is no terminal: " << first.err;
    auto const second = run_program(command());
    EXPECT_EQ(second.exit_code, 0) << second.err;
    EXPECT_EQ(second.out, "items: nothing to do: version is NOT NULL, new rows get 1\n");
}

TEST_P(AddVersionCommand, AMistakeIsOneLine)
{
    auto const expect_line = [](program_answer const& answer, std::string_view word) {
        EXPECT_EQ(answer.exit_code, 2) << answer.out;
        EXPECT_EQ(lines_in(answer.err), 1u) << answer.err;
        EXPECT_TRUE(contains(answer.err, word)) << answer.err;
    };
    static_cast<void>(db());  // the file is there
    close();
    expect_line(run_program(command()), "there is no table items here");
    db().execute("CREATE TABLE items (id INTEGER PRIMARY KEY, version VARCHAR(5))");
    close();
    expect_line(run_program(command()), "is of the type");
    expect_line(run_program(command({"--unversioned", "id"})), "guard");
    expect_line(run_program(command({"--guard", "--unversioned", "id,nothing"})), "is of the type");
    expect_line(run_program(command({"--lock-wait", "0"})), "--lock-wait");
    expect_line(run_program(command({"--patience", "-1"})), "--patience");
    expect_line(run_program(command({"--column", ""})), "1 to 255 bytes");
    expect_line(run_program({"schema", "add-version", "--db", fresh().url()}), "table");
    expect_line(run_program({"schema", "add-version", "a\nb\x1b[31m", "--db", fresh().url()}),
                "there is no table a?b?[31m here");
}

// Holds row 1, and so the table, until it is killed.
child_process holder_of(fresh_database& of)
{
    barrier held(2);
    child_process holder([&] {
        auto own = of.open();
        own.transact([&](unit_of_work& work) {
            work.execute("UPDATE items SET amount = 1 WHERE id = 1");
            held.wait();
            for (;;)
                ::pause();
        });
        return 0;
    });
    held.wait();
    return holder;
}

TEST_P(AddVersionCommand, ATableInUseForTooLongIsANoThatCanBeRepeated)
{
    db().execute("CREATE TABLE items (id INTEGER PRIMARY KEY, amount INTEGER)");
    add_rows(1, 10);
    close();
    auto holder = holder_of(fresh());
    auto const refused = run_program(command({"--patience", "0.2", "--lock-wait", "50"}));
    EXPECT_EQ(refused.exit_code, 1) << refused.out << refused.err;
    EXPECT_TRUE(contains(refused.err, "the table items is in use")) << refused.err;
    EXPECT_TRUE(contains(refused.err, "run the same again")) << refused.err;
    holder.send(SIGKILL);
    holder.wait();
    expect_complete(10);
}

TEST_P(AddVersionCommand, CtrlCEndsItBetweenTwoSteps)
{
    make_table(10);
    close();
    auto holder = holder_of(fresh());
    started_program waiting(command({"--lock-wait", "50"}));
    EXPECT_TRUE(waiting.wait_for_text("waiting: others hold the table")) << waiting.written();
    waiting.send(SIGINT);
    auto const answer = waiting.wait();
    EXPECT_EQ(answer.exit_code, 128 + SIGINT) << answer.err;
    EXPECT_TRUE(contains(answer.err, "interrupted: the table is whole")) << answer.err;
    holder.send(SIGKILL);
    holder.wait();
    expect_complete(10);
}

TEST_P(AddVersionCommand, AKillInAnyStepIsRepairedByTheSameCommand)
{
    constexpr int rows = 1000;
    int number_of = 0;
    for (auto const* step :
         {"giving new rows", "filling the rows", "making version NOT NULL", "making the trigger"}) {
        SCOPED_TRACE(step);
        make_table(rows);
        close();
        started_program migration(command({"--guard"}));
        if (migration.wait_for_text(step)) {
            for (int i = 0; i < number_of * 20; ++i)
                std::this_thread::yield();
            migration.send(SIGKILL);
            ++number_of;
        }
        static_cast<void>(migration.wait());
        expect_complete(rows);
        db().execute("DROP TABLE items");
    }
    EXPECT_GE(number_of, 3);
}

TEST_P(AddVersionCommand, AKillAtAnyMomentIsRepairedByTheSameCommand)
{
    constexpr int rounds = 8;
    constexpr int rows = 1000;
    for (int round = 0; round < rounds; ++round) {
        make_table(rows);
        close();
        started_program migration(command({"--guard"}));
        for (int spin = 0; spin < round * 3000; ++spin)
            std::this_thread::yield();
        migration.send(SIGKILL);
        static_cast<void>(migration.wait());
        add_rows(rows + 1, 5);
        expect_complete(rows + 5);
        db().execute("DROP TABLE items");
    }
}

TIEBREAK_ON_SHARED_ENGINES(AddVersionCommand);

TEST(AddVersionHelp, HasExamples)
{
    auto const help = run_program({"schema", "add-version", "--help"});
    EXPECT_EQ(help.exit_code, 0);
    EXPECT_TRUE(contains(help.out, "tiebreak schema add-version orders --db"));
    EXPECT_TRUE(contains(help.out, "--guard"));
}

}  // namespace

}  // namespace tiebreak::test
