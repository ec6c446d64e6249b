// Runs every order of the steps of a few sessions, each from fresh rows, and holds what came of it
// against what is claimed.
#pragma once

#include "runner.hpp"
#include "support/captured_log.hpp"
#include "support/checks.hpp"
#include "support/engines.hpp"
#include "world.hpp"

#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace tiebreak::test {

// What came of one order.
struct order_result {
    std::vector<session_outcome> sessions{};
    world after{};

    [[nodiscard]] std::int64_t winners() const noexcept;
    [[nodiscard]] bool all_won() const noexcept;
    // Throws when there is no such session.
    [[nodiscard]] session_outcome const& of(std::string_view name) const;
};

// A sentence, and whether it is true of what came of an order.
struct claim {
    std::string says;
    std::function<bool(order_result const&)> holds;
};

// Who fails, fails with one of these.
[[nodiscard]] claim failures_are(std::initializer_list<errc> codes);

struct interleaving {
    std::string name{};  // "lost update: lock, then read"
    world before{};
    std::function<std::vector<session>()> sessions{};
    std::vector<claim> always{};     // true of every order
    std::vector<claim> sometimes{};  // true of one at least
    // An outcome that all orders have in common proves nothing, unless it is the only right one.
    std::string has_one_outcome_because{};
};

// Every order of steps that keeps each session's own: {0, 0, 1}, {0, 1, 0}, {1, 0, 0} for {2, 1}.
[[nodiscard]] std::vector<std::vector<std::size_t>>
every_order(std::vector<std::size_t> const& lengths);

// A fixture with the world's tables.
class interleaving_test : public engine_test {
protected:
    void SetUp() override;
    void TearDown() override;

    // Runs all orders, fails the test for each claim that does not hold, and prints one line.
    void explore(interleaving const& what, isolation level = isolation::engine_default);

    // Those that differ on this engine: SQLite has one writer and keeps all from the second on.
    [[nodiscard]] std::vector<isolation> levels();

    [[nodiscard]] bool is_sqlite() { return db().engine() == "sqlite"; }

    [[nodiscard]] bool is_mariadb() { return db().engine() == "mariadb"; }

    // Whether the orders of larger cases are run, too: TIEBREAK_INTERLEAVINGS=all.
    [[nodiscard]] static bool runs_all();

private:
    captured_log log_;  // every lost check is logged
    std::unique_ptr<runner> runner_;
};

}  // namespace tiebreak::test
