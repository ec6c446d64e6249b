// What the tests of the run system share: a tenant with money, runs by short names, and leases that
// have run out.
#pragma once

#include "system_test.hpp"
#include "systems/runs/audit.hpp"
#include "systems/runs/runs.hpp"

#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <variant>

namespace tiebreak::systems::runs {

inline void PrintTo(strategy how, std::ostream* out)
{
    *out << name_of(how);
}

inline void PrintTo(heartbeat_answer answer, std::ostream* out)
{
    *out << name_of(answer);
}

inline void PrintTo(run_status status, std::ostream* out)
{
    *out << name_of(status);
}

inline void PrintTo(finalize_stage stage, std::ostream* out)
{
    *out << name_of(stage);
}

}  // namespace tiebreak::systems::runs

namespace tiebreak::test {

namespace runs = systems::runs;

inline constexpr runs::strategy exact_ways[] = {runs::strategy::fenced, runs::strategy::two_phase};

inline constexpr auto long_lease = std::chrono::seconds{600};

template <class Answer, class Result>
bool is(Result const& result)
{
    return std::holds_alternative<Answer>(result);
}

inline runs::run submit_run(database& in, std::int64_t budget = 100)
{
    return std::get<runs::run>(
        runs::submit(in, {.tenant_id = "acme", .payload = "work", .budget = budget}));
}

inline std::vector<runs::claimed_run> claim_runs(database& in, std::string worker, int limit)
{
    return runs::claim(in,
                       {.worker = std::move(worker), .limit = limit, .lease = {.ttl = long_lease}});
}

inline runs::run claim_run(database& in, std::string worker = "first")
{
    return claim_runs(in, std::move(worker), 1).at(0).work;
}

inline runs::run row_of(database& in, std::int64_t run_id)
{
    return repository<runs::run>(in).find(run_id).value();
}

// The tenure of a run has run out; its owner knows nothing of it.
inline void expire(database& in, std::int64_t run_id)
{
    ASSERT_EQ(repository<runs::run>(in).update_if(run_id,
                                                  condition<runs::run>{},
                                                  field<& runs::run::lease_expires_at> =
                                                      database_now() - std::chrono::seconds{1}),
              outcome::won);
}

// Ends a run under the tenure that was claimed.
inline runs::finalize_request finalize_of(runs::run const& claimed, std::int64_t amount = 60)
{
    return {.tenant_id = claimed.tenant_id,
            .run_id = claimed.run_id,
            .epoch = claimed.lease_epoch,
            .result = "done by " + claimed.worker.value_or("nobody"),
            .amount = amount};
}

inline void
expect_budget(database& in, std::int64_t reserved, std::int64_t spent, std::int64_t refunded = 0)
{
    auto const now = runs::find_budget(in, "acme").value();
    EXPECT_EQ(now.reserved, reserved);
    EXPECT_EQ(now.spent, spent);
    EXPECT_EQ(now.refunded, refunded);
}

// Everything is decided by its owner and paid once; `finalized` runs of them not cancelled.
inline void expect_sound(database& in, std::int64_t finalized, std::int64_t unfinished = 0)
{
    auto const report = runs::audit(in);
    EXPECT_EQ(report.finalized, finalized);
    EXPECT_EQ(report.unfinished, unfinished);
    EXPECT_EQ(report.stale_results, 0);
    EXPECT_EQ(report.wrong_ledgers, 0);
    EXPECT_EQ(report.charged_twice, 0);
    EXPECT_EQ(report.wrong_budgets, 0);
}

// A database with the tenant "acme", who may spend 1000.
class run_test : public system_test {
protected:
    void SetUp() override
    {
        system_test::SetUp();
        if (HasFatalFailure() || IsSkipped())
            return;
        ASSERT_EQ(std::get<outcome>(runs::open_budget(db(), "acme", 1000)), outcome::won);
    }

    captured_log log_;  // losing is logged as a warning: kept off the terminal, and looked at
};

}  // namespace tiebreak::test
