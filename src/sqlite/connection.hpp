// One SQLite connection. Its `state` is kept in step with the engine's, so that asking is free.
#pragma once

#include "sql/connection.hpp"
#include "sqlite/family.hpp"
#include "sqlite/gate.hpp"
#include "sqlite/handle.hpp"
#include "sqlite/sqlite.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace tiebreak::sqlite {

// What a connection is in the middle of. Bits, so that a statement asks with one test whether it
// may run as it is.
enum class state : std::uint8_t {
    unusable = 0,  // broken, or left behind by fork
    idle = 1,
    reading = 2,
    writing = 4,
    lost = 8,  // the engine rolled back on an error; nothing but rollback() is accepted
};

[[nodiscard]] constexpr std::uint8_t bits(state s) noexcept
{
    return static_cast<std::uint8_t>(s);
}

class connection final : public sql::connection, private family_member {
public:
    explicit connection(options const& how);
    ~connection() override;

    [[nodiscard]] sql::dialect const& speaks() const noexcept override;
    [[nodiscard]] std::unique_ptr<sql::statement> prepare(std::string_view text,
                                                          sql::taken_key) override;
    void begin(sql::begin_mode mode, isolation level) override;
    void commit() override;
    void rollback() noexcept override;
    [[nodiscard]] bool in_transaction() const noexcept override;

    void set_deadline(sql::deadline at) noexcept override { deadline_ = at; }

    // The lock on the database is waited for at BEGIN, and nowhere else.
    void limit_lock_waits(std::chrono::milliseconds to) noexcept override { lock_wait_ = to; }

    [[nodiscard]] bool alive() noexcept override;
    [[nodiscard]] std::string engine_version() override;

    // For statements.
    [[nodiscard]] bool is_in(std::uint8_t states) const noexcept
    {
        return (bits(state_) & states) != 0;
    }

    [[nodiscard]] sqlite3* handle() const noexcept { return handle_.get(); }

    // Waits for the turn of a writing statement that commits on its own; throws std::logic_error
    // where nothing can be written now.
    void start_alone();
    // Ends what `start_alone` began.
    void end_alone() noexcept;
    // The error of a call that just failed; what the engine did to the transaction is noted.
    [[nodiscard]] error failed(int code, phase when);
    // The same for a statement that commits on its own: it may have failed before its commit or in
    // the middle of it.
    [[nodiscard]] error failed_alone(int code);
    // Takes over from the engine whether a transaction is open.
    void synchronise() noexcept;

    // In a child made by fork nothing of this may be touched, not even to close it.
    [[nodiscard]] bool is_left_behind() const noexcept { return left_behind_; }

    [[nodiscard]] options const& opened_with() const noexcept { return how_; }

    // Null for a database in memory and when it was opened without.
    [[nodiscard]] gate const* turns() const noexcept { return gate_.get(); }

private:
    static int on_busy(void* self, int times) noexcept;
    static int on_progress(void* self) noexcept;
    void left_behind() noexcept override;
    void open_file();
    void take_turn(phase when);
    void give_turn() noexcept;
    void begin_write();
    void begin_read();
    void report_wait() noexcept;
    [[noreturn]] void refuse(char const* what) const;

    options how_;
    database_handle handle_;
    statement_handle begin_;
    statement_handle begin_immediate_;
    statement_handle commit_;
    statement_handle rollback_;
    statement_handle take_snapshot_;
    std::unique_ptr<gate> gate_;
    state state_ = state::idle;
    bool in_memory_ = false;
    bool left_behind_ = false;
    bool met_stranger_ = false;  // the lock was held by somebody without the turn
    sql::deadline deadline_ = sql::deadline::max();
    std::chrono::milliseconds lock_wait_ = no_limit;
    sql::deadline wait_began_{};  // the clock's zero: nothing was waited for
};

}  // namespace tiebreak::sqlite
