/// \file
/// The payment provider as the ticket system sees it: somebody else's service, which can decline,
/// fail, be late, or do the work and lose its reply.
///
/// No database lock and no unit of work is held while any of these is called, so a provider may
/// take seconds, and may itself work with the caller's database.
///
/// What the provider must promise, because money depends on it:
/// - a charge that carries an idempotency key is made at most once under that key, and repeating
///   the call answers with the same charge; an `error` is not remembered;
/// - `cancel` is final: after it no charge of that payment key stands, and one that is still on its
///   way will be declined. So whoever cannot know whether a charge was made can make sure.
#pragma once

#include "systems/enum_text.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tiebreak::systems::tickets {

using systems::name_of;

/// One wish to charge.
struct charge_request {
    std::string_view payment_key;  ///< 1 to 200 bytes; names the payment
    std::int64_t order_id = 0;
    std::int64_t amount = 0;  ///< minor units, at least 1
    /// Empty: every call charges again. Negative controls leave it empty, nobody else does.
    std::optional<std::string_view> idempotency_key{};
};

/// How a charge ended.
enum class charge_outcome : std::uint8_t {
    approved,   ///< the money was taken, now or by an earlier call with the same idempotency key
    declined,   ///< refused for good: nothing was taken, and nothing ever will be under this key
    error,      ///< this call failed and took nothing; another call may succeed
    no_answer,  ///< the reply was lost or came too late: taken or not, nobody knows yet
};

BOOST_DESCRIBE_ENUM(charge_outcome, approved, declined, error, no_answer)

struct charge_reply {
    charge_outcome outcome = charge_outcome::no_answer;
    std::string charge_id{};  ///< the provider's name for the charge; only with `approved`
};

/// What the provider knows of a payment key.
enum class payment_state : std::uint8_t {
    unknown,    ///< no call has charged, declined or cancelled it
    charged,    ///< at least one charge stands
    declined,   ///< refused for good
    cancelled,  ///< cancelled for good; what had been charged was refunded
};

BOOST_DESCRIBE_ENUM(payment_state, unknown, charged, declined, cancelled)

struct payment_record {
    payment_state state = payment_state::unknown;
    std::int64_t calls = 0;  ///< how often `charge` was called with this payment key
    std::int64_t charges = 0;
    std::int64_t refunds = 0;
    std::string charge_id{};  ///< the first charge that stands; empty when none does

    /// Charges that were not refunded.
    [[nodiscard]] std::int64_t standing() const noexcept { return charges - refunds; }
};

/// Whether a cancellation is known to have happened.
enum class cancel_outcome : std::uint8_t {
    cancelled,  ///< nothing stands under this key, and nothing ever will
    no_answer,  ///< unknown; call again, it is idempotent
};

/// Implementations are thread-safe. None of the calls throws because the provider is away: that
/// is `error` or `no_answer`.
class payment_provider {
public:
    payment_provider() = default;
    payment_provider(payment_provider const&) = delete;
    payment_provider& operator=(payment_provider const&) = delete;
    virtual ~payment_provider() = default;

    /// Takes the money. Once per call, or once per idempotency key when the call carries one.
    [[nodiscard]] virtual charge_reply charge(charge_request const& wish) = 0;

    /// What became of a payment key; empty when the provider did not answer.
    [[nodiscard]] virtual std::optional<payment_record> find(std::string_view payment_key) = 0;

    /// Refunds whatever stands under the key, once, and closes the key for good. Also for a key
    /// that the provider has never seen.
    [[nodiscard]] virtual cancel_outcome cancel(std::string_view payment_key) = 0;
};

}  // namespace tiebreak::systems::tickets
