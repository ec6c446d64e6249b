// One tenure of the PENDING state, and every write that is made under it. Each write states the
// epoch, so whoever was overtaken changes nothing and is told so.
//
// Why the decision to refund is a write of its own, before the provider is told: without it a
// recoverer paused before `cancel` could wake up after another one had completed the order, and
// refund a sale. With it, whoever takes the order over goes on refunding.
#pragma once

#include "systems/tickets/tickets.hpp"

namespace tiebreak::systems::tickets {

// Who acts on a PENDING order, and with what.
struct tenure {
    std::int64_t order_id = 0;
    std::int64_t lotto_publish_id = 0;
    std::int64_t amount = 0;
    std::int64_t epoch = 0;
    std::string payment_key{};
};

[[nodiscard]] tenure tenure_of(order const& held);

// Calls the hook, if there is one.
void reach(std::function<void(step)> const& reached, step where);

// COMPLETE with bill and ticket, in one transaction. Empty: the tenure is over, nothing was
// written. Throws `already_exists` or `constraint_violated` when it can never succeed.
[[nodiscard]] std::optional<approved> complete(database& in,
                                               tenure const& held,
                                               std::string const& charge_id,
                                               std::function<void(step)> const& reached);

// True for what `complete` throws when repeating it cannot help.
[[nodiscard]] bool never_completes(error const& why) noexcept;

// Ends the tenure without a sale; the payment key is free again. One transaction, two statements.
[[nodiscard]] outcome give_back(database& in, tenure const& held, order_status to);

enum class refund_outcome : std::uint8_t { refunded, unanswered, overtaken };

// Cancels the payment, for good and once, then ends the tenure with `to`. Repeatable by whoever
// holds the order, after a death at any point.
[[nodiscard]] refund_outcome refund(database& in,
                                    payment_provider& provider,
                                    tenure const& held,
                                    order_status to,
                                    std::function<void(step)> const& reached);

}  // namespace tiebreak::systems::tickets
