// HTTP exchanges with one server over a bounded number of reused connections. The only file that
// knows libcurl is transport.cpp.
#pragma once

#include "service/payments/exchange.hpp"
#include "service/payments/payment_client.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

namespace tiebreak::service::payments {

// Thread-safe.
class transport {
public:
    // Throws std::invalid_argument as `payment_client` does.
    transport(std::string_view base_url, payment_client_options const& options);
    ~transport();
    transport(transport const&) = delete;
    transport& operator=(transport const&) = delete;

    // One exchange that ends by itself: at `until`, or when `attempt_time` is used up. Waits for a
    // free connection until `until`. A connection is used again only after a whole reply that
    // repeated the request's id.
    [[nodiscard]] exchange send(outgoing const& what, std::chrono::steady_clock::time_point until);

    [[nodiscard]] std::string const& shown_url() const noexcept;

private:
    class connection;
    class place;
    struct state;
    std::unique_ptr<state> state_;
};

}  // namespace tiebreak::service::payments
