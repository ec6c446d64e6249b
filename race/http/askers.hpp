// How the requests of each scenario are made over HTTP, and what their answers mean for the race.
// Each function serves one thread; the client is its connection.
#pragma once

#include "race/board.hpp"
#include "race/http/client.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace tiebreak::race {

/// A member asks for a coupon. `slot.subject`: the member; a winner's record is acknowledged.
[[nodiscard]] answer ask_for_coupon(http_client& on,
                                    std::string_view code,
                                    request_slot& slot,
                                    std::chrono::milliseconds patience);

/// A client adds its line to a book; a winner's version is acknowledged.
[[nodiscard]] answer ask_for_line(http_client& on,
                                  std::int64_t book,
                                  std::string const& line,
                                  request_slot& slot,
                                  std::chrono::milliseconds patience);

/// One of an order's approvals.
struct approval_wish {
    std::int64_t order_id = 0;
    std::int64_t lotto_publish_id = 0;
    std::int64_t amount = 0;
    std::string payment_key{};
    std::string idempotency_key{};  ///< empty: none is sent
};

/// A winner's ticket is acknowledged, a failed payment as `told_no_payment`. While a server is away
/// the approval is sent again; one that then finds the order paid is a refusal like any other.
[[nodiscard]] answer ask_for_approval(http_client& on,
                                      approval_wish const& wish,
                                      request_slot& slot,
                                      std::chrono::milliseconds patience);

}  // namespace tiebreak::race
