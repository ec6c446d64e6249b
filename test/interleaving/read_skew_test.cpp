// A session moves money from one account to another while a second one reads both: what it sees has
// to be of one moment. The same for one row that is read twice, and for changes that are not
// committed and never will be.
#include "exploration.hpp"

#include <algorithm>

namespace tiebreak::test {

namespace {

constexpr std::int64_t money = 10;  // in both accounts together

std::vector<account> const two_accounts{{.id = 1, .balance = money}, {.id = 2}};

session transfers(std::string name)
{
    return session(std::move(name), in_unit()).step("move", [](stage& on) {
        on.work().load<account>(1).balance -= 1;
        on.work().load<account>(2).balance += 1;
        on.work().flush();
    });
}

using reads_one = std::function<std::int64_t(stage&, std::int64_t id)>;

session reads_both(std::string name, place_of_steps where, reads_one const& read)
{
    return session(std::move(name), where)
        .step("read one", [=](stage& on) { on.saw(read(on, 1)); })
        .step("read other", [=](stage& on) { on.saw(read(on, 2)); });
}

session reads_twice(std::string name, place_of_steps where, reads_one const& read)
{
    return session(std::move(name), where)
        .step("read", [=](stage& on) { on.saw(read(on, 1)); })
        .step("read again", [=](stage& on) { on.saw(read(on, 1)); });
}

reads_one load_with(lock_request lock)
{
    return [=](stage& on, std::int64_t id) { return on.work().load<account>(id, lock).balance; };
}

claim const sum_is_wrong{"who was not told saw money that was never there",
                         [](order_result const& came) {
                             auto const& reader = came.of("reader");
                             return reader.won() && reader.saw.at(0) + reader.saw.back() != money;
                         }};
claim const answers_differ{"who was not told saw two answers", [](order_result const& came) {
                               auto const& reader = came.of("reader");
                               return reader.won() && reader.saw.at(0) != reader.saw.at(1);
                           }};
claim const reader_wins{"the reader wins",
                        [](order_result const& came) { return came.of("reader").won(); }};
claim const money_was_moved{
    "the money was moved if that was acknowledged, and once", [](order_result const& came) {
        auto const moved = came.of("writer").won() ? 1 : 0;
        return came.after.balance(1) == money - moved && came.after.balance(2) == moved;
    }};

class ReadSkew : public interleaving_test {
protected:
    reads_one with_own_sql()
    {
        auto const first = select_balance(1);
        auto const second = select_balance(2);
        return [=](stage& on, std::int64_t id) {
            return on.work().query<std::int64_t>(id == 1 ? first : second).at(0);
        };
    }

    struct kind {
        std::string form{};
        bool is_control = false;
        bool is_permitted = false;
        std::vector<claim> always{};
    };

    void explore_skew(kind how, isolation level, std::function<session()> const& reader)
    {
        explore_reader("read skew", sum_is_wrong, std::move(how), level, reader);
    }

    void explore_twice(kind how, isolation level, std::function<session()> const& reader)
    {
        explore_reader("unrepeatable read", answers_differ, std::move(how), level, reader);
    }

    void explore_reader(std::string anomaly,
                        claim const& goes_wrong,
                        kind how,
                        isolation level,
                        std::function<session()> const& reader)
    {
        how.always.push_back(money_was_moved);
        explore({.anomaly = std::move(anomaly),
                 .form = std::move(how.form),
                 .is_control = how.is_control,
                 .before = {.accounts = two_accounts},
                 .sessions =
                     [&] {
                         return std::vector{transfers("writer"), reader()};
                     },
                 .goes_wrong = goes_wrong,
                 .is_permitted = how.is_permitted,
                 .always = std::move(how.always)},
                level);
    }

    void explore_lock(std::string form, isolation level, lock_request lock, errc told)
    {
        auto const failures = is_serial(level) ? std::vector<errc>{} : at(level, {told});
        explore_skew({.form = std::move(form), .always = {failures_are(failures)}}, level, [&] {
            return reads_both("reader", in_unit(level), load_with(lock));
        });
    }
};

TEST_P(ReadSkew, WithoutALockUnitsSeeTwoMomentsWhereTheLevelPermitsIt)
{
    for (auto const level : levels()) {
        bool const is_permitted = level == isolation::read_committed;
        explore_skew({"own SQL", true, is_permitted}, level, [&] {
            return reads_both("reader", in_unit(level), with_own_sql());
        });
        explore_skew({"loads without a lock", true, is_permitted}, level, [&] {
            return reads_both("reader", in_unit(level), load_with({}));
        });
        explore_twice({"own SQL", true, is_permitted}, level, [&] {
            return reads_twice("reader", in_unit(level), with_own_sql());
        });
    }
}

TEST_P(ReadSkew, AViewIsOfOneMomentAndWaitsForNobody)
{
    auto const in_the_view = [](stage& on, std::int64_t id) {
        return repository<account>(on.view()).find(id).value().balance;
    };
    kind const how{.form = "database::read", .always = {all_win, nobody_waits}};
    explore_skew(how, isolation::engine_default, [&] {
        return reads_both("reader", in_view(), in_the_view);
    });
    explore_twice(how, isolation::engine_default, [&] {
        return reads_twice("reader", in_view(), in_the_view);
    });
}

TEST_P(ReadSkew, OneQueryIsOfOneMoment)
{
    explore_skew(
        {.form = "one query for both", .always = {reader_wins}}, isolation::read_committed, [&] {
            return session("reader", in_unit(isolation::read_committed))
                .step("read both", [](stage& on) {
                    for (auto const* one : on.work()
                                               .select<account>()
                                               .order_by(field<&account::id>.ascending())
                                               .all())
                        on.saw(one->balance);
                });
        });
}

TEST_P(ReadSkew, AnOptimisticLockTellsWhoSawTwoMoments)
{
    for (auto const level : levels())
        explore_lock("optimistic", level, lock_mode::optimistic, errc::stale_version);
}

// The rows read are written as well, so the writer can be the one who is told.
TEST_P(ReadSkew, AVersionThatIsRaisedByReadingTellsOneOfTwo)
{
    for (auto const level : levels()) {
        auto const told = failures_are(at(level, {errc::stale_version}));
        auto const reads_with = [&](std::string form, lock_request lock) {
            explore_skew({.form = std::move(form), .always = {told, somebody_wins}}, level, [&] {
                return reads_both("reader", in_unit(level), load_with(lock));
            });
        };
        reads_with("optimistic_force_increment", lock_mode::optimistic_force_increment);
        reads_with("pessimistic_force_increment", lock_mode::pessimistic_force_increment);
    }
}

TEST_P(ReadSkew, PessimisticLocksKeepTheWriterWaiting)
{
    for (auto const level : levels()) {
        auto const failures = failures_are(at(level, {}));
        auto const reads_with = [&](std::string form, place_of_steps where, lock_request lock) {
            explore_skew({.form = std::move(form), .always = {failures}}, level, [&] {
                return reads_both("reader", where, load_with(lock));
            });
        };
        reads_with("pessimistic_read", in_unit(level), lock_mode::pessimistic_read);
        reads_with("pessimistic_write", in_unit(level), lock_mode::pessimistic_write);
        reads_with("pessimistic unit", in_unit(level, true), {});
    }
}

TEST_P(ReadSkew, AUnitSeesARowOnlyOnceUnlessItAsksForItsLock)
{
    explore_twice(
        {.form = "the unit's own object", .always = {reader_wins}}, isolation::read_committed, [&] {
            return reads_twice("reader", in_unit(isolation::read_committed), load_with({}));
        });
    auto const own = with_own_sql();
    explore_twice(
        {.form = "pessimistic_read, then own SQL", .always = {reader_wins}},
        isolation::read_committed,
        [&] {
            return session("reader", in_unit(isolation::read_committed))
                .step("read",
                      [](stage& on) {
                          on.saw(on.work().load<account>(1, lock_mode::pessimistic_read).balance);
                      })
                .step("read again", [=](stage& on) { on.saw(own(on, 1)); });
        });
}

TEST_P(ReadSkew, WhatIsNotCommittedIsSeenByNobody)
{
    for (auto const level : levels()) {
        auto const own = with_own_sql();
        explore({.anomaly = "dirty read",
                 .form = "own SQL",
                 .is_control = true,
                 .before = {.accounts = two_accounts},
                 .sessions =
                     [&] {
                         return std::vector{session("writer", in_unit(level))
                                                .step("write",
                                                      [](stage& on) {
                                                          on.work().load<account>(1).balance = -1;
                                                          on.work().flush();
                                                      })
                                                .give_up(),
                                            reads_twice("reader", in_unit(level), own)};
                     },
                 .goes_wrong = {"a change that was undone was seen",
                                [](order_result const& came) {
                                    auto const& saw = came.of("reader").saw;
                                    return std::ranges::find(saw, -1) != saw.end();
                                }},
                 .always = {reader_wins,
                            {"nothing was changed",
                             [](order_result const& came) {
                                 return came.after.balance(1) == money &&
                                        came.after.version(1) == 1;
                             }}},
                 .has_one_outcome_because = "the change is undone, so the row never is another"},
                level);
    }
}

TIEBREAK_ON_SHARED_ENGINES(ReadSkew);

}  // namespace

}  // namespace tiebreak::test
