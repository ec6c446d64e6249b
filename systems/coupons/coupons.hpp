/// \file
/// Coupons, first come, first served: a limited number is issued, one to a member, whatever the
/// number of processes that ask.
///
/// The order of `issue` in every strategy: the member is active, the coupon exists (its version is
/// read here), the member has none yet, it may be issued now (time window, then stock);
/// `issued_quantity + 1`; then the record, which expires in 30 days by the database's clock. The
/// coupon's row is written before the record, so that requests queue at the coupon. A UNIQUE
/// constraint stands behind the duplicate check.
///
/// | strategy      | who decides                                           | promise            |
/// |---------------|-------------------------------------------------------|--------------------|
/// | `optimistic`  | the version check of a unit of work, rerun on conflict | exact             |
/// | `conditional` | one `UPDATE … WHERE issued < total`                   | exact              |
/// | `pessimistic` | the lock on the coupon's row, held from the first look | exact             |
/// | `insert_first`| a checked update after the record was inserted        | exact, deadlocks   |
/// | `naive`       | nobody: reads in one transaction, writes in another   | none, control      |
/// | `in_process`  | a mutex of this process around the same               | none, control      |
///
/// `insert_first` is offered on MariaDB only, to show what it costs.
///
/// Exact: if at least as many eligible members ask as there is stock, exactly the stock is issued,
/// provided attempts and deadline suffice. Tables: `schema::apply`.
#pragma once

#include <tiebreak/database.hpp>

#include "systems/coupons/entities.hpp"
#include "systems/invalid_field.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace tiebreak::systems::coupons {

using systems::name_of;

/// A way to decide who gets one. See the head of this file. Names: `name_of`,
/// `systems::parse<strategy>`.
enum class strategy : std::uint8_t {
    naive,
    in_process,
    optimistic,
    conditional,
    pessimistic,
    insert_first,
};
BOOST_DESCRIBE_ENUM(strategy, naive, in_process, optimistic, conditional, pessimistic, insert_first)

/// True for the strategies that decide wrongly on purpose, to show that a race can be lost.
[[nodiscard]] constexpr bool is_negative_control(strategy how) noexcept
{
    return how == strategy::naive || how == strategy::in_process;
}

/// Whether this database can do it; `issue` refuses the others with `unsupported`.
[[nodiscard]] bool is_offered(strategy how, database const& on) noexcept;

/// How to issue. The defaults are the right ones for a service.
struct issue_options {
    strategy how = strategy::optimistic;
    /// Instead of the database's. `retry_presets::three_attempts_20_40_ms` is the schedule of the
    /// first description of this problem; it may leave stock unissued under load.
    std::optional<retry_policy> retry{};
    isolation level = isolation::engine_default;
    /// Called in every attempt between reading and writing, with whatever the strategy holds then
    /// held: a race pauses here, a test meets another client here. May be empty.
    std::function<void()> between{};
};

/// The coupon is the member's.
struct issued {
    std::int64_t id = 0;  ///< of the record
    std::string coupon_code{};
    std::string coupon_name{};
    std::int64_t member_id = 0;
    std::int64_t discount_amount = 0;
    time_point issued_at{};
    time_point expires_at{};  ///< 30 days later
};

/// No member has this id, or it is not active.
struct member_not_found {
    std::int64_t member_id = 0;
};

struct coupon_not_found {
    std::string code{};
};

/// The member has one of these already.
struct already_issued {
    std::string code{};
    std::int64_t member_id = 0;
};

struct sold_out {
    std::string code{};
    std::int64_t total_quantity = 0;
};

/// Outside the time window of the coupon.
struct not_issuable {
    std::string code{};
    time_point now{};  ///< by the database's clock
    std::optional<time_point> starts_at{};
    std::optional<time_point> ends_at{};
};

/// The retry policy allowed no further attempt; nothing was issued by this call.
struct issuing_failed {
    int attempts = 0;                 ///< total runs
    errc last = errc::stale_version;  ///< why the last one failed
};

using issue_result = std::variant<issued,
                                  member_not_found,
                                  coupon_not_found,
                                  already_issued,
                                  sold_out,
                                  not_issuable,
                                  issuing_failed>;

/// Issues one coupon to a member, or says why not. Every answer but `issued` left no trace.
/// Inside a running unit of this thread and database it is part of that unit: `retry` and `level`
/// are the unit's own then, and what would be `issuing_failed` is thrown, for the unit to run
/// again. Costs 4 reads and 2 writes in one transaction when issued; the first refusal that applies
/// ends it. An unknown or impossible `code` or `member_id` is simply not found. \throws error
/// `unsupported`: this strategy is not offered on this database \throws error `commit_unknown`:
/// issued or not, nobody knows; asking again answers
///   `already_issued` if it was
/// \throws error `unavailable`, `backend_failure`, …: nothing was issued
[[nodiscard]] issue_result issue(database& in,
                                 std::string_view code,
                                 std::int64_t member_id,
                                 issue_options const& options = {});

/// What a coupon is made of.
struct new_coupon {
    std::string code{};                ///< 1 to 64 visible ASCII characters
    std::string name{};                ///< 1 to 200 bytes of UTF-8
    std::int64_t discount_amount = 0;  ///< in minor units, 0 or more
    std::int64_t total_quantity = 0;   ///< 0 or more
    std::optional<time_point> starts_at{};
    std::optional<time_point> ends_at{};  ///< after `starts_at`
};

/// Another coupon has this code.
struct code_taken {
    std::string code{};
};

/// Makes a coupon of which none is issued. One statement.
[[nodiscard]] std::variant<coupon, code_taken, invalid_field> create_coupon(database& in,
                                                                            new_coupon const& of);

/// One statement.
[[nodiscard]] std::optional<coupon> find_coupon(database& in, std::string_view code);

/// Makes an active member. `name`: 1 to 200 bytes of UTF-8. One statement.
[[nodiscard]] std::variant<member, invalid_field> create_member(database& in,
                                                                std::string_view name);

/// One statement.
[[nodiscard]] std::optional<member> find_member(database& in, std::int64_t id);

/// Sets the status; nothing is written when it is that already.
[[nodiscard]] std::variant<member, member_not_found>
set_member_status(database& in, std::int64_t id, member_status to);

/// What the rows say of a coupon, in one consistent view.
struct issue_audit {
    std::int64_t total_quantity = 0;
    std::int64_t issued_quantity = 0;
    std::int64_t rows = 0;              ///< records of this coupon
    std::int64_t members_with_two = 0;  ///< members with more than one of them

    /// Updates of the counter that were overwritten: records it does not know of, or the reverse.
    [[nodiscard]] std::int64_t lost_updates() const noexcept
    {
        return rows > issued_quantity ? rows - issued_quantity : issued_quantity - rows;
    }

    [[nodiscard]] std::int64_t oversold() const noexcept
    {
        return rows > total_quantity ? rows - total_quantity : 0;
    }
};

/// Audits one coupon; empty when there is no such coupon. Three statements on one snapshot.
[[nodiscard]] std::optional<issue_audit> audit(database& in, std::string_view code);

}  // namespace tiebreak::systems::coupons
