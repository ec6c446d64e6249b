// The library's own tables, as entities.
#pragma once

#include <tiebreak/mapping.hpp>
#include <tiebreak/time.hpp>
#include <tiebreak/value.hpp>

#include <cstdint>
#include <optional>
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

// One idempotency key: a claim while `status` is NULL, then an answer. The unique constraint is
// there for its index, by which rows are purged: an index of its own would have to be made by a
// statement that locks out writers even when it is there.
struct idempotency_row {
    std::string tenant{};
    std::string route{};
    std::string request_key{};
    blob fingerprint{};
    std::string owner{};
    std::int64_t epoch = 0;
    time_point deadline{};    // of the claim
    time_point expires_at{};  // the answer may be purged
    std::string progress{};
    std::optional<std::int32_t> status{};
    std::string headers{};
    blob body{};
    std::int32_t parts = 0;  // of the body, in rows of their own; then `body` is empty
};

BOOST_DESCRIBE_STRUCT(idempotency_row,
                      (),
                      (tenant,
                       route,
                       request_key,
                       fingerprint,
                       owner,
                       epoch,
                       deadline,
                       expires_at,
                       progress,
                       status,
                       headers,
                       body,
                       parts))

constexpr auto mapping_of(idempotency_row const*)
{
    return map<idempotency_row>(
        "tiebreak_idempotency",
        key<&idempotency_row::tenant, &idempotency_row::route, &idempotency_row::request_key>,
        unique<&idempotency_row::expires_at, &idempotency_row::owner>);
}

// A piece of an answer's body that is too long for its key row; named by the owner that wrote it.
struct answer_part_row {
    std::string owner{};
    std::int32_t number = 0;
    time_point expires_at{};
    blob bytes{};
};

BOOST_DESCRIBE_STRUCT(answer_part_row, (), (owner, number, expires_at, bytes))

constexpr auto mapping_of(answer_part_row const*)
{
    return map<answer_part_row>(
        "tiebreak_answer_parts",
        key<&answer_part_row::owner, &answer_part_row::number>,
        unique<&answer_part_row::expires_at, &answer_part_row::owner, &answer_part_row::number>);
}

}  // namespace tiebreak::detail
