#include "world.hpp"

namespace tiebreak::test {

std::string to_text(world const& of)
{
    std::string text;
    auto const next = [&] {
        if (!text.empty())
            text += "; ";
    };
    for (auto const& one : of.accounts) {
        next();
        text += std::to_string(one.id) + ": " + std::to_string(one.balance) + " v" +
                std::to_string(one.version.value());
    }
    for (auto const& one : of.entries) {
        next();
        text += "entry of " + std::to_string(one.account_id);
    }
    // by what they say: the numbers of generated keys differ from order to order
    for (auto const& one : of.bookings) {
        next();
        text += "booking " + std::to_string(one.room) + "/" + std::to_string(one.seat) + " by " +
                std::to_string(one.guest);
    }
    return text.empty() ? "no rows" : text;
}

void create_world(database& in)
{
    create_table<account>(in);
    create_table<entry>(in);
    create_table<booking>(in);
}

void set_world(database& in, world const& to)
{
    in.transact([&](unit_of_work& work) {
        work.execute("DELETE FROM " + work.table<booking>());
        work.execute("DELETE FROM " + work.table<entry>());
        work.execute("DELETE FROM " + work.table<account>());
        for (auto const& one : to.accounts)
            work.add(one);
        for (auto const& one : to.entries)
            work.add(one);
        for (auto const& one : to.bookings)
            work.add(one);
    });
}

world world_in(database& of)
{
    return of.read([](snapshot& view) {
        return world{
            .accounts =
                repository<account>(view).select().order_by(field<&account::id>.ascending()).all(),
            .entries =
                repository<entry>(view).select().order_by(field<&entry::id>.ascending()).all(),
            .bookings =
                repository<booking>(view).select().order_by(field<&booking::id>.ascending()).all()};
    });
}

}  // namespace tiebreak::test
