// The strategies of finalising a run, as they are: a worker ends its run while its lease passes to
// another, who does the work again. Exact ones let one of the two end and charge it.
#include "system_strategies.hpp"
#include "systems/runs/audit.hpp"
#include "systems/runs/runs.hpp"

#include <variant>

namespace tiebreak::test {

namespace {

namespace runs = systems::runs;

constexpr runs::strategy run_strategies[] = {
    runs::strategy::fenced, runs::strategy::two_phase, runs::strategy::unfenced};

constexpr auto tenant = "acme";
constexpr auto long_lease = std::chrono::minutes{10};

claim const ended_wrongly{
    "a past owner ends the run, or it is charged twice or wrongly",
    [](order_result const& came) { return came.after.balance(1) + came.after.balance(2) > 0; }};
claim const ended_once{
    "the run is ended by one of them, and by no one else",
    [](order_result const& came) { return came.winners() == 1 && came.after.balance(3) == 1; }};

class RunStrategies : public system_strategies {
protected:
    void make_run()
    {
        db().transact([](unit_of_work& work) {
            work.execute("DELETE FROM " + work.table<runs::ledger_entry>());
            work.execute("DELETE FROM " + work.table<runs::run>());
            work.execute("DELETE FROM " + work.table<runs::tenant_budget>());
        });
        static_cast<void>(runs::open_budget(db(), tenant, 1000));
        static_cast<void>(
            runs::submit(db(), {.tenant_id = tenant, .payload = "work", .budget = 100}));
        run_ = runs::claim(db(), {.worker = "first", .lease = {.ttl = long_lease}}).at(0).work;
    }

    // What the audit finds, as balances.
    world look()
    {
        auto const found = runs::audit(db());
        return {.accounts = {
                    {.id = 1, .balance = found.stale_results},
                    {.id = 2,
                     .balance = found.charged_twice + found.wrong_ledgers + found.wrong_budgets},
                    {.id = 3, .balance = found.finalized}}};
    }

    static void
    finalize(stage& on, runs::run const& mine, std::int64_t amount, runs::finalize_options how)
    {
        how.reached = [&](runs::step at) {
            if (at != runs::step::writing)
                on.pause(at == runs::step::judged ? stage::inside::a_unit : stage::inside::nothing);
        };
        auto const answer = runs::finalize(on.db(),
                                           {.tenant_id = tenant,
                                            .run_id = mine.run_id,
                                            .epoch = mine.lease_epoch,
                                            .result = "done",
                                            .amount = amount},
                                           how);
        auto const* const done = std::get_if<runs::finalized>(&answer);
        if (done == nullptr || done->replayed)
            (void)on.won(outcome::lost);
    }

    session ends(runs::finalize_options const& how) const
    {
        auto const mine = run_;
        auto result =
            session("A", alone()).step("judge", [=](stage& on) { finalize(on, mine, 60, how); });
        if (how.how == runs::strategy::two_phase)
            return std::move(result).pause("claim").pause("charge").pause("commit");
        return std::move(result).pause("write");
    }

    // The lease of the first runs out, a reaper returns the run, and a second worker takes it.
    session takes_over(runs::finalize_options const& how) const
    {
        auto const id = run_.run_id;
        auto const mine = std::make_shared<std::optional<runs::run>>();
        auto result =
            session("B", alone())
                .step("take over",
                      [=](stage& on) {
                          (void)repository<runs::run>(on.db()).update_if(
                              id,
                              field<&runs::run::status> == runs::run_status::processing,
                              field<& runs::run::lease_expires_at> =
                                  database_now() - std::chrono::seconds{1});
                          (void)runs::reap(on.db());
                          auto const got = runs::claim(
                              on.db(), {.worker = "second", .lease = {.ttl = long_lease}});
                          if (got.empty())
                              return static_cast<void>(on.won(outcome::lost));
                          *mine = got.at(0).work;
                      })
                .step("judge", [=](stage& on) {
                    if (*mine)
                        finalize(on, **mine, 50, how);
                });
        return std::move(result).pause("the rest");
    }

private:
    runs::run run_;
};

TEST_P(RunStrategies, ExactOnesEndARunOnceWhileItChangesHands)
{
    for (auto const how : run_strategies) {
        bool const is_control = runs::is_negative_control(how);
        for (auto const level : levels()) {
            std::vector<claim> always{failures_are(at(level, {}))};
            if (!is_control && level == isolation::read_committed)
                always.push_back(ended_once);
            runs::finalize_options const options{.how = how, .level = level};
            explore({.anomaly = "runs",
                     .form = std::string{name_of(how)},
                     .is_control = is_control,
                     .sessions =
                         [&] {
                             return std::vector{ends(options), takes_over(options)};
                         },
                     .goes_wrong = ended_wrongly,
                     .is_permitted = is_control,  // no level helps who comes late
                     .always = std::move(always),
                     .prepare = [&] { make_run(); },
                     .look = [&] { return look(); }},
                    level);
            if (!runs_all())
                break;
        }
    }
}

TIEBREAK_ON_SHARED_ENGINES(RunStrategies);

}  // namespace

}  // namespace tiebreak::test
