/// \file
/// A payment provider reached over HTTP: the client's side of `tiebreak payments`, and of any
/// provider that speaks as it does.
///
/// What can come back, and what it is taken for. Money decides: `error` says *surely nothing was
/// taken*, so whatever leaves a doubt is `no_answer`.
///
/// | what came back                                             | one attempt is                |
/// |------------------------------------------------------------|-------------------------------|
/// | nothing was sent: no address, refused, no TLS, no time     | refused                       |
/// | 200, JSON, "approved", this payment key, order and amount  | `approved`                    |
/// | 402, the provider's problem `payment-declined`, this key   | `declined`                    |
/// | the provider's problem of a request that it did not act on | refused                       |
/// | anything else: silence, half a reply, a reply to another   | in doubt                      |
/// | request, redirects, other statuses, types and bodies       |                               |
///
/// A call without an idempotency key is one attempt. A call with one is repeated, with the same
/// key, while attempts and time are left; then it is `error` if every attempt was refused, and
/// `no_answer` if one is in doubt: that one may still arrive.
///
/// Every attempt carries an `X-Request-Id` of its own, and only a reply that repeats it counts: a
/// reply that comes twice or late is never taken for the answer to another request.
#pragma once

#include "systems/tickets/payment_provider.hpp"

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace tiebreak::service::payments {

/// Limits of the client. `payment_client` names a wrong one.
struct payment_client_options {
    // What a call may take.

    /// To connect, TLS included; 1 ms to 10 min.
    std::chrono::milliseconds connect_time{2'000};
    /// One attempt, connecting included; 1 ms to 10 min.
    std::chrono::milliseconds attempt_time{5'000};
    /// One call with all its attempts and pauses, and the wait for a free connection; 1 ms to 1 h.
    std::chrono::milliseconds call_time{12'000};
    /// Attempts of a call that can be repeated, the first included; 1 to 100.
    int attempts_max = 3;
    /// Before the second attempt, doubled for each further one up to `pause_max`, uniformly
    /// jittered from 0; 0 to `pause_max`. The provider's `Retry-After` is kept when it is longer;
    /// when it does not fit into `call_time` the call ends.
    std::chrono::milliseconds pause{50};
    /// 0 to 10 min.
    std::chrono::milliseconds pause_max{1'000};

    // What it may hold.

    /// Connections, which is also calls at the same time; more wait. 1 to 10,000.
    std::size_t connections_max = 32;
    /// An idle connection older than this is not used again; 1 s to 1 h. Shorter than the
    /// provider keeps them, or the first attempt over an old one fails.
    std::chrono::seconds idle_time{20};
    /// Bytes of a reply's body, and of its header; 1 KiB to 16 MiB. Beyond: in doubt.
    std::size_t reply_bytes_max = 64 * 1024;

    /// File of the certificates that https is verified with; empty: the system's.
    std::string ca_file{};
};

/// Thread-safe. Not to be used across `fork`. Redirects are not followed, `*_proxy` of the
/// environment is not used, and TLS is verified always.
class payment_client final : public systems::tickets::payment_provider {
public:
    /// Connects to nothing yet.
    /// \param base_url  `http://host:port` or `https://…`, with a path before `/v1` if need be;
    ///   `user:password@` is sent as basic authorization
    /// \throws std::invalid_argument: the URL or an option is wrong, with a sentence that names it
    ///   and shows no password
    explicit payment_client(std::string_view base_url, payment_client_options const& options = {});
    ~payment_client() override;

    /// `POST /v1/payments`. Blocks for at most `call_time`.
    [[nodiscard]] systems::tickets::charge_reply
    charge(systems::tickets::charge_request const& wish) override;

    /// `GET /v1/payments/{key}`, repeated while it is not answered.
    [[nodiscard]] std::optional<systems::tickets::payment_record>
    find(std::string_view payment_key) override;

    /// `POST /v1/payments/{key}/cancel`, repeated while it is not answered.
    [[nodiscard]] systems::tickets::cancel_outcome cancel(std::string_view payment_key) override;

    /// The base URL with a password masked. Safe to log.
    [[nodiscard]] std::string const& shown_url() const noexcept;

private:
    struct state;
    std::unique_ptr<state> state_;
};

}  // namespace tiebreak::service::payments
