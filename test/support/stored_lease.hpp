// The library's own row of a lease, as anybody can read it: its time is moved here instead of
// waited for.
#pragma once

#include <tiebreak/mapping.hpp>

#include <cstdint>
#include <string>

namespace tiebreak::test {

struct stored_lease {
    std::string name{};
    std::string owner{};
    std::int64_t epoch = 0;
    time_point expires_at{};
};
BOOST_DESCRIBE_STRUCT(stored_lease, (), (name, owner, epoch, expires_at))

constexpr auto mapping_of(stored_lease const*)
{
    return map<stored_lease>("tiebreak_leases", key<&stored_lease::name>);
}

}  // namespace tiebreak::test
