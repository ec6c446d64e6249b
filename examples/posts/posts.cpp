// The contract that Java programmers know from JPA, in both styles over one mapping: of two that
// load the same post and change it, the later one is told so, by entity and key.
//
//     posts [URL]        for example: posts sqlite:blog.db
#include <tiebreak/database.hpp>
#include <tiebreak/schema.hpp>

#include "post.hpp"

#include <iostream>
#include <latch>
#include <stdexcept>
#include <thread>

namespace {

using blog::post;

void expect(bool holds, char const* what)
{
    if (!holds)
        throw std::runtime_error(what);
}

// A repository: objects are values, `save` states the version that the object was read with.
std::int64_t with_a_repository(tiebreak::database& db)
{
    tiebreak::repository<post> posts(db);
    post draft{.title = "Optimistic locking", .body = "To be written."};
    posts.save(draft);  // inserts: its key was not set yet

    auto mine = posts.find(draft.id).value();
    auto yours = posts.find(draft.id).value();
    yours.body = "Written by you.";
    posts.save(yours);
    mine.body = "Written by me.";
    try {
        posts.save(mine);
        expect(false, "an old version was saved");
    } catch (tiebreak::error const& failure) {
        expect(failure.code() == tiebreak::errc::precondition_failed, "another error was expected");
        std::cout << "repository:   " << failure.what() << '\n';
    }
    return draft.id;
}

// A unit of work: objects are tracked, the commit writes what was changed. Two transactions load
// the same post; the one that commits later fails, although nobody asked for a check.
void with_a_unit_of_work(tiebreak::database& db, std::int64_t id)
{
    std::latch both_have_loaded(2);
    std::latch first_has_committed(1);
    std::thread first([&] {
        db.transact([&](tiebreak::unit_of_work& work) {
            auto& mine = work.load<post>(id);
            both_have_loaded.arrive_and_wait();
            mine.title = "Optimistic locking, explained";
        });
        first_has_committed.count_down();
    });
    try {
        db.transact(
            [&](tiebreak::unit_of_work& work) {
                auto& mine = work.load<post>(id);
                both_have_loaded.arrive_and_wait();
                first_has_committed.wait();
                mine.title = "Pessimistic locking";
            },
            // By default the callable would run again, with the new version, and succeed.
            {.retry = tiebreak::retry_presets::once});
        expect(false, "the later commit went through");
    } catch (tiebreak::error const& failure) {
        expect(failure.code() == tiebreak::errc::stale_version, "another error was expected");
        expect(failure.what_conflicted() != nullptr, "a conflict was expected");
        std::cout << "unit of work: " << failure.what_conflicted()->entity << " "
                  << failure.what_conflicted()->key << " was changed by somebody else\n";
    }
    first.join();
}

// A pessimistic find keeps others from writing the row until the transaction ends.
void with_a_lock(tiebreak::database& db, std::int64_t id)
{
    db.transact([&](tiebreak::unit_of_work& work) {
        auto& mine = *work.find<post>(id, tiebreak::lock_mode::pessimistic_write);
        bool refused = false;
        std::thread impatient([&] {
            try {
                db.transact(
                    [&](tiebreak::unit_of_work& other) {
                        (void)other.find<post>(
                            id, {tiebreak::lock_mode::pessimistic_write, tiebreak::no_wait});
                    },
                    {.retry = tiebreak::retry_presets::once});
            } catch (tiebreak::error const& failure) {
                refused = true;
                std::cout << "lock:         " << failure.what() << '\n';
            }
        });
        impatient.join();
        expect(refused, "two transactions held one row");
        mine.body += " Edited under a lock.";
    });
}

}  // namespace

int main(int argc, char** argv)
{
    try {
        tiebreak::database db(argc > 1 ? argv[1] : "sqlite:posts.db");
        tiebreak::create_table<post>(db);
        auto const id = with_a_repository(db);
        with_a_unit_of_work(db, id);
        with_a_lock(db, id);
        auto const last = tiebreak::repository<post>(db).find(id).value();
        expect(last.title == "Optimistic locking, explained", "an update was lost");
        expect(last.body == "Written by you. Edited under a lock.", "an update was lost");
        std::cout << "final:        \"" << last.title << "\", version " << last.version.value()
                  << '\n';
        return 0;
    } catch (std::exception const& failure) {
        std::cerr << "posts: " << failure.what() << '\n';
        return 1;
    }
}
