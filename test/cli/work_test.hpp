// What the tests of `tiebreak work` and `tiebreak reap` share: a tenant with money, runs, the
// program, and what stands in the rows at the end.
#pragma once

#include "cli/program.hpp"
#include "cli/started_program.hpp"
#include "schema/schema.hpp"
#include "support/engines.hpp"
#include "support/temporary_folder.hpp"
#include "systems/runs/audit.hpp"
#include "systems/runs/runs.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace tiebreak::test {

namespace runs = systems::runs;

inline bool contains(std::string_view text, std::string_view part)
{
    return text.find(part) != std::string_view::npos;
}

// A database with the tenant "acme", who may spend 10000. It is closed whenever a program starts.
class work_test : public engine_test {
protected:
    void SetUp() override
    {
        engine_test::SetUp();
        if (HasFatalFailure() || IsSkipped())
            return;
        schema::apply(db());
        ASSERT_EQ(std::get<outcome>(runs::open_budget(db(), "acme", 10'000)), outcome::won);
        close();
    }

    std::int64_t submit(std::string payload = "work", std::int64_t budget = 100)
    {
        return std::get<runs::run>(
                   runs::submit(
                       db(),
                       {.tenant_id = "acme", .payload = std::move(payload), .budget = budget}))
            .run_id;
    }

    [[nodiscard]] std::vector<std::string> words_of(std::string const& command,
                                                    std::vector<std::string> const& more)
    {
        close();
        std::vector<std::string> words{
            "work", "--db", fresh().url(), "--tenant", "acme", "--exec", command};
        words.insert(words.end(), more.begin(), more.end());
        return words;
    }

    // Works until the queue is empty.
    program_answer work(std::string const& command, std::vector<std::string> more = {})
    {
        more.emplace_back("--once");
        auto answer = run_program(words_of(command, more));
        EXPECT_EQ(answer.exit_code, 0) << answer.err;
        return answer;
    }

    program_answer reap()
    {
        close();
        return run_program({"reap", "--db", fresh().url(), "--once"});
    }

    runs::run row_of(std::int64_t run_id)
    {
        return repository<runs::run>(db()).find(run_id).value();
    }

    // The tenure of a run has run out.
    void expire(std::int64_t run_id)
    {
        ASSERT_EQ(
            repository<runs::run>(db()).update_if(run_id,
                                                  condition<runs::run>{},
                                                  field<& runs::run::lease_expires_at> =
                                                      database_now() - std::chrono::seconds{1}),
            outcome::won);
    }

    // "RESERVE 100, CHARGE 40, RELEASE 60".
    std::string ledger_of(std::int64_t run_id)
    {
        std::string text;
        for (auto const kind : {runs::entry_kind::RESERVE,
                                runs::entry_kind::CHARGE,
                                runs::entry_kind::RELEASE,
                                runs::entry_kind::VOID,
                                runs::entry_kind::REFUND})
            for (auto const& entry : runs::ledger_of(db(), "acme", run_id))
                if (entry.kind == kind)
                    text += (text.empty() ? "" : ", ") + std::string{name_of(kind)} + " " +
                            std::to_string(entry.amount);
        return text;
    }

    void expect_completed(std::int64_t run_id, std::string const& result, std::int64_t amount)
    {
        auto const row = row_of(run_id);
        EXPECT_EQ(name_of(row.status), "completed");
        EXPECT_EQ(row.result, result);
        EXPECT_EQ(row.amount, amount);
        EXPECT_EQ(row.lease_epoch, row.result_epoch);
    }

    void expect_failed(std::int64_t run_id, std::string const& because)
    {
        auto const row = row_of(run_id);
        EXPECT_EQ(name_of(row.status), "failed");
        EXPECT_TRUE(contains(row.result.value_or(""), because)) << row.result.value_or("");
        EXPECT_EQ(row.amount, 0);
        EXPECT_EQ(ledger_of(run_id), "RESERVE 100, VOID 100");
    }

    void expect_budget(std::int64_t reserved, std::int64_t spent)
    {
        auto const now = runs::find_budget(db(), "acme").value();
        EXPECT_EQ(now.reserved, reserved);
        EXPECT_EQ(now.spent, spent);
    }

    void expect_sound(std::int64_t finalized, std::int64_t unfinished = 0)
    {
        auto const report = runs::audit(db());
        EXPECT_EQ(report.finalized, finalized);
        EXPECT_EQ(report.unfinished, unfinished);
        EXPECT_EQ(report.stale_results, 0);
        EXPECT_EQ(report.wrong_ledgers, 0);
        EXPECT_EQ(report.charged_twice, 0);
        EXPECT_EQ(report.wrong_budgets, 0);
    }
};

}  // namespace tiebreak::test
