// One connection to a database: the upper half of the seam that drivers implement.
//
// state        prepare  begin(m)        statement   commit   rollback  alive
// idle         idle     open            idle (1)    misuse   idle      asks the engine
// open         open     misuse          open        idle     idle      asks the engine
// broken       throws   throws          throws      throws   broken    false
//
// (1) a writing statement commits on its own.
// Any error while open leaves the connection open at best: nothing but rollback() is accepted by
// the layers above.
#pragma once

#include <tiebreak/error.hpp>

#include "sql/dialect.hpp"
#include "sql/statement.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace tiebreak::sql {

using deadline = std::chrono::steady_clock::time_point;

enum class begin_mode : std::uint8_t {
    read,   // a consistent snapshot that never waits for a writer
    write,  // may write; on an engine with a single writer it waits here for its turn
};

// One step of a batch: a statement that is expected to match exactly `expected` rows.
struct step {
    statement* run = nullptr;
    std::span<value const> parameters{};  // valid until the next call of `next`
};

// Where a batch comes from and its answers go. `next` is called for all steps in order; `matched`
// is called for them in the same order, each after its own `next`, but possibly after later ones.
// Throwing from either ends the batch. Neither may use the connection, not even to prepare.
class step_source {
public:
    step_source() = default;
    step_source(step_source const&) = delete;
    step_source& operator=(step_source const&) = delete;
    virtual bool next(step& to_fill) = 0;
    virtual void matched(std::int64_t rows) = 0;

    // Instead of `matched`, by an engine that answers several steps with one number: of the last
    // `steps` not answered yet some matched no row. Has to throw; which ones they were can only be
    // found out after the transaction.
    virtual void matched_too_few(std::size_t steps) = 0;

protected:
    ~step_source() = default;
};

// The statement that a transaction begins with, whose answer decides whether it goes on at all.
class first_step {
public:
    first_step() = default;
    first_step(first_step const&) = delete;
    first_step& operator=(first_step const&) = delete;

    // The statement; both forms are prepared, and valid until the transaction is over. `fails`:
    // where it would match no row, because what follows in the same round trip may write or hold
    // rows and must not run then.
    [[nodiscard]] virtual step send(bool fails) = 0;
    // Its answer. Throws to end the transaction.
    virtual void matched(std::int64_t rows) = 0;
    // Instead: its error. Throws that or another.
    virtual void failed(error const& why) = 0;

protected:
    ~first_step() = default;
};

class connection {
public:
    connection() = default;
    connection(connection const&) = delete;
    connection& operator=(connection const&) = delete;
    virtual ~connection() = default;

    [[nodiscard]] virtual dialect const& speaks() const noexcept = 0;

    // Throws backend_failure for wrong SQL. Text after the first statement is refused.
    [[nodiscard]] virtual std::unique_ptr<statement> prepare(std::string_view text,
                                                             taken_key then = taken_key::fails) = 0;

    // Waits until `until` at most, as set by `set_deadline`: lock_timeout when another writer did
    // not give way, unavailable when the database cannot be reached.
    virtual void begin(begin_mode mode, isolation level) = 0;

    // Returns only when the engine has said that the transaction is committed. Throws with
    // phase::commit_sent; unless the engine said otherwise the code is then commit_unknown. An
    // engine that says that the transaction is still open throws with phase::in_transaction.
    virtual void commit() = 0;

    // Ends the transaction, if one is open. Never throws: a connection that cannot roll back is
    // broken, `alive` says so, and the engine rolls back when it is closed.
    virtual void rollback() noexcept = 0;

    // True between begin and commit or rollback, as the engine sees it: false, too, when an error
    // made the engine roll back. Nothing but rollback() is accepted then, all the same.
    [[nodiscard]] virtual bool in_transaction() const noexcept = 0;

    // Waits and statements after this end with lock_timeout or deadline_exceeded at that time.
    // COMMIT is never cut short, see below.
    virtual void set_deadline(deadline at) noexcept = 0;

    // When the answer to COMMIT is not waited for any longer: the link counts as dead then and the
    // outcome as unknown, and the server is not told to stop. `max`: `commit_patience` after the
    // deadline, or from now if there is none or it has passed.
    virtual void set_commit_limit(deadline) noexcept {}

    static constexpr std::chrono::seconds commit_patience{60};

    // By which another session of the same user finds this one; 0 when there is nothing to find.
    [[nodiscard]] virtual std::int64_t session_number() const noexcept { return 0; }

    // Ends the session with this number if it has a transaction open in which nothing has been
    // sent for at least so long; nothing when there is no such session. Its locks may be freed a
    // moment later.
    virtual void end_idle_transaction(std::int64_t, std::chrono::milliseconds) {}

    // Until it is called again, a wait for a lock ends with lock_timeout after this time, if the
    // deadline does not come first; `no_limit` leaves only the deadline. 0: it does not wait, or
    // as short as the engine can.
    virtual void limit_lock_waits(std::chrono::milliseconds to) noexcept = 0;

    static constexpr std::chrono::milliseconds no_limit = std::chrono::milliseconds::max();

    // False when the connection is known to be useless. May ask the engine.
    [[nodiscard]] virtual bool alive() noexcept = 0;

    // Throws unsafe_settings when what is written to this table could not be rolled back. Where
    // that cannot be, nothing is asked.
    virtual void require_transactions(std::string_view) {}

    // "3.40.1"
    [[nodiscard]] virtual std::string engine_version() = 0;

    // Runs statements in order. An engine with capability::pipelining sends ahead; the others run
    // them one by one, which is what this does.
    virtual void run(step_source& source)
    {
        for (step one; source.next(one);)
            source.matched(one.run->execute(one.parameters));
    }

    // In a transaction in which nothing has run yet: runs `first`, which lives as long as the
    // transaction. An engine with capability::pipelining may send it along with the next statement;
    // what `first` throws then comes out of that one. Waits for locks as long as is allowed now.
    virtual void run_first(first_step& first)
    {
        try {
            auto const one = first.send(false);
            first.matched(one.run->execute(one.parameters));
        } catch (error const& why) {
            first.failed(why);
        }
    }

    // Has the answer of `first` now, if it was not heard yet.
    virtual void hear_first() {}

    // Runs one more statement, which must match exactly one row, and commits. Its text went through
    // `dialect::exactly_one`. Throws as `commit`, and before it when the statement fails.
    virtual void commit_with(step const& last)
    {
        if (last.run->execute(last.parameters) != 1)
            throw error(errc::backend_failure, "the last write of a unit of work was lost");
        commit();
    }
};

}  // namespace tiebreak::sql
