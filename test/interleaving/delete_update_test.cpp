// One session removes the row that another changes. A change that was acknowledged is removed only
// by somebody who has seen it, and nobody is told that he changed a row that was gone.
#include "exploration.hpp"

namespace tiebreak::test {

namespace {

struct unversioned_account {
    std::int64_t id = 0;
    std::int64_t balance = 0;
};
BOOST_DESCRIBE_STRUCT(unversioned_account, (), (id, balance))

constexpr auto mapping_of(unversioned_account const*)
{
    return map<unversioned_account>("accounts", key<&unversioned_account::id>);
}

claim const unseen_change_is_gone{"a change is acknowledged, and removed by who has not seen it",
                                  [](order_result const& came) {
                                      auto const& remover = came.of("remover");
                                      return remover.won() && came.of("changer").won() &&
                                             remover.saw != std::vector{start_balance + 1};
                                  }};
claim const rows_are_as_told{
    "the row is gone if its removal was acknowledged, else changed if that was",
    [](order_result const& came) {
        if (came.of("remover").won())
            return came.after.accounts.empty();
        return came.after.balance() == start_balance + (came.of("changer").won() ? 1 : 0);
    }};

session removes(place_of_steps where, lock_request lock = {})
{
    auto const mine = std::make_shared<account*>();
    return session("remover", where)
        .step("read",
              [=](stage& on) {
                  *mine = &on.work().load<account>(1, lock);
                  on.saw((*mine)->balance);
              })
        .step("remove", [=](stage& on) {
            on.work().remove(**mine);
            on.work().flush();
        });
}

session changes(place_of_steps where, lock_request lock = {})
{
    auto const mine = std::make_shared<account*>();
    return session("changer", where)
        .step("read",
              [=](stage& on) {
                  *mine = &on.work().load<account>(1, lock);
                  on.saw((*mine)->balance);
              })
        .step("change", [=](stage& on) {
            (*mine)->balance += 1;
            on.work().flush();
        });
}

// Reads a value on its own, then writes it.
session detached(std::string name,
                 std::string write_name,
                 std::function<void(stage&, account&)> const& write)
{
    auto const mine = std::make_shared<std::optional<account>>();
    return session(std::move(name), alone())
        .step("read",
              [=](stage& on) {
                  *mine = repository<account>(on.db()).find(1);
                  if (!*mine)
                      return static_cast<void>(on.won(outcome::lost));
                  on.saw((*mine)->balance);
              })
        .step(std::move(write_name), [=](stage& on) {
            if (*mine)
                write(on, **mine);
        });
}

class DeleteAgainstUpdate : public interleaving_test {
protected:
    void explore_rivals(std::string form,
                        isolation level,
                        std::function<session()> const& remover,
                        std::function<session()> const& changer,
                        std::vector<claim> always,
                        bool is_control = false)
    {
        bool const is_permitted = is_control && level <= isolation::read_committed;
        always.push_back(somebody_wins);
        if (!is_permitted)
            always.push_back(rows_are_as_told);
        explore({.anomaly = "delete against update",
                 .form = std::move(form),
                 .is_control = is_control,
                 .before = {.accounts = {{.id = 1, .balance = start_balance}}},
                 .sessions =
                     [&] {
                         return std::vector{remover(), changer()};
                     },
                 .goes_wrong = unseen_change_is_gone,
                 .is_permitted = is_permitted,
                 .always = std::move(always)},
                level);
    }

    void explore_units(std::string form,
                       isolation level,
                       std::vector<errc> failures,
                       lock_request lock = {},
                       bool pessimistic = false)
    {
        auto const where = in_unit(level, pessimistic);
        explore_rivals(
            std::move(form),
            level,
            [&] { return removes(where, lock); },
            [&] { return changes(where, lock); },
            {failures_are(at(level, std::move(failures)))});
    }
};

TEST_P(DeleteAgainstUpdate, CheckedWritesTellWhoIsLate)
{
    for (auto const level : levels()) {
        explore_units("checked write", level, {errc::stale_version, errc::not_found});
        explore_units("optimistic_force_increment",
                      level,
                      {errc::stale_version, errc::not_found},
                      lock_mode::optimistic_force_increment);
        if (!runs_all())
            continue;
        explore_units(
            "optimistic", level, {errc::stale_version, errc::not_found}, lock_mode::optimistic);
    }
}

TEST_P(DeleteAgainstUpdate, LocksLetOneComeAfterTheOther)
{
    for (auto const level : levels()) {
        explore_units("pessimistic_write", level, {errc::not_found}, lock_mode::pessimistic_write);
        explore_units("pessimistic_force_increment",
                      level,
                      {errc::not_found},
                      lock_mode::pessimistic_force_increment);
        if (!runs_all())
            continue;
        explore_units("pessimistic unit", level, {errc::not_found}, {}, true);
    }
}

TEST_P(DeleteAgainstUpdate, SharedLocksEndOneOfTwo)
{
    std::vector<errc> failures{errc::not_found};
    if (!is_sqlite())
        failures.push_back(errc::transaction_aborted);
    for (auto const level : levels())
        explore_units("pessimistic_read", level, failures, lock_mode::pessimistic_read);
}

TEST_P(DeleteAgainstUpdate, RepositoriesAnswerWhoIsLate)
{
    auto const explore_answers = [&](std::string form,
                                     std::function<void(stage&, account&)> const& remove,
                                     std::function<void(stage&, account&)> const& change,
                                     std::vector<errc> const& failures) {
        explore_rivals(
            std::move(form),
            isolation::engine_default,
            [&] { return detached("remover", "remove", remove); },
            [&] { return detached("changer", "change", change); },
            {failures_are(failures)});
    };
    explore_answers(
        "remove and save of detached objects",
        [](stage& on, account& seen) { repository<account>(on.db()).remove(seen); },
        [](stage& on, account& seen) {
            seen.balance += 1;
            repository<account>(on.db()).save(seen);
        },
        {errc::precondition_failed});
    explore_answers(
        "remove_if and update_if version",
        [](stage& on, account const& seen) {
            (void)on.won(repository<account>(on.db()).remove_if(1, seen.version));
        },
        [](stage& on, account const& seen) {
            (void)on.won(repository<account>(on.db()).update_if(
                1, seen.version, field<& account::balance> = seen.balance + 1));
        },
        {});
}

TEST_P(DeleteAgainstUpdate, WithoutACheckUnseenChangesGoWhereTheLevelPermitsIt)
{
    auto const select = select_balance(1);
    auto const update = update_balance(1);
    auto const remove = "DELETE FROM " + table_of<account>(db()) + " WHERE id = 1";
    for (auto const level : levels()) {
        auto const reads = [&](std::string name,
                               std::string write_name,
                               std::function<void(stage&, std::int64_t)> const& write) {
            auto const seen = std::make_shared<std::vector<std::int64_t>>();
            return session(std::move(name), in_unit(level))
                .step("read",
                      [=](stage& on) {
                          *seen = on.work().query<std::int64_t>(select);
                          if (seen->empty())
                              return static_cast<void>(on.won(outcome::lost));
                          on.saw(seen->at(0));
                      })
                .step(std::move(write_name), [=](stage& on) {
                    if (!seen->empty())
                        write(on, seen->at(0));
                });
        };
        explore_rivals(
            "own SQL",
            level,
            [&] {
                return reads("remover", "remove", [=](stage& on, std::int64_t) {
                    on.work().execute(remove);
                });
            },
            [&] {
                return reads("changer", "change", [=](stage& on, std::int64_t balance) {
                    on.work().execute(update, balance + 1);
                });
            },
            {failures_are(at(level, {}))},
            true);
        auto const removes_unversioned = [&] {
            auto const mine = std::make_shared<unversioned_account*>();
            return session("remover", in_unit(level))
                .step("read",
                      [=](stage& on) {
                          *mine = &on.work().load<unversioned_account>(1);
                          on.saw((*mine)->balance);
                      })
                .step("remove", [=](stage& on) {
                    on.work().remove(**mine);
                    on.work().flush();
                });
        };
        explore_rivals(
            "remove of an entity without version",
            level,
            removes_unversioned,
            [&] { return changes(in_unit(level)); },
            {failures_are(at(level, {errc::stale_version, errc::not_found}))},
            true);
    }
}

// What a version cannot tell: a row that was made again under the key of another. Keys that the
// database makes never come again.
TEST_P(DeleteAgainstUpdate, ARowMadeAgainUnderItsKeyHasItsFirstVersionAgain)
{
    auto const replaces = [] {
        return session("remover", alone()).step("replace", [](stage& on) {
            repository<account> const rows(on.db());
            auto const old = rows.find(1).value();
            on.saw(old.balance);
            rows.remove(old);
            account fresh{.id = 1, .balance = 500};
            rows.insert(fresh);
        });
    };
    explore({.anomaly = "delete against update",
             .form = "checked write, the row is made again",
             .is_control = true,
             .before = {.accounts = {{.id = 1, .balance = start_balance}}},
             .sessions =
                 [&] {
                     return std::vector{replaces(), changes(in_unit())};
                 },
             .goes_wrong = {"the new row is written as if it were the old",
                            [](order_result const& came) {
                                return came.of("changer").saw == std::vector{start_balance} &&
                                       came.of("remover").saw == std::vector{start_balance} &&
                                       came.after.balance() == start_balance + 1;
                            }},
             .is_permitted = true,
             .always = {failures_are({errc::stale_version, errc::precondition_failed})}},
            isolation::read_committed);
}

TIEBREAK_ON_SHARED_ENGINES(DeleteAgainstUpdate);

}  // namespace

}  // namespace tiebreak::test
