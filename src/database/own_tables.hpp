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

// The token of one unit of work: that it was committed, or that it never will be.
struct commit_row {
    std::string token{};
    bool barred = false;  // a tombstone: the unit was not committed when it was asked for
    time_point at{};
};

BOOST_DESCRIBE_STRUCT(commit_row, (), (token, barred, at))

constexpr auto mapping_of(commit_row const*)
{
    return map<commit_row>("tiebreak_commits", key<&commit_row::token>);
}

}  // namespace tiebreak::detail
