// What a scenario is to the lab: rows to fight over, what one thread of a racer does, and an audit
// of the rows afterwards. One file a scenario; nothing else knows what is fought over.
#pragma once

#include <tiebreak/database.hpp>

#include "race/board.hpp"
#include "race/catalogue.hpp"
#include "race/result.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace tiebreak::race {

/// What is the same for everybody in one strategy's race.
struct race_setting {
    race_options const* options = nullptr;
    strategy what{};
    std::string folder{};  ///< a temporary folder for the scenario's own files
    /// Where the service answers, "http://127.0.0.1:4711"; empty: raced through the library.
    std::string entrance{};
};

/// One thread of one racer process.
class lane {
public:
    lane(board& on, int process, int thread) noexcept
        : board_(&on), process_(process), thread_(thread)
    {
    }

    /// The next request nobody has taken; empty when all are taken or the race was stopped.
    [[nodiscard]] std::optional<std::int64_t> next(std::int64_t requests) noexcept;

    /// Makes one request and records what became of it, and how long it took. `ask` answers, and
    /// may write `subject` and `acknowledged`; an exception is a failed request, and its text is
    /// kept. Conflicts and retries that this thread meets meanwhile are counted for the request.
    void run(std::int64_t number, std::function<answer(request_slot&)> const& ask) noexcept;

    [[nodiscard]] bool stopped() const noexcept { return board_->head().stop.load(); }

    [[nodiscard]] board& on() noexcept { return *board_; }

    [[nodiscard]] int process() const noexcept { return process_; }

    [[nodiscard]] int thread() const noexcept { return thread_; }

private:
    board* board_;
    int process_;
    int thread_;
};

/// What one racer process does. Made once in each, used by all its threads.
class racer {
public:
    racer() = default;
    racer(racer const&) = delete;
    racer& operator=(racer const&) = delete;
    virtual ~racer() = default;

    /// The whole race of one thread. Thread-safe.
    virtual void race(lane& on) = 0;
};

/// See the head of this file. Made in the parent for one strategy; must hold no open database,
/// because the racers are forked from there.
class scenario {
public:
    scenario() = default;
    scenario(scenario const&) = delete;
    scenario& operator=(scenario const&) = delete;
    virtual ~scenario() = default;

    /// How many slots the board needs, and words of its own.
    [[nodiscard]] virtual std::size_t slots() const = 0;

    [[nodiscard]] virtual std::size_t own_words() const { return 0; }

    /// What the progress counts up to; 0 when it cannot be known.
    [[nodiscard]] virtual std::int64_t goal() const = 0;

    /// Puts the rows into freshly made tables.
    virtual void prepare(database& in) = 0;

    /// In the racer's process, before the start signal.
    [[nodiscard]] virtual std::unique_ptr<racer> join(database& in, board& on) = 0;

    /// After all racers have ended: what a real system would do in time, as often as needed, until
    /// nothing is left to do. Only `run` and `ticket` have such work.
    virtual void settle(database&) {}

    /// Reads the rows and compares them with what the racers were told.
    [[nodiscard]] virtual audit_counts audit(database& of, board const& after) = 0;

    /// See `strategy_result::per_order`; after the audit.
    [[nodiscard]] virtual std::map<std::string, std::int64_t> per_order() const { return {}; }
};

[[nodiscard]] std::unique_ptr<scenario> make_coupon_scenario(race_setting const& setting);
[[nodiscard]] std::unique_ptr<scenario> make_book_scenario(race_setting const& setting);
[[nodiscard]] std::unique_ptr<scenario> make_ticket_scenario(race_setting const& setting);
[[nodiscard]] std::unique_ptr<scenario> make_run_scenario(race_setting const& setting);
[[nodiscard]] std::unique_ptr<scenario> make_scenario(race_setting const& setting);

}  // namespace tiebreak::race
