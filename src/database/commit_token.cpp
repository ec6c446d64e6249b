#include "database/commit_token.hpp"

#include "database/own_tables.hpp"

#include <algorithm>
#include <array>
#include <random>
#include <stdexcept>
#include <thread>

namespace tiebreak {

namespace detail {

namespace {

using std::chrono::steady_clock;

constexpr std::size_t token_max = 200;

// The first of the pauses between two tries to reach the database.
constexpr std::chrono::milliseconds pause_first{5};
constexpr std::chrono::milliseconds pause_max{200};

constexpr std::chrono::seconds resolving_at_least{5};

// Who can find out does not wait for an answer for long.
constexpr std::chrono::seconds answering_max{2};

void insert_row(session& on, std::string_view token, bool barred)
{
    auto const& of = plan_of<commit_row>();
    std::string now;
    on.connection().speaks().now(now);
    auto out = on.text();
    out.raw("INSERT INTO ").table(of).raw(" (").columns(of, of.all).raw(") VALUES (");
    out.placeholder().raw(", ").placeholder().raw(", ").raw(now).raw(")");
    std::array const values{value{token}, value{barred}};
    if (on.prepared(out.text()).execute(values) != 1)
        throw error(errc::backend_failure, "a commit token was not written");
}

[[nodiscard]] error still_unknown(error const& why)
{
    return error(errc::commit_unknown,
                 "the answer to a commit was lost, and what became of it could not be found out: " +
                     std::string{why.what()},
                 std::string{why.server_message()})
        .seen_in(phase::commit_sent);
}

// True when asking again may bring another answer.
[[nodiscard]] bool may_pass(error const& failure)
{
    switch (failure.code()) {
    case errc::unavailable:
    case errc::lock_timeout:
    case errc::transaction_aborted:
    case errc::deadline_exceeded:
    case errc::commit_unknown: return true;
    default: return false;
    }
}

// Where that cannot be done (it has ended meanwhile, or this user may not) it is waited for.
void end(lost_session const& old, sql::connection& by)
{
    auto const idle_for =
        std::chrono::floor<std::chrono::milliseconds>(steady_clock::now() - old.committing_since);
    try {
        by.end_idle_transaction(old.number, idle_for);
    } catch (error const&) {
    }
}

// One try on a new connection.
[[nodiscard]] commit_fate
ask(database_core const& core, std::string_view token, sql::deadline until, lost_session const& old)
{
    session on(core.engine().open(until), core.options().table_prefix);
    on.connection().set_deadline(until);
    if (old.number != 0)
        end(old, on.connection());
    try {
        insert_row(on, token, true);
        return commit_fate::never;
    } catch (error const& refused) {
        if (refused.code() != errc::already_exists)
            throw;
    }
    auto const& of = plan_of<commit_row>();
    value const key{token};
    commit_row found;
    if (!find_row(on, of, of.key, &key, &found))
        throw error(errc::unavailable, "a commit token was purged while it was asked for");
    return found.barred ? commit_fate::never : commit_fate::committed;
}

}  // namespace

void check_token(std::string_view token)
{
    if (token.empty() || token.size() > token_max ||
        std::ranges::any_of(token, [](char c) { return c <= ' ' || c > '~'; }))
        throw std::invalid_argument("a commit token is 1 to 200 printable ASCII characters");
}

std::string random_token()
{
    constexpr std::string_view digits = "0123456789abcdef";
    constexpr std::size_t length = 32;
    std::random_device source;
    std::string token;
    while (token.size() < length)
        for (auto bits = source(), left = 8U; left > 0; --left, bits >>= 4)
            token += digits[bits & 15];
    return token;
}

void write_token(session& on, std::string_view token)
{
    insert_row(on, token, false);
}

commit_fate resolve_token(database_core const& core,
                          std::string_view token,
                          sql::deadline until,
                          lost_session const& of)
{
    for (auto pause = pause_first;; pause = std::min(pause * 2, pause_max)) {
        try {
            auto const fate = ask(core, token, until, of);
            if (auto* const watcher = core.options().watcher)
                watcher->resolved(fate == commit_fate::committed);
            return fate;
        } catch (error const& failure) {
            if (!may_pass(failure) || steady_clock::now() + pause >= until)
                throw still_unknown(failure);
        }
        std::this_thread::sleep_for(pause);
    }
}

std::optional<error> commit_surely(database_core const& core,
                                   workspace& space,
                                   std::string_view token,
                                   sql::deadline until)
{
    auto& on = space.connection();
    lost_session const here{.number = on.session_number(), .committing_since = steady_clock::now()};
    on.set_commit_limit(here.committing_since + answering_max);
    try {
        space.commit();
        on.set_commit_limit(sql::deadline::max());
        return std::nullopt;
    } catch (error const& failure) {
        on.set_commit_limit(sql::deadline::max());
        // an in-memory database is gone with its connection
        if (failure.code() != errc::commit_unknown || core.begins_at_once())
            throw;
        until = std::max(until, steady_clock::now() + resolving_at_least);
        space.disconnect();
        // a new connection is not made here: failing to would deny the commit
        if (resolve_token(core, token, until, here) == commit_fate::committed)
            return std::nullopt;
        return error(errc::unavailable,
                     "the connection was lost during COMMIT; surely nothing was committed",
                     std::string{failure.server_message()});
    }
}

}  // namespace detail

commit_fate resolve_commit(database& on, std::string_view token, std::chrono::milliseconds wait)
{
    detail::check_token(token);
    auto const& core = detail::core_of(on);
    core.refuse_second_connection();
    return detail::resolve_token(core, token, std::chrono::steady_clock::now() + wait);
}

std::int64_t purge_commit_tokens(database& in, std::chrono::seconds older_than)
{
    if (older_than < std::chrono::hours{1})
        throw std::invalid_argument("commit tokens are kept for one hour at least");
    // few at a time: units that write tokens of their own do not wait for all of it
    constexpr std::size_t at_once = 500;
    repository<detail::commit_row> const rows(in);
    std::int64_t removed = 0;
    for (;;) {
        auto const old = rows.select()
                             .where(field<&detail::commit_row::at> < database_now() - older_than)
                             .limit(at_once)
                             .all();
        if (old.empty())
            return removed;
        std::vector<std::string> tokens;
        tokens.reserve(old.size());
        for (auto const& one : old)
            tokens.push_back(one.token);
        removed += rows.remove_where(field<&detail::commit_row::token>.in(tokens));
    }
}

}  // namespace tiebreak
