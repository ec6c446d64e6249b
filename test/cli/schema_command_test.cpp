// `tiebreak schema`: its answers, its exit codes, and one clear line for each mistake.
#include "cli/program.hpp"
#include "schema/schema.hpp"
#include "support/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <fstream>

namespace tiebreak::test {

namespace {

class SchemaCommand : public testing::Test {
protected:
    std::string url(std::string const& name = "shop.db") { return "sqlite:" + folder_.file(name); }

    std::string file(std::string const& name, std::string const& content)
    {
        std::ofstream(folder_.file(name), std::ios::binary) << content;
        return folder_.file(name);
    }

private:
    temporary_folder folder_;
};

void expect_usage_error(program_answer const& answer, std::string_view word)
{
    EXPECT_EQ(answer.exit_code, 2);
    EXPECT_TRUE(answer.out.empty()) << answer.out;
    EXPECT_EQ(lines_in(answer.err), 1u) << answer.err;
    EXPECT_TRUE(contains(answer.err, word)) << answer.err;
}

TEST_F(SchemaCommand, AppliesOnceAndThenHasNothingToDo)
{
    auto const first = run_program({"schema", "apply", "--db", url()});
    EXPECT_EQ(first.exit_code, 0) << first.err;
    EXPECT_EQ(lines_in(first.out), schema::steps("sqlite").size());
    EXPECT_TRUE(contains(first.out, "applied step 1 members-and-coupons"));
    auto const second = run_program({"schema", "apply", "--db", url()});
    EXPECT_EQ(second.exit_code, 0);
    EXPECT_TRUE(contains(second.out, "nothing to do"));
    database db(url());
    EXPECT_TRUE(schema::inspect(db).complete());
}

TEST_F(SchemaCommand, ChecksAndAnswersNoUntilTheTablesAreThere)
{
    {
        database const made(url());
    }
    auto const before = run_program({"schema", "check", "--db", url()});
    EXPECT_EQ(before.exit_code, 1) << before.err;
    EXPECT_TRUE(contains(before.out, "tiebreak schema apply"));
    ASSERT_EQ(run_program({"schema", "apply", "--db", url()}).exit_code, 0);
    auto const after = run_program({"schema", "check", "--db", url()});
    EXPECT_EQ(after.exit_code, 0) << after.out << after.err;
    EXPECT_FALSE(contains(after.out, "missing"));
    EXPECT_TRUE(contains(after.out, ", " + url() + "\n")) << "the URL as it was given";
}

TEST_F(SchemaCommand, ChecksSayWhatWeakensTheGuarantees)
{
    ASSERT_EQ(run_program({"schema", "apply", "--db", url()}).exit_code, 0);
    auto const weak = run_program({"schema", "check", "--db", url() + "?synchronous=normal"});
    EXPECT_EQ(weak.exit_code, 1);
    EXPECT_TRUE(contains(weak.out, "weakened"));
}

TEST_F(SchemaCommand, AnEmptyPlaceIsNotMadeIntoADatabaseByACheck)
{
    expect_usage_error(run_program({"schema", "check", "--db", url("absent.db")}), "no database");
    EXPECT_FALSE(std::filesystem::exists(url("absent.db").substr(7)));
}

TEST_F(SchemaCommand, TakesTheUrlFromTheEnvironmentOrAFile)
{
    EXPECT_EQ(run_program({"schema", "apply"}, {{"TIEBREAK_DB", url()}}).exit_code, 0);
    auto const place = file("place", url() + "\r\nmore\n");
    EXPECT_EQ(run_program({"schema", "check", "--db-file", place}).exit_code, 0);
    EXPECT_EQ(run_program({"schema", "check", "--db-file", place},
                          {{"TIEBREAK_DB", "sqlite:/nowhere/x.db"}})
                  .exit_code,
              0)
        << "what is said on the command line counts";
    expect_usage_error(run_program({"schema", "check", "--db-file", place, "--db", url()}),
                       "--db-file");
    expect_usage_error(run_program({"schema", "check", "--db-file", url("absent")}), "cannot read");
    expect_usage_error(run_program({"schema", "check", "--db-file", file("empty", "\n")}), "empty");
    expect_usage_error(run_program({"schema", "check"}), "TIEBREAK_DB");
}

TEST_F(SchemaCommand, PrintsWhatApplyWouldRun)
{
    auto const plain = run_program({"schema", "print", "--engine", "sqlite"});
    EXPECT_EQ(plain.exit_code, 0);
    EXPECT_EQ(plain.out, schema::print("sqlite"));
    auto const prefixed =
        run_program({"schema", "print", "--engine", "sqlite", "--table-prefix", "shop_"});
    EXPECT_EQ(prefixed.out, schema::print("sqlite", "shop_"));
    expect_usage_error(run_program({"schema", "print"}), "--engine");
    expect_usage_error(run_program({"schema", "print", "--engine", "oracle"}), "oracle");
    expect_usage_error(
        run_program({"schema", "print", "--engine", "sqlite", "--table-prefix", "a-b"}), "prefix");
}

TEST_F(SchemaCommand, EachMistakeIsOneLineAndTwo)
{
    expect_usage_error(run_program({"schema"}), "apply");
    expect_usage_error(run_program({"schema", "frobnicate"}), "frobnicate");
    expect_usage_error(run_program({"schema", "apply", "--db", url(), "--fast"}), "--fast");
    expect_usage_error(run_program({"schema", "apply", "--db", "shop"}), "sqlite:");
    expect_usage_error(run_program({"schema", "apply", "--db", "sqlite:/nowhere/x.db"}), "exist");
    expect_usage_error(
        run_program({"schema", "apply", "--db", "sqlite:" + file("text", "not a database\n")}),
        "not a");
}

TEST_F(SchemaCommand, APasswordIsNeverShown)
{
    for (auto const* command : {"apply", "check"}) {
        auto const answer =
            run_program({"schema", command, "--db", "postgresql://ada:s3cret@host/shop"});
        EXPECT_EQ(answer.exit_code, 2);
        EXPECT_FALSE(contains(answer.out + answer.err, "s3cret"));
    }
}

TEST_F(SchemaCommand, ATableInTheWayIsNamed)
{
    int number = 0;
    for (auto const* sql : {"CREATE TABLE books (mine INTEGER)",
                            "CREATE TABLE Books (mine INTEGER)",
                            "CREATE VIEW books AS SELECT 1 AS mine"}) {
        SCOPED_TRACE(sql);
        auto const place = url("taken" + std::to_string(++number) + ".db");
        database(place).execute(sql);
        expect_usage_error(run_program({"schema", "apply", "--db", place}), "books");
        auto const checked = run_program({"schema", "check", "--db", place});
        EXPECT_EQ(checked.exit_code, 1);
        EXPECT_TRUE(contains(checked.out, "in the way")) << checked.out;
    }
}

}  // namespace

}  // namespace tiebreak::test
