/// \file
/// Ticket orders and their payment: however often an approval is sent, at however many servers at
/// once, the order is approved once and paid once.
///
/// | order is  | `approve` by the winner             | by anybody else     | `recover` |
/// |-----------|-------------------------------------|---------------------|-----------|
/// | WAITING   | commits PENDING under a new epoch   | loses, reads again  | -         |
/// | PENDING   | calls the provider, then            | `in_progress`       | (2)       |
/// |           | approved: COMPLETE + bill + ticket  |                     |           |
/// |           | declined, error: WAITING            |                     |           |
/// |           | no answer: stays PENDING (1)        |                     |           |
/// | COMPLETE  | -                                   | `already_processed` | -         |
/// | CANCELLED | -                                   | `already_processed` | -         |
///
/// (1) also when the process dies. (2) takes the order over by raising its epoch, asks the provider
/// by payment key, and rolls forward (the charge stands: COMPLETE + bill + ticket) or back: first
/// commits that the payment is being cancelled, then cancels it at the provider, which is final,
/// then commits WAITING. Each step can be repeated, by anybody, after a death at any point.
///
/// Nothing is locked and no transaction is open while the provider is called.
#pragma once

#include <tiebreak/database.hpp>
#include <tiebreak/redis.hpp>

#include "systems/tickets/entities.hpp"
#include "systems/tickets/payment_provider.hpp"
#include "systems/tickets/strategy.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace tiebreak::systems::tickets {

inline constexpr std::int64_t price_of_a_line = 1'000;  ///< minor units
inline constexpr std::size_t lines_max = 100;           ///< of one order

/// One line: six different numbers from 1 to 45, in any order.
struct lotto_line {
    std::vector<int> numbers{};
};

struct new_order {
    std::int64_t member_id = 0;  ///< not looked up here
    std::vector<lotto_line> lines{};
};

/// The lines cannot be sold. Nothing was written.
struct invalid_lines {
    std::size_t line = 0;     ///< the first wrong one, counted from 1; 0: their number is wrong
    std::string_view rule{};  ///< "must have 6 numbers"
};

/// Makes a WAITING order of `price_of_a_line` for each line. One transaction, two statements.
[[nodiscard]] std::variant<order, invalid_lines> create_order(database& in, new_order const& of);

/// Where an approval or recovery is; labs and tests kill, pause or look there.
enum class step : std::uint8_t {
    decided,         ///< the order is PENDING for this call, committed
    charged,         ///< the provider has answered `charge`
    completing,      ///< COMPLETE, bill and ticket are written, not committed: a unit is open
    taken_over,      ///< recovery holds the order, committed
    refund_decided,  ///< that the payment is cancelled is committed; the provider not told yet
    refunded,        ///< the provider has cancelled; the order does not say so yet
};

struct approval_request {
    std::int64_t lotto_publish_id = 0;
    std::int64_t order_id = 0;
    std::string payment_key{};  ///< 1 to 200 bytes, else `std::invalid_argument`
    std::int64_t amount = 0;    ///< minor units; must be the order's
};

struct approve_options {
    strategy how = strategy::conditional;
    /// For deciding. `attempts_max` counts tries to decide, the first included; a last one that the
    /// engine aborts (deadlock, serialization failure) while the order still waits was lost to
    /// nobody and is tried again until the deadline, or all of five approvals could lose to those
    /// of other orders. Whatever happens after the order is decided is not limited by `retry`.
    retry_policy retry{};
    /// For deciding.
    isolation level = isolation::engine_default;
    /// Called in every try between reading the order and writing the decision, with whatever the
    /// strategy holds then held: a race pauses here, a test meets another client. May be empty.
    std::function<void()> between{};
    /// `pessimistic_where`: the longest wait for the row in one try; at least 0.
    std::chrono::milliseconds lock_wait{1'000};
    /// Called at each step; may be empty.
    std::function<void(step)> reached{};
    /// `idempotency_redis` and `redis_cas` need it, the others leave it alone. Lost, slow or lying,
    /// it never makes an approval that the database does not.
    redis const* cache = nullptr;
    /// `idempotency_…`: how long a payment key belongs to the call that is at it, without an answer
    /// of the provider; more than 0. Then the next call with this key takes over.
    std::chrono::milliseconds owner_deadline{60'000};
};

/// The answers to an approval. One of many calls gets `approved`.
struct approved {
    std::int64_t bill_id = 0;
    std::int64_t ticket_id = 0;
    std::int64_t order_id = 0;
    std::int64_t amount = 0;
    std::string payment_key{};
    /// `idempotency_…`: this repeats the answer of an earlier call with the same payment key.
    bool replayed = false;
};

struct already_processed {
    order_status status = order_status::complete;  ///< COMPLETE or CANCELLED
    std::optional<std::int64_t> bill_id{};         ///< with COMPLETE
};

/// Another approval holds the order, or held it at the last try that `retry` allows; or the outcome
/// of its payment is not known yet. Ask again.
struct in_progress {};

struct amount_mismatch {
    std::int64_t expected = 0;
    std::int64_t given = 0;
};

/// The provider refused this payment key, and will again; it holds the order no longer.
struct payment_declined {};

/// The provider failed (order back to WAITING, nothing charged) or did not answer (the order stays
/// PENDING until `recover`).
struct payment_unavailable {
    bool outcome_known = false;  ///< true: nothing was charged
};

/// The payment went through but the order could not be completed by it (then it is CANCELLED) or
/// was taken over meanwhile: the charge was cancelled, once.
struct payment_refunded {};

/// The payment key belongs to another order.
struct payment_key_in_use {};

/// No such order, or not of this publication.
struct order_not_found {};

/// Somebody held the row for longer than `lock_wait`; nothing was written.
struct lock_wait_exceeded {};

/// The database did not let this call decide within the limits of `retry`; nothing was written.
struct attempts_exhausted {};

using approval = std::variant<approved,
                              already_processed,
                              in_progress,
                              amount_mismatch,
                              payment_declined,
                              payment_unavailable,
                              payment_refunded,
                              payment_key_in_use,
                              order_not_found,
                              lock_wait_exceeded,
                              attempts_exhausted>;

using systems::name_of;

/// "approved", "already-processed", "in-progress" …
[[nodiscard]] std::string_view name_of(approval const& answer) noexcept;

/// Approves an order: decides, charges, completes. With `idempotency_…` a repeat of a payment key
/// whose answer is final gets that answer again. Two transactions and one call of the provider
/// for the winner; two or three statements for the others.
/// \throws std::invalid_argument: a payment key or option that is out of range
/// \throws std::logic_error: a unit of work of this thread and database is running
/// \throws error when the database fails. Then the order is as it was, or PENDING until `recover`;
///   whatever the provider did is not lost
[[nodiscard]] approval approve(database& in,
                               payment_provider& provider,
                               approval_request const& request,
                               approve_options const& options = {});

struct recover_options {
    /// Tenures that began at least this long ago, by the database's clock, are taken over. Longer
    /// than any living approval takes, or the living are overtaken, which is safe but loses them
    /// their payment.
    std::chrono::milliseconds older_than{60'000};
    /// Orders looked at in one call, oldest first; at least 1.
    std::size_t orders_max = 1'000;
    /// Cancel even payments that stand, and make their orders CANCELLED: when sales are closed.
    bool refund_all = false;
    std::function<void(step)> reached{};
    /// Asked before each order; false ends the call, and the rest waits for the next. May be empty.
    std::function<bool()> goes_on{};
    /// The first thing in each transaction that takes an order over: `leases::require` here makes a
    /// lease the lock around recovery. `lease_lost` from it ends the call with what was done until
    /// then; anything else is thrown on. May be empty.
    std::function<void(unit_of_work&)> fence{};
};

/// What one call of `recover` did, in orders.
struct recovery {
    std::int64_t found = 0;       ///< PENDING for too long; the sum of the following
    std::int64_t completed = 0;   ///< the payment stood: COMPLETE, with bill and ticket
    std::int64_t returned = 0;    ///< nothing stood: WAITING again
    std::int64_t refunded = 0;    ///< the payment was cancelled for good: CANCELLED
    std::int64_t unanswered = 0;  ///< the provider did not answer: still PENDING, call again
    std::int64_t overtaken = 0;   ///< somebody else had or took the order
};

/// True when an order has been PENDING for so long that `recover` would look at it. One statement.
[[nodiscard]] bool is_recovery_due(database& in, recover_options const& options = {});

/// Resolves what was left PENDING. Safe to run by several processes at once, and to repeat. Call it
/// until `found` is 0 to run dry; one transaction to take an order over, one or two to resolve it.
/// \throws std::invalid_argument, std::logic_error: as `approve`
/// \throws error when the database fails; what was resolved stays so
recovery recover(database& in, payment_provider& provider, recover_options const& options = {});

}  // namespace tiebreak::systems::tickets
