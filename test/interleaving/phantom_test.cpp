// A room takes one guest. Each session counts the bookings, finds none and adds one: what they
// wrote does not meet, and no row that they read has changed. A row that both write, or the unique
// key of what they insert, makes them meet.
#include "exploration.hpp"

namespace tiebreak::test {

namespace {

std::vector<account> const the_room{{.id = 1}};  // its balance counts guests where a form says so

claim const room_is_overbooked{"the room is overbooked", [](order_result const& came) {
                                   return came.after.bookings.size() > 1;
                               }};
claim const every_winner_has_a_booking{
    "every winner has a booking, and nobody else", [](order_result const& came) {
        return static_cast<std::int64_t>(came.after.bookings.size()) == came.winners();
    }};

using step_body = std::function<std::int64_t(stage&)>;

// `count` answers how many guests there are, after whatever keeps others away.
session reserves(std::string name, std::int64_t seat, place_of_steps where, step_body const& count)
{
    auto const guests = std::make_shared<std::int64_t>(0);
    return session(std::move(name), where)
        .step("count",
              [=](stage& on) {
                  *guests = count(on);
                  on.saw(*guests);
              })
        .step("book", [=](stage& on) {
            if (*guests > 0)
                return static_cast<void>(on.won(outcome::lost));
            on.work().insert(booking{.room = 1, .seat = seat, .guest = seat});
        });
}

std::int64_t guests_of_room(stage& on)
{
    return on.work().select<booking>().where(field<&booking::room> == 1).count();
}

step_body counts_after(lock_request lock)
{
    return [=](stage& on) {
        (void)on.work().load<account>(1, lock);
        return guests_of_room(on);
    };
}

class Phantom : public interleaving_test {
protected:
    struct kind {
        std::string form{};
        bool is_control = false;
        bool is_permitted = false;
        std::vector<errc> failures{};
        bool pessimistic = false;
    };

    void explore_booking(kind how, isolation level, step_body const& count)
    {
        auto const where = in_unit(level, how.pessimistic);
        std::vector<claim> always{every_winner_has_a_booking,
                                  failures_are(at(level, std::move(how.failures)))};
        if (!how.is_permitted)
            always.push_back(so_many_win(1));
        explore({.anomaly = "phantom",
                 .form = std::move(how.form),
                 .is_control = how.is_control,
                 .before = {.accounts = the_room},
                 .sessions =
                     [&] {
                         return std::vector{reserves("A", 1, where, count),
                                            reserves("B", 2, where, count)};
                     },
                 .goes_wrong = room_is_overbooked,
                 .is_permitted = how.is_permitted,
                 .always = std::move(always)},
                level);
    }
};

TEST_P(Phantom, WithoutARowThatBothWriteBothBookWhereTheLevelPermitsIt)
{
    for (auto const level : levels()) {
        bool const is_permitted = !is_serializable(level);
        explore_booking({"count, then insert", true, is_permitted}, level, guests_of_room);
        explore_booking({"optimistic on the room", true, is_permitted},
                        level,
                        counts_after(lock_mode::optimistic));
    }
}

// A lock holds the rows that are there. MariaDB's holds the gap as well, above read_committed, and
// two who hold the same gap end as a deadlock when both insert.
TEST_P(Phantom, LocksOnTheRowsFoundHoldNoRowsThatAreNotThere)
{
    for (auto const level : levels()) {
        bool const holds_gaps = is_mariadb() && level > isolation::read_committed;
        bool const is_permitted = !is_sqlite() && !is_serializable(level) && !holds_gaps;
        explore_booking(
            {"pessimistic_write on the bookings", true, is_permitted}, level, [](stage& on) {
                auto const found = on.work()
                                       .select<booking>()
                                       .where(field<&booking::room> == 1)
                                       .lock(lock_mode::pessimistic_write)
                                       .all();
                return static_cast<std::int64_t>(found.size());
            });
    }
}

// A lock that is shared is had by both.
TEST_P(Phantom, ASharedLockOnTheRoomLetsBothBookWhereTheLevelPermitsIt)
{
    for (auto const level : levels())
        explore_booking(
            {"pessimistic_read on the room", true, !is_sqlite() && !is_serializable(level)},
            level,
            counts_after(lock_mode::pessimistic_read));
}

// Who waits for a lock at repeatable_read has a snapshot from before the wait on PostgreSQL: the
// row is free again and unchanged, so nothing tells that what the others inserted is not seen.
TEST_P(Phantom, ALockOnTheRoomIsEnoughWhereCountingComesAfterTheWait)
{
    for (auto const level : levels()) {
        bool const has_old_snapshot = is_postgres() && level == isolation::repeatable_read;
        explore_booking({"pessimistic_write on the room", has_old_snapshot, has_old_snapshot},
                        level,
                        counts_after(lock_mode::pessimistic_write));
        explore_booking({.form = "pessimistic unit",
                         .is_control = has_old_snapshot,
                         .is_permitted = has_old_snapshot,
                         .pessimistic = true},
                        level,
                        counts_after({}));
    }
}

TEST_P(Phantom, ARoomThatIsWrittenMakesThemMeet)
{
    for (auto const level : levels()) {
        explore_booking(
            {.form = "optimistic_force_increment on the room", .failures = {errc::stale_version}},
            level,
            counts_after(lock_mode::optimistic_force_increment));
        explore_booking({.form = "pessimistic_force_increment on the room"},
                        level,
                        counts_after(lock_mode::pessimistic_force_increment));
        explore_booking({.form = "update_if the room is free"}, level, [](stage& on) {
            auto const taken = repository<account>(on.work()).update_if(
                1, field<&account::balance> == 0, field<& account::balance> += 1);
            return taken == outcome::won ? 0 : 1;
        });
    }
}

TEST_P(Phantom, AQueryThatIsAskedTwiceMayAnswerTwoThings)
{
    auto const sql = "SELECT COUNT(*) FROM " + table_of<booking>(db()) + " WHERE room = 1";
    auto const explore_twice = [&](std::string form,
                                   isolation level,
                                   bool is_control,
                                   place_of_steps where,
                                   step_body const& count) {
        explore({.anomaly = "phantom read",
                 .form = std::move(form),
                 .is_control = is_control,
                 .before = {.accounts = the_room},
                 .sessions =
                     [&] {
                         return std::vector{
                             reserves("writer", 1, in_unit(), guests_of_room),
                             session("reader", where)
                                 .step("count", [=](stage& on) { on.saw(count(on)); })
                                 .step("count again", [=](stage& on) { on.saw(count(on)); })};
                     },
                 .goes_wrong = {"the reader saw two answers",
                                [](order_result const& came) {
                                    auto const& saw = came.of("reader").saw;
                                    return saw.at(0) != saw.at(1);
                                }},
                 .is_permitted = is_control && level == isolation::read_committed,
                 .always = {all_win,
                            {"the booking is there",
                             [](order_result const& came) {
                                 return came.after.bookings.size() == 1;
                             }}}},
                level);
    };
    for (auto const level : levels())
        explore_twice("own SQL", level, true, in_unit(level), [=](stage& on) {
            return on.work().query<std::int64_t>(sql).at(0);
        });
    explore_twice("database::read", isolation::engine_default, false, in_view(), [=](stage& on) {
        return on.view().query<std::int64_t>(sql).at(0);
    });
}

TIEBREAK_ON_SHARED_ENGINES(Phantom);

}  // namespace

}  // namespace tiebreak::test
