// Runs every order of the steps of a few sessions, each from fresh rows, and holds what came of it
// against what is claimed.
#pragma once

#include "claims.hpp"
#include "runner.hpp"
#include "support/captured_log.hpp"
#include "support/checks.hpp"
#include "support/engines.hpp"
#include "world.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace tiebreak::test {

struct interleaving {
    std::string anomaly{};    // what could go wrong: "lost update"
    std::string form{};       // what keeps it away, or does not: "checked write"
    bool is_control = false;  // nothing of the library's keeps it away
    world before{};
    std::function<std::vector<session>()> sessions{};
    // True of an order in which the anomaly came about. Then it must be seen when it `is_permitted`
    // here, and never else.
    claim goes_wrong{};
    bool is_permitted = false;
    std::vector<claim> always{};     // true of every order
    std::vector<claim> sometimes{};  // true of one at least
    // An outcome that all orders have in common proves nothing, unless it is the only right one.
    std::string has_one_outcome_because{};
    // Other rows than the world's are made before each order, and looked at after it.
    std::function<void()> prepare{};
    std::function<world()> look{};

    [[nodiscard]] std::string name() const { return anomaly + ": " + form; }
};

// Every order of steps that keeps each session's own: {0, 0, 1}, {0, 1, 0}, {1, 0, 0} for {2, 1}.
[[nodiscard]] std::vector<std::vector<std::size_t>>
every_order(std::vector<std::size_t> const& lengths);

// A fixture with the world's tables.
class interleaving_test : public engine_test {
protected:
    void SetUp() override;
    void TearDown() override;

    // Opened to be quick.
    [[nodiscard]] database& db();

    // Runs all orders, fails the test for each claim that does not hold, and prints one line: what
    // tools/anomalies.py reads.
    void explore(interleaving const& what, isolation level = isolation::engine_default);

    // Those that differ on this engine: SQLite has one writer and keeps all from the second on.
    [[nodiscard]] std::vector<isolation> levels();

    // On SQLite a unit above read_committed holds the turn from its first statement on.
    [[nodiscard]] bool is_serial(isolation level)
    {
        return is_sqlite() && level > isolation::read_committed;
    }

    // The engine itself refuses, or keeps waiting, what no order of whole units could bring about.
    [[nodiscard]] bool is_serializable(isolation level)
    {
        return is_serial(level) || level == isolation::serializable;
    }

    // The codes with which units may fail at this level.
    [[nodiscard]] std::vector<errc> at(isolation level, std::vector<errc> codes)
    {
        if (level > isolation::read_committed && !is_sqlite())
            codes.push_back(errc::transaction_aborted);
        return codes;
    }

    [[nodiscard]] bool is_sqlite() { return db().engine() == "sqlite"; }

    [[nodiscard]] bool is_postgres() { return db().engine() == "postgresql"; }

    [[nodiscard]] bool is_mariadb() { return db().engine() == "mariadb"; }

    // Own SQL of the controls, which check nothing.
    [[nodiscard]] std::string select_balance(std::int64_t id);
    [[nodiscard]] std::string update_balance(std::int64_t id);  // with one parameter

    // Whether the orders of larger cases are run, too: TIEBREAK_INTERLEAVINGS=all.
    [[nodiscard]] static bool runs_all();

private:
    std::unique_ptr<database> db_;
    captured_log log_;  // every lost check is logged
    std::unique_ptr<runner> runner_;
};

}  // namespace tiebreak::test
