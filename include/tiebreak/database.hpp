/// \file
/// A database: where it is, how many connections, and the two ways to work with it, `transact` and
/// `read`.
///
/// URLs: `sqlite:shop.db`, `sqlite:/var/lib/shop.db`, `sqlite::memory:` (this process only, one
/// connection). Parameters after `?`, joined by `&`: `table_prefix=`, `pool=` (connections),
/// `certainty=as_answered|commit_token`, `synchronous=full|normal`, `gate=on|off`,
/// `create=on|off`.
///
/// Servers: `postgresql://user:password@host:port/database`, `mariadb://…` (also `postgres:`,
/// `mysql:`); `%40` for a character such as `@`. With `table_prefix=`, `pool=`, `certainty=`,
/// `password_file=` and, on PostgreSQL, what libpq has in its URLs; a wrong parameter is answered
/// with the known.
#pragma once

#include <tiebreak/capability.hpp>
#include <tiebreak/commit_token.hpp>
#include <tiebreak/conflict.hpp>
#include <tiebreak/mapping.hpp>
#include <tiebreak/observer.hpp>
#include <tiebreak/repository.hpp>
#include <tiebreak/retry.hpp>
#include <tiebreak/unit_of_work.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace tiebreak {

/// Options that hold for every use of a database. What the URL says overrides them.
struct database_options {
    /// Stands before every mapped and installed table name. Letters, digits and `_`, at most 40.
    std::string table_prefix{};
    /// Connections at most; 1 to 1000. An in-memory database always has exactly one.
    int connections_max = 8;
    /// How long `transact` waits for a free connection; then `unavailable`.
    std::chrono::milliseconds connection_wait{10'000};
    /// What `transact` does unless told otherwise, and what repositories on the database do.
    retry_policy retry{};
    /// The same for a commit whose answer was lost. With `commit_token` every unit that writes, and
    /// every write of a repository on the database, costs a statement more, and `install` comes
    /// before the first of them. As a URL parameter: `certainty=commit_token`.
    commit_certainty certainty = commit_certainty::as_answered;
    /// Told of what happens; may be null. Must outlive the database.
    observer* watcher = nullptr;
};

/// How the connections of a database are used at one moment.
struct pool_use {
    int open = 0;     ///< made so far; a broken one is replaced when it is needed
    int busy = 0;     ///< of those, taken by a unit of work or a read
    int waiting = 0;  ///< callers that wait for a free one
    int most = 0;     ///< as many as there may be
};

/// Options of one `transact`.
struct transact_options {
    /// Instead of the database's.
    std::optional<retry_policy> retry{};
    /// READ COMMITTED or the engine's own meaning unless asked.
    isolation level = isolation::engine_default;
    /// For units that will surely write the rows they read, so that they need not run again: on
    /// SQLite the unit takes the write turn (`BEGIN IMMEDIATE`) at its first statement; on an
    /// engine with `capability::row_locks` every row it reads is held as by `pessimistic_write`.
    bool pessimistic = false;
    /// How much `transact` finds out about rows that were not as expected.
    conflict_detail conflicts = conflict_detail::first_row;
    /// Instead of the database's. `commit_token`: when the answer to COMMIT is lost, find out what
    /// became of it, so that `transact` answers as if nothing had happened. Costs a statement.
    /// Needs `install`.
    std::optional<commit_certainty> certainty{};
    /// With `commit_token`: the token, which must be new, instead of a random one, so that another
    /// process can ask `resolve_commit` after this one has died. 1 to 200 printable characters.
    /// `already_exists` when a unit with it was committed or given up before; when it was lost and
    /// surely not committed, `attempts_exhausted` asks for another.
    std::string token{};
};

/// A consistent view of the database at one moment, which is not before its opening and not after
/// its first read; nothing can be written through it. Made by
/// `database::read`; use repositories on it: `repository<book>(view)`.
class snapshot {
public:
    snapshot(snapshot const&) = delete;
    snapshot& operator=(snapshot const&) = delete;

    /// As `unit_of_work::query`.
    template <class T, std::convertible_to<parameter>... Parameters>
    [[nodiscard]] std::vector<T> query(std::string_view sql, Parameters const&... parameters)
    {
        std::array<value, sizeof...(Parameters)> const values{parameter{parameters}.get()...};
        std::vector<T> rows;
        run_query(sql, values, detail::row_plan_of<T>(), &rows, [](void* to) -> void* {
            return &static_cast<std::vector<T>*>(to)->emplace_back();
        });
        return rows;
    }

    /// The quoted name of an entity's table, prefix included, for own SQL.
    template <mapped_entity T>
    [[nodiscard]] std::string table() const
    {
        return table_of(detail::plan_of<T>());
    }

private:
    friend class database;
    friend struct detail::place_access;

    explicit snapshot(detail::workspace& space) noexcept : space_(space) {}

    ~snapshot() = default;
    void run_query(std::string_view sql,
                   std::span<value const> parameters,
                   detail::row_plan const& of,
                   void* to,
                   void* (*add)(void* to));
    [[nodiscard]] std::string table_of(detail::plan const& of) const;

    detail::workspace& space_;
};

namespace detail {

class database_core;
class unit_guard;
struct core_access;

/// The attempts of one call.
struct attempt_series {
    retry_policy const& policy;
    std::chrono::steady_clock::time_point started{};
    int begun = 0;
    std::optional<error> earlier{};  ///< why the attempt before this one was run again
};

/// Runs one `transact`: attempts, commit, retry. The loop itself is in the template below.
class transaction {
public:
    /// With a guard the unit begins at its first statement, and the guard writes first and last.
    transaction(database& on, transact_options const& options, unit_guard* guard = nullptr);
    transaction(transaction const&) = delete;
    transaction& operator=(transaction const&) = delete;

    ~transaction()
    {
        if (running_)
            abandon();
    }

    /// A new unit of work, or the one this call joins.
    [[nodiscard]] unit_of_work& start();
    /// Begins the transaction and has the answer to the guard's first write, if it was not had yet.
    void hear_first();
    /// Commits, unless this call joined an outer unit; then runs what waits for the commit.
    void finish();
    /// Inside a catch clause: rolls back; returns if the callable shall run again, after the pause,
    /// else throws what the caller of `transact` gets.
    void failed();

private:
    void enter() noexcept;
    void leave() noexcept;
    void commit();
    void commit_guarded();
    [[nodiscard]] error explained(error const& failure);
    [[nodiscard]] commit_certainty certainty_of(transact_options const& options) const noexcept;
    void check(transact_options const& options) const;
    void check_join(transact_options const& inner, transact_options const& outer) const;
    void abandon() noexcept;

    database_core& core_;
    transact_options const& options_;
    workspace* joined_;  ///< the unit this call joins, or null
    workspace& space_;
    unit_of_work work_;
    attempt_series attempts_;
    int races_lost_ = 0;    ///< attempts that ended because a row was changed meanwhile
    unit_guard* guard_;     ///< or null
    std::string token_{};   ///< of the running attempt; empty: none
    bool running_ = false;  ///< never when this call joined
    std::chrono::steady_clock::time_point until_{};
};

template <class R>
inline constexpr bool is_value_result = !std::is_pointer_v<R> && !std::is_reference_v<R>;

}  // namespace detail

/// What may be shown of a URL: passwords in it are masked, whatever else is wrong with it.
[[nodiscard]] std::string shown_url(std::string_view url);

/// Thread-safe; one object serves the whole process. Not to be used across `fork`.
class database {
public:
    /// Opens one connection at once, so that a wrong URL or unsafe settings show here.
    /// \throws std::invalid_argument: the URL or an option is wrong
    /// \throws error `unavailable`, `unsafe_settings`, `backend_failure` (not a database)
    explicit database(std::string_view url, database_options options = {});
    /// Moves the database; units that run on it go on.
    database(database&&) noexcept;
    /// Moves the database; closes the one held before.
    database& operator=(database&&) noexcept;
    ~database();

    /// Runs `body(unit_of_work&)` and commits; answers what it answered. On a conflict, a deadlock
    /// or a lost connection everything is rolled back and `body` runs again in a new unit, as the
    /// retry policy says: so it must not have effects outside the unit (see `after_commit`).
    /// After three conflicts each attempt begins by holding the rows that its first flush is to
    /// write or verify, as far as the attempt before shows; a statement each. (SQLite: it takes
    /// the write turn.) So quicker writers cannot outrun it for ever at those rows.
    ///
    /// Called while a unit of this thread and database runs, it joins that unit: `body` gets the
    /// outer unit, nothing is committed here, only the outermost retries, and an exception that
    /// leaves the inner call dooms the outer unit even if it is caught. Options that ask for more
    /// than the outer call has are refused with `std::logic_error`.
    ///
    /// Costs BEGIN and COMMIT beside the unit's own statements, and nothing at all when the unit
    /// did nothing.
    /// \throws whatever `body` throws, after rolling back
    /// \throws error `attempts_exhausted` or `deadline_exceeded` with the last cause;
    ///   `stale_version` itself when the policy allows one attempt only; `commit_unknown`; and
    ///   the errors that give up (see error.hpp)
    template <class Body>
    auto transact(Body&& body, transact_options const& options = {})
    {
        using result_type = decltype(body(std::declval<unit_of_work&>()));
        static_assert(detail::is_value_result<result_type>,
                      "the callable must return a value: a pointer or reference into the unit of "
                      "work would dangle after the commit");
        detail::transaction run(*this, options);
        for (;;) {
            try {
                if constexpr (std::is_void_v<result_type>) {
                    body(run.start());
                    run.finish();
                    return;
                } else {
                    result_type result = body(run.start());
                    run.finish();
                    return result;
                }
            } catch (...) {
                run.failed();
            }
        }
    }

    /// Runs `body(snapshot&)` on one consistent view of the data, which neither waits for writers
    /// nor keeps them waiting. Costs two statements beside the reads.
    template <class Body>
    auto read(Body&& body)
    {
        using result_type = decltype(body(std::declval<snapshot&>()));
        static_assert(detail::is_value_result<result_type>, "the callable must return a value");
        reading_scope scope(*this);
        return body(scope.view());
    }

    /// Own SQL outside a unit, on its own: for set-up and administration. Never with a commit
    /// token: statements that make tables end a transaction on some engines.
    template <std::convertible_to<parameter>... Parameters>
    std::int64_t execute(std::string_view sql, Parameters const&... parameters)
    {
        return transact([&](unit_of_work& work) { return work.execute(sql, parameters...); },
                        {.certainty = commit_certainty::as_answered});
    }

    /// True when the engine can do this; see capability.hpp.
    [[nodiscard]] bool supports(capability what) const noexcept;

    /// "sqlite", "postgresql" or "mariadb".
    [[nodiscard]] std::string_view engine() const noexcept;

    /// "3.40.1"
    [[nodiscard]] std::string engine_version();

    /// The URL as given, with a password masked. Safe to log.
    [[nodiscard]] std::string const& shown_url() const noexcept;

    /// What stands before every table name.
    [[nodiscard]] std::string const& table_prefix() const noexcept;

    /// True while a unit of this thread and database runs: `transact` would join it. For code that
    /// is called inside units and outside of them. No statement.
    [[nodiscard]] bool in_unit() const noexcept;

    /// How its connections are used right now. No statement.
    [[nodiscard]] pool_use connections() const;

private:
    friend class detail::transaction;
    friend struct detail::place_access;
    friend struct detail::core_access;

    /// Holds a connection with a reading transaction for the length of a scope.
    class reading_scope {
    public:
        explicit reading_scope(database& on);
        reading_scope(reading_scope const&) = delete;
        reading_scope& operator=(reading_scope const&) = delete;
        ~reading_scope();

        [[nodiscard]] snapshot& view() noexcept { return view_; }

    private:
        database& on_;
        detail::workspace& space_;
        snapshot view_;
    };

    std::unique_ptr<detail::database_core> core_;
};

}  // namespace tiebreak
