// The rows that interleavings are about: accounts with a version, entries that point to them, and
// bookings.
#pragma once

#include <tiebreak/database.hpp>
#include <tiebreak/schema.hpp>

#include <boost/describe/class.hpp>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

namespace tiebreak::test {

struct account {
    std::int64_t id = 0;
    std::int64_t balance = 0;
    tiebreak::version version{};
};
BOOST_DESCRIBE_STRUCT(account, (), (id, balance, version))

constexpr auto mapping_of(account const*)
{
    return map<account>("accounts", key<&account::id>);
}

struct entry {
    std::int64_t id = 0;
    std::int64_t account_id = 0;
};
BOOST_DESCRIBE_STRUCT(entry, (), (id, account_id))

constexpr auto mapping_of(entry const*)
{
    return map<entry>(
        "entries", generated_key<&entry::id>, references<&entry::account_id, account>);
}

// A seat of a room can be had once; a room's bookings are counted by a condition.
struct booking {
    std::int64_t id = 0;
    std::int64_t room = 0;
    std::int64_t seat = 0;
    std::int64_t guest = 0;
};
BOOST_DESCRIBE_STRUCT(booking, (), (id, room, seat, guest))

constexpr auto mapping_of(booking const*)
{
    return map<booking>(
        "bookings", generated_key<&booking::id>, unique<&booking::room, &booking::seat>);
}

// All rows, in the order of their keys.
struct world {
    std::vector<account> accounts{};
    std::vector<entry> entries{};
    std::vector<booking> bookings{};

    [[nodiscard]] account const* find(std::int64_t id) const noexcept
    {
        auto const at = std::ranges::find(accounts, id, &account::id);
        return at == accounts.end() ? nullptr : &*at;
    }

    // -1 when there is no such account.
    [[nodiscard]] std::int64_t balance(std::int64_t id = 1) const noexcept
    {
        auto const* const found = find(id);
        return found == nullptr ? -1 : found->balance;
    }

    [[nodiscard]] std::int64_t version(std::int64_t id = 1) const noexcept
    {
        auto const* const found = find(id);
        return found == nullptr ? -1 : found->version.value();
    }
};

// "1: 5 v2; 2: 0 v1; booking 1/1 by 7"
[[nodiscard]] std::string to_text(world const& of);

void create_world(database& in);

// Every row that is there is removed, and these are put in their place.
void set_world(database& in, world const& to);

[[nodiscard]] world world_in(database& of);

}  // namespace tiebreak::test
