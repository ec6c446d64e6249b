/// \file
/// The rows of the ticket system. The schema step 03-tickets makes their tables.
///
/// An order is WAITING until an approval decides it for itself (PENDING, a new `epoch`), and ends
/// COMPLETE together with its bill and ticket, or goes back to WAITING, or is CANCELLED. The
/// *epoch* names one tenure of the PENDING state: it is raised when an approval or a recovery takes
/// the order, and every later write of that tenure states it, so whoever was overtaken changes
/// nothing.
#pragma once

#include <tiebreak/mapping.hpp>
#include <tiebreak/time.hpp>
#include <tiebreak/version.hpp>

#include "systems/enum_text.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace tiebreak::systems::tickets {

using systems::name_of;

/// Stored and shown in capitals: `systems::status_text`.
enum class order_status : std::uint8_t { waiting, pending, complete, cancelled };
BOOST_DESCRIBE_ENUM(order_status, waiting, pending, complete, cancelled)

}  // namespace tiebreak::systems::tickets

template <>
struct tiebreak::field_type<tiebreak::systems::tickets::order_status>
    : tiebreak::systems::stored_status<tiebreak::systems::tickets::order_status> {
};

namespace tiebreak::systems::tickets {

/// The lines a member has chosen, as text: "1,2,3,4,5,6;7,8,9,10,11,12".
struct lotto_publish {
    std::int64_t id = 0;
    std::int64_t member_id = 0;
    std::string lines{};
};
BOOST_DESCRIBE_STRUCT(lotto_publish, (), (id, member_id, lines))

constexpr auto mapping_of(lotto_publish const*)
{
    return map<lotto_publish>("lotto_publishes", generated_key<&lotto_publish::id>);
}

struct order {
    std::int64_t id = 0;
    std::int64_t lotto_publish_id = 0;
    std::int64_t member_id = 0;
    std::int64_t amount = 0;  ///< minor units
    order_status status = order_status::waiting;
    /// The payment that holds the order, while PENDING and COMPLETE. No two orders have the same,
    /// so one payment can never pay for two.
    std::optional<std::string> payment_key{};
    std::int64_t epoch = 0;                     ///< the tenure; see the head of this file
    std::optional<time_point> pending_since{};  ///< start of the tenure, by the database's clock
    /// While PENDING: the payment is being cancelled, and this is what the order will be then. It
    /// can never become COMPLETE by that payment.
    std::optional<order_status> refund_to{};
    std::int64_t approvals = 0;  ///< how often it became COMPLETE; above 1 is a broken promise
    tiebreak::version version{};
};
BOOST_DESCRIBE_STRUCT(order,
                      (),
                      (id,
                       lotto_publish_id,
                       member_id,
                       amount,
                       status,
                       payment_key,
                       epoch,
                       pending_since,
                       refund_to,
                       approvals,
                       version))

constexpr auto mapping_of(order const*)
{
    return map<order>("orders",
                      generated_key<&order::id>,
                      unique<&order::payment_key>,
                      references<&order::lotto_publish_id, lotto_publish>);
}

/// What was paid. Written in the transaction that makes the order COMPLETE, together with the
/// ticket.
struct bill {
    std::int64_t id = 0;
    std::int64_t order_id = 0;
    std::string payment_key{};
    std::string charge_id{};  ///< the provider's name for the charge
    std::int64_t amount = 0;  ///< minor units
};
BOOST_DESCRIBE_STRUCT(bill, (), (id, order_id, payment_key, charge_id, amount))

constexpr auto mapping_of(bill const*)
{
    return map<bill>("bills",
                     generated_key<&bill::id>,
                     unique<&bill::order_id>,
                     unique<&bill::payment_key>,
                     references<&bill::order_id, order>);
}

/// What was bought: the right to play the lines.
struct ticket {
    std::int64_t id = 0;
    std::int64_t order_id = 0;
    std::int64_t bill_id = 0;
    std::int64_t lotto_publish_id = 0;
};
BOOST_DESCRIBE_STRUCT(ticket, (), (id, order_id, bill_id, lotto_publish_id))

constexpr auto mapping_of(ticket const*)
{
    return map<ticket>("tickets",
                       generated_key<&ticket::id>,
                       unique<&ticket::order_id>,
                       unique<&ticket::bill_id>,
                       references<&ticket::order_id, order>,
                       references<&ticket::bill_id, bill>,
                       references<&ticket::lotto_publish_id, lotto_publish>);
}

/// The claim of strategy `unique_claim`: whoever inserts the payment key decides. It has no
/// reference to the order on purpose: the foreign key would share-lock the order's row before it is
/// updated, which is how two claims deadlock on InnoDB.
struct payment_claim {
    std::string payment_key{};
    std::int64_t order_id = 0;
};
BOOST_DESCRIBE_STRUCT(payment_claim, (), (payment_key, order_id))

constexpr auto mapping_of(payment_claim const*)
{
    return map<payment_claim>("payment_claims", key<&payment_claim::payment_key>);
}

}  // namespace tiebreak::systems::tickets
