// What the tests of the ticket system share: orders on a fresh database, a stand-in provider with
// books of its own, and five approvals of each order at once from four processes.
#pragma once

#include "support/barrier.hpp"
#include "support/engines.hpp"
#include "support/process.hpp"
#include "systems/tickets/audit.hpp"

#include <array>
#include <atomic>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace tiebreak::test {

namespace tickets = systems::tickets;

inline constexpr int processes = 4;
inline constexpr int rivals = 5;  // approvals of one order; processes 0 has two threads
inline constexpr int orders_max = 40;

// What the rivals of one order were told.
struct verdicts {
    int approved = 0;
    int refused = 0;  // any other answer
    int errors = 0;   // exceptions
    std::vector<std::string> names{};

    [[nodiscard]] int count(std::string_view name) const;
};

struct race_options {
    int orders = 24;
    tickets::stand_in_options provider{};
    tickets::approve_options approve{};
    // Gives `approve.between` to each process; the barrier is met by one rival of each process.
    bool meet_between = false;
    // Another process runs `recover` all the time, and overtakes the living.
    bool recover_meanwhile = false;
};

class ticket_test : public engine_test {
protected:
    // Makes tables and WAITING orders of one line each, and closes the database again.
    std::vector<tickets::order> make_orders(int number);

    tickets::order make_order() { return make_orders(1).front(); }

    [[nodiscard]] std::string books_url() const;

    // The provider of this process. Made when first asked for; `close_all` before a fork.
    tickets::stand_in_provider& provider();
    void close_all();

    [[nodiscard]] static tickets::approval_request request_for(tickets::order const& of,
                                                               std::string key = {});

    // Races; answers what was told, by order. Nothing is open in this process afterwards.
    std::vector<verdicts> race(std::vector<tickets::order> const& orders,
                               race_options const& options);

    // Runs `recover` from two processes at once, until nothing is PENDING.
    void recover_from_two_processes();

    tickets::order read(std::int64_t order_id);
    tickets::audit_report audit();

    // Exactly one rival of each order was approved and four were refused, none failed; one call and
    // one standing charge for each; a bill and a ticket for each, nothing left PENDING.
    void expect_one_approved(tickets::approve_options const& how);

private:
    temporary_folder books_;
    std::optional<tickets::stand_in_provider> provider_;
};

// A provider that does something of its own around the calls of another one.
class watched_provider final : public tickets::payment_provider {
public:
    explicit watched_provider(tickets::payment_provider& real) noexcept : real_(real) {}

    std::function<void()> before_charge{};
    std::function<void()> after_charge{};
    std::function<void()> after_find{};
    std::function<void()> before_cancel{};
    std::function<void()> after_cancel{};
    std::optional<std::string> last_idempotency_key{};  // of `charge`
    bool answers_find = true;                           // false: every reply is lost
    bool answers_cancel = true;                         // false: every reply is lost

    tickets::charge_reply charge(tickets::charge_request const& wish) override;
    std::optional<tickets::payment_record> find(std::string_view payment_key) override;
    tickets::cancel_outcome cancel(std::string_view payment_key) override;

private:
    tickets::payment_provider& real_;
};

}  // namespace tiebreak::test
