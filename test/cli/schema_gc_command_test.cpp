// `tiebreak schema gc`: removes what has expired and nothing else.
#include <tiebreak/lease.hpp>
#include <tiebreak/schema.hpp>

#include "cli/program.hpp"
#include "support/engines.hpp"

#include <gtest/gtest.h>

namespace tiebreak::test {

namespace {

class GcCommand : public engine_test {
protected:
    void add_token(std::string const& token)
    {
        db().transact([&](unit_of_work&) {});
        EXPECT_EQ(resolve_commit(db(), token), commit_fate::never);  // leaves a tombstone
    }

    // Moves a time of every row back by so many days.
    void age(std::string const& table, std::string const& column, int days)
    {
        auto const by = db().engine() == "sqlite" ? " - 86400000000 * " + std::to_string(days)
                        : db().engine() == "postgresql"
                            ? " - interval '" + std::to_string(days) + " days'"
                            : " - INTERVAL " + std::to_string(days) + " DAY";
        db().execute("UPDATE " + table + " SET " + column + " = " + column + by);
    }

    std::int64_t rows_in(std::string const& table)
    {
        return db().read([&](snapshot& view) {
            return view.query<std::int64_t>("SELECT count(*) FROM " + table).at(0);
        });
    }

    program_answer collect(std::vector<std::string> more = {})
    {
        std::vector<std::string> words{"schema", "gc", "--db", fresh().url()};
        words.insert(words.end(), more.begin(), more.end());
        return run_program(words);
    }
};

TEST_P(GcCommand, RemovesTokensThatAreOlderAndNoOthers)
{
    install(db());
    for (int i = 0; i < 700; ++i)  // more than go at once
        add_token("old" + std::to_string(i));
    age("tiebreak_commits", "at", 8);
    add_token("new");
    close();
    auto const first = collect();
    EXPECT_EQ(first.exit_code, 0) << first.err;
    EXPECT_TRUE(contains(first.out, "commit tokens: 700 older than 168 h cleared away"))
        << first.out;
    EXPECT_EQ(rows_in("tiebreak_commits"), 1);
    EXPECT_EQ(resolve_commit(db(), "new"), commit_fate::never);
    close();
    EXPECT_TRUE(contains(collect().out, "commit tokens: 0 older"));
    age("tiebreak_commits", "at", 2);
    close();
    EXPECT_TRUE(contains(collect({"--keep", "47"}).out, "commit tokens: 1 older than 47 h"));
}

TEST_P(GcCommand, EndsForgottenLeasesAndKeepsTheirEpochs)
{
    install(db());
    leases const all(db());
    auto const forgotten = all.claim("nightly", "ada");
    ASSERT_TRUE(forgotten);
    age("tiebreak_leases", "expires_at", 8);
    auto const held = all.claim("weekly", "ada");
    ASSERT_TRUE(held);
    age("tiebreak_leases", "expires_at", 0);
    close();
    auto const answer = collect();
    EXPECT_EQ(answer.exit_code, 0) << answer.err;
    EXPECT_TRUE(contains(answer.out, "forgotten leases: 1 older than 168 h cleared away"))
        << answer.out;
    leases const now(db());
    auto old = *forgotten;
    EXPECT_EQ(now.renew(old), outcome::lost);
    auto current = *held;
    EXPECT_EQ(now.renew(current), outcome::won);
    auto const next = now.claim("nightly", "bob");
    ASSERT_TRUE(next);
    EXPECT_GT(next->epoch, forgotten->epoch) << "epochs never start again";
}

TEST_P(GcCommand, WhereNothingIsInstalledNothingIsToDo)
{
    static_cast<void>(db());
    close();
    auto const answer = collect();
    EXPECT_EQ(answer.exit_code, 0) << answer.err;
    EXPECT_TRUE(contains(answer.out, "commit tokens: no table tiebreak_commits here"))
        << answer.out;
}

TEST_P(GcCommand, WhatIsTooShortIsRefused)
{
    for (auto const* hours : {"0", "-5", "87673", "x"}) {
        auto const answer = collect({"--keep", hours});
        EXPECT_EQ(answer.exit_code, 2);
        EXPECT_EQ(lines_in(answer.err), 1u) << answer.err;
        EXPECT_TRUE(contains(answer.err, "--keep")) << answer.err;
    }
}

TIEBREAK_ON_SHARED_ENGINES(GcCommand);

}  // namespace

}  // namespace tiebreak::test
