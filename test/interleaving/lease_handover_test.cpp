// A lease passes from one owner to the next when it has run out, while the first is still at work
// and knows nothing of it. What the first writes late is refused if its unit requires the lease; no
// isolation level does that, because late is not together.
#include <tiebreak/lease.hpp>

#include "exploration.hpp"
#include "support/stored_lease.hpp"

#include <algorithm>
#include <optional>

namespace tiebreak::test {

namespace {

constexpr auto lease_name = "nightly";

leases leases_of(stage& on)
{
    return leases{on.db(), {.ttl = std::chrono::minutes{10}}};
}

// The database's clock passes the end of the lease.
session time_passes()
{
    return session("time", alone()).step("passes", [](stage& on) {
        (void)repository<stored_lease>(on.db()).update_if(
            lease_name,
            condition<stored_lease>{},
            field<& stored_lease::expires_at> = database_now() - std::chrono::seconds{1});
    });
}

// What a worker writes says under which epoch it was done.
void write_result(unit_of_work& work, lease const& under)
{
    work.load<account>(1).balance = under.epoch;
    work.flush();
}

session takes_over(bool is_fenced)
{
    auto const mine = std::make_shared<std::optional<lease>>();
    return session("B", alone())
        .step("claim",
              [=](stage& on) {
                  *mine = leases_of(on).claim(lease_name, "B");
                  if (!*mine)
                      return static_cast<void>(on.won(outcome::lost));
                  on.saw((*mine)->epoch);
              })
        .step("write", [=](stage& on) {
            if (!*mine)
                return;
            on.db().transact(
                [&](unit_of_work& work) {
                    if (is_fenced)
                        leases_of(on).require(work, **mine);
                    write_result(work, **mine);
                },
                {.retry = retry_presets::once});
        });
}

class LeaseHandOver : public interleaving_test {
protected:
    void SetUp() override
    {
        interleaving_test::SetUp();
        if (!HasFatalFailure())
            install(db());
    }

    // A holds the lease, as the first to do so.
    lease held_by_a()
    {
        db().execute("DELETE FROM " + table_of<stored_lease>(db()));
        return leases{db(), {.ttl = std::chrono::minutes{10}}}.claim(lease_name, "A").value();
    }

    static session works_on(lease const& held, isolation level, bool is_fenced)
    {
        auto const write = [=](stage& on) { write_result(on.work(), held); };
        if (!is_fenced)
            return session("A", in_unit(level)).step("write", write);
        return session("A", in_unit(level))
            .step("require", [=](stage& on) { leases_of(on).require(on.work(), held); })
            .step("write", write);
    }

    void explore_work(std::string form, isolation level, bool is_fenced)
    {
        auto failures = std::vector{errc::stale_version};
        if (is_fenced)
            failures.push_back(errc::lease_lost);
        explore(
            {.anomaly = "lease hand-over",
             .form = std::move(form),
             .is_control = !is_fenced,
             .before = {.accounts = {{.id = 1}}},
             .sessions =
                 [&] {
                     auto const held = held_by_a();
                     return std::vector{
                         works_on(held, level, is_fenced), takes_over(is_fenced), time_passes()};
                 },
             .goes_wrong = {"the result of the past owner stands over its successor's",
                            [](order_result const& came) {
                                auto const& next = came.of("B");
                                return next.won() && came.after.balance() != next.saw.at(0);
                            }},
             .is_permitted = !is_fenced,
             .always = {failures_are(at(level, failures)),
                        {"each result that was acknowledged is a version",
                         [](order_result const& came) {
                             auto const& next = came.of("B");
                             return came.after.version() == 1 + came.of("A").won() + next.won();
                         }}},
             .sometimes = {{"the lease is taken over",
                            [](order_result const& came) { return !came.of("B").saw.empty(); }}}},
            level);
    }
};

TEST_P(LeaseHandOver, WhoseUnitRequiresTheLeaseWritesNothingLate)
{
    for (auto const level : levels())
        explore_work("unit that requires the lease", level, true);
}

TEST_P(LeaseHandOver, WithoutTheFenceAPastOwnerOverwritesItsSuccessorAtEveryLevel)
{
    for (auto const level : levels())
        explore_work("checked write without the lease", level, false);
}

// However renewing, releasing, claiming and reaping fall: at every moment there is one holder.
TEST_P(LeaseHandOver, ThereIsOneHolderHoweverCallsFall)
{
    auto const sessions = [&] {
        auto const mine = std::make_shared<lease>(held_by_a());
        auto const is_taken = std::make_shared<bool>(false);
        auto const says = [=](stage& on, outcome answer, std::int64_t word) {
            if (answer == outcome::won)
                on.saw(*is_taken ? -word : word);
        };
        return std::vector{
            session("A", alone())
                .step("renew", [=](stage& on) { says(on, leases_of(on).renew(*mine), 1); })
                .step("release", [=](stage& on) { says(on, leases_of(on).release(*mine), 2); }),
            session("B", alone())
                .step("claim",
                      [=](stage& on) {
                          auto const taken = leases_of(on).claim(lease_name, "B");
                          *is_taken = taken.has_value();
                          if (!taken)
                              return static_cast<void>(on.won(outcome::lost));
                          on.saw(taken->epoch);
                      }),
            time_passes(),
            session("reaper", alone()).step("reap", [](stage& on) {
                on.saw(leases_of(on).reap());
            })};
    };
    explore({.anomaly = "lease hand-over",
             .form = "renew, release, claim, reap",
             .before = {.accounts = {{.id = 1}}},
             .sessions = sessions,
             .goes_wrong = {"the past owner is told that it holds the lease",
                            [](order_result const& came) {
                                auto const& saw = came.of("A").saw;
                                return std::ranges::any_of(saw, [](auto word) { return word < 0; });
                            }},
             .always = {failures_are({}),
                        {"a new tenure has an epoch of its own",
                         [](order_result const& came) {
                             auto const& next = came.of("B");
                             return !next.won() || next.saw.at(0) > 1;
                         }}},
             .sometimes = {{"the lease is taken over",
                            [](order_result const& came) { return came.of("B").won(); }},
                           {"the lease is refused",
                            [](order_result const& came) { return came.of("B").lost; }}}});
}

TIEBREAK_ON_SHARED_ENGINES(LeaseHandOver);

}  // namespace

}  // namespace tiebreak::test
