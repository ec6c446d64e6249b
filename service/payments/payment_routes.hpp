/// \file
/// The stand-in payment provider over HTTP. Money never moves; charges are counted.
///
/// | request                             | answered                                             |
/// |-------------------------------------|------------------------------------------------------|
/// | `POST /v1/payments`                 | 200 `{outcome:"approved",charge_id,payment_key,      |
/// | `{payment_key,order_id,amount}`     | order_id,amount}`; 402 `payment-declined`; 502       |
/// |                                     | `charge-failed`: nothing was taken                   |
/// | the same with `Idempotency-Key`     | charged once under that key                          |
/// | `GET /v1/payments/{payment_key}`    | 200 `{payment_key,state,calls,charges,refunds,       |
/// |                                     | charge_id?}`, also for a key that was never used     |
/// | `POST /v1/payments/{payment_key}/cancel` | the same; nothing stands under the key any more |
/// | `GET /healthz`                      | 200                                                  |
///
/// A reply that is lost is just that: the work is done and the connection ends without a byte.
/// When its books are away, `GET` and cancel answer 503 `unavailable`.
#pragma once

#include "service/http/router.hpp"
#include "systems/tickets/stand_in_provider.hpp"

namespace tiebreak::service::payments {

/// Adds the routes. The provider must outlive whoever serves them.
void add_payment_routes(http::router& to, systems::tickets::stand_in_provider& provider);

}  // namespace tiebreak::service::payments
