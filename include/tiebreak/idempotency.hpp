/// \file
/// Idempotency: the first call with a key runs, every repeat gets the answer that was stored.
///
/// The key row stands in the business database, in `tiebreak_idempotency` (see `install`), unique
/// by tenant, route and key. There are two shapes. *One transaction* (`run`): the key row is the
/// first statement of the unit that does the work, and is its commit token. *An effect outside of
/// the database* (`claim`, then `finish`): the key row is committed first, with an owner, an epoch
/// and a deadline; the work's own commit completes it.
///
/// | the key's row is         | `run`                   | `claim`            | with epoch e (0)   |
/// |--------------------------|-------------------------|--------------------|--------------------|
/// | absent                   | runs: `executed`        | claimed, epoch 1   | lost (1)           |
/// | written by a `run` now   | waits, at most `wait`,  | likewise           | -                  |
/// |                          | then `in_progress`      |                    |                    |
/// | claimed, epoch e         | `in_progress`           | `in_progress`      | done               |
/// | claimed, another epoch   | `in_progress`           | `in_progress`      | lost (1)           |
/// | claimed, after deadline  | taken over, runs        | claimed, epoch + 1 | done, if it is (2) |
/// | answered                 | `replayed`              | `replayed`         | lost (1)           |
/// | one of the last four, of | `reused`                | `reused`           | -                  |
/// | another fingerprint      |                         |                    |                    |
///
/// (0) `finish`, `note`, `extend`, `release` of a work whose epoch is e.
/// (1) nothing is written; `finish` answers what became of the key: the winner's answer, replayed.
/// (2) nobody has taken it over since, so the tenure goes on.
///
/// So a call that died leaves nothing behind (`run`), or a claim that is taken over after its
/// deadline (`claim`). All times are the database's. A database that cannot be reached is an error:
/// nothing ever runs without its key row.
#pragma once

#include <tiebreak/database.hpp>
#include <tiebreak/idempotent_request.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace tiebreak {

class redis;

/// One header of an answer.
struct answer_header {
    std::string name{};   ///< in any case
    std::string value{};  ///< as it is sent
    friend bool operator==(answer_header const&, answer_header const&) = default;
};

/// An answer as it is stored and repeated; what is in it is the caller's business.
struct idempotent_answer {
    int status = 0;                        ///< for example of HTTP
    std::vector<answer_header> headers{};  ///< stored are those that the options allow
    std::string body{};                    ///< bytes; of any length, and always stored
    friend bool operator==(idempotent_answer const&, idempotent_answer const&) = default;
};

/// What work says of its own answer. Made by `keep` and `do_not_keep`.
struct idempotent_verdict {
    idempotent_answer answer{};  ///< what the caller gets
    bool stored = true;          ///< repeats get it; false: a repeat runs again
};

/// The answer is final: success, or a refusal that a repeat would meet again (sold out, declined).
[[nodiscard]] idempotent_verdict keep(idempotent_answer answer);

/// The answer holds for this call only: a request that is not valid, not allowed, or came too
/// often; a failure without an effect. The next call with this key runs.
[[nodiscard]] idempotent_verdict do_not_keep(idempotent_answer answer);

/// How a call ended.
enum class idempotent_outcome : std::uint8_t {
    executed,     ///< this call did it
    replayed,     ///< an earlier call did it: its answer, to be marked as repeated
    in_progress,  ///< an earlier call is at it: ask again
    reused,       ///< the key belongs to another request; nothing was done
};

/// "executed" …
[[nodiscard]] std::string_view name_of(idempotent_outcome how) noexcept;

/// The answer of a call.
struct idempotent_result {
    idempotent_outcome how = idempotent_outcome::executed;  ///< who did it, if anybody
    idempotent_answer answer{};                             ///< with `executed` and `replayed`
    std::chrono::milliseconds retry_after{0};  ///< with `in_progress`: when to ask again
};

/// Options of `idempotency`.
struct idempotency_options {
    /// `run`: how long a repeat waits for the first call; 0 or more. An engine with a single writer
    /// cannot tell whose turn it waits for, so there a strange writer counts as the first call.
    std::chrono::milliseconds wait{10'000};
    /// `claim`: how long an owner has until it is taken over, without `extend`; more than 0. Longer
    /// than the effect takes: the effect itself must be safe to repeat (see `downstream_key`).
    std::chrono::milliseconds deadline{60'000};
    /// How long an answer is kept at least; 1 hour or more. Tell it to your clients.
    std::chrono::seconds retention = std::chrono::hours{24};
    /// What `in_progress` says.
    std::chrono::milliseconds retry_after{1'000};
    /// Which headers are stored, in lower case. Never those that belong to one connection or
    /// client: no `set-cookie`.
    std::vector<std::string> headers{"content-type", "etag", "location"};
    /// Bodies above are stored in rows of their own, to which the key row refers; 1 KiB to 1 MiB.
    std::size_t body_bytes_max = 64 * 1024;
    /// How work is rerun on conflicts; the database's policy when absent.
    std::optional<retry_policy> retry{};
    /// Of the units of `run` and `finish`.
    isolation level = isolation::engine_default;
    /// Where answers are remembered beside the database, or null; must outlive the object. It never
    /// decides: what it says is confirmed by the database, which is asked for less then. Lost,
    /// evicted, restarted empty, slow or down, it costs time and nothing else.
    redis const* early = nullptr;
    /// How long an answer is remembered there; at least 1 ms.
    std::chrono::milliseconds early_for = std::chrono::minutes{2};
    /// The longest body that is; longer ones come from the database. At most 1 MiB.
    std::size_t early_bytes_max = 16 * 1024;
};

/// One tenure of a key, from `claim` to `finish` or `release`. A value: any copy can finish it.
struct idempotent_work {
    idempotent_request request{};  ///< whose key it is
    std::string owner{};           ///< a random name of this tenure
    std::int64_t epoch = 0;        ///< raised by every takeover: the fence
    bool taken_over = false;       ///< an earlier owner died, or was too slow: look at `progress`
    std::string progress{};        ///< what earlier owners noted

    /// A key for a service that this work calls, the same for every owner and repeat: 64
    /// hexadecimal digits made of tenant, route, key, fingerprint and `step`.
    [[nodiscard]] std::string downstream_key(std::string_view step) const;
};

/// Runs calls once per key. Thread-safe. Every call is refused with `std::logic_error` inside a
/// running unit of the same thread and database: it commits on its own.
class idempotency {
public:
    /// The work of one call; it must not have effects outside the unit, which may run again.
    using work_body = std::function<idempotent_verdict(unit_of_work&)>;

    /// `in` must outlive this.
    /// \throws std::invalid_argument: an option is out of range; the sentence names it
    explicit idempotency(database& in, idempotency_options options = {});

    /// One transaction: runs `body` and stores its answer with it, all or nothing. With
    /// `do_not_keep`, or when `body` throws, everything is rolled back, the key row included.
    ///
    /// Costs two statements beside the body's own, and no round trip where the engine has
    /// capability::pipelining; a repeat costs two statements. A lost answer to COMMIT is
    /// resolved by the key row.
    /// \throws what `database::transact` throws; `commit_unknown` only when the database could not
    ///   be asked in time: the same key answers it later
    /// \throws std::invalid_argument: the request's texts are too long, or no key
    [[nodiscard]] idempotent_result run(idempotent_request const& request,
                                        work_body const& body) const;

    /// An effect outside: commits the claim, or says why not. Whoever gets the work makes the
    /// effect, with keys that are derived (`downstream_key`), and then calls `finish` or `release`.
    /// `in_progress` and `reused` come at once. One statement; a repeat three.
    [[nodiscard]] std::variant<idempotent_work, idempotent_result>
    claim(idempotent_request const& request) const;

    /// Runs `body` in a unit whose commit completes the key row, if the epoch is still this work's;
    /// with `do_not_keep` it removes the row instead, so that a repeat runs again. An owner that
    /// was overtaken changes nothing and gets the winner's answer, or `in_progress`. One statement
    /// beside the body's own.
    [[nodiscard]] idempotent_result finish(idempotent_work const& work,
                                           work_body const& body) const;

    /// Gives the key back: there was no effect. `lost`: the tenure was over. One statement.
    [[nodiscard]] outcome release(idempotent_work const& work) const;

    /// Writes down how far the work is, for who takes it over; at most 64 KiB. One statement.
    [[nodiscard]] outcome note(idempotent_work& work, std::string progress) const;

    /// Moves the deadline to `deadline` from now. `lost`: stop the work. One statement.
    [[nodiscard]] outcome extend(idempotent_work const& work) const;

    /// Takes over works of a route whose owners are past their deadline, oldest first, and hands
    /// each to `resume`, which ends with `finish` or `release`; the fingerprint is the stored one.
    /// Answers how many there were. Safe to run by several processes. An exception of `resume` ends
    /// it; that work is taken over again after its deadline.
    std::int64_t recover(std::string_view route,
                         std::function<void(idempotent_work const&)> const& resume,
                         std::size_t works_max = 100) const;

    /// The options.
    [[nodiscard]] idempotency_options const& options() const noexcept { return options_; }

private:
    database* db_;
    idempotency_options options_;
};

/// How `purge_idempotency` works.
struct purge_options {
    std::size_t batch = 1'000;  ///< rows in one transaction, at least 1
    /// Claims that nobody finished are kept so long after their retention, because their effect may
    /// stand; 0 or more.
    std::chrono::hours abandoned_for{24 * 30};
};

/// Removes answers whose retention is over, by the database's clock, in short transactions;
/// answers how many. Until it has run they are still replayed. Safe to run by several at once.
std::int64_t purge_idempotency(database& in, purge_options const& how = {});

}  // namespace tiebreak
