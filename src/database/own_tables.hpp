// The library's own tables, as entities.
#pragma once

#include <tiebreak/mapping.hpp>
#include <tiebreak/time.hpp>

#include <cstdint>
#include <string>

namespace tiebreak::detail {

// One named lease. The row stays when the lease is free, so that its epoch never starts again.
struct lease_row {
    std::string name{};
    std::string owner{};  // empty: free
    std::int64_t epoch = 0;
    time_point expires_at{};
};

BOOST_DESCRIBE_STRUCT(lease_row, (), (name, owner, epoch, expires_at))

constexpr auto mapping_of(lease_row const*)
{
    return map<lease_row>("tiebreak_leases", key<&lease_row::name>);
}

}  // namespace tiebreak::detail
