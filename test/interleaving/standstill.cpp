#include "standstill.hpp"

#include "world.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <string_view>

namespace tiebreak::test {

namespace {

constexpr transact_options once{.retry = retry_presets::once};

bool moves(session_state const& one) noexcept
{
    return one.now == pose::moving;
}

// The number that each session's server knows it by.
std::vector<std::int64_t> numbers_of(std::span<database* const> sessions, char const* question)
{
    std::vector<std::int64_t> numbers;
    numbers.reserve(sessions.size());
    for (auto* const each : sessions)
        numbers.push_back(each->transact(
            [&](unit_of_work& work) { return work.query<std::int64_t>(question).at(0); }));
    return numbers;
}

// There is one turn, so who waits for it waits for the one that has it. A session at rest got it in
// its last step: by waiting for it, even if the one before has not come to rest since; or while
// nobody waited, and then another connection that tries to take it finds that somebody has it.
class sqlite_standstill final : public standstill {
public:
    explicit sqlite_standstill(fresh_database const& on)
        : other_(on.open({.connections_max = 1}, "gate=off"))
    {
    }

    void start(std::size_t) override { holder_.reset(); }

    void came_to_rest(std::size_t who, std::span<session_state const> all) override
    {
        if (!all[who].rests_in_unit) {
            if (holder_ == who)
                holder_.reset();
        } else if (all[who].has_waited ||
                   (!holder_ && std::ranges::none_of(all, moves) && is_held())) {
            holder_ = who;
        }
    }

    bool nothing_moves(std::span<session_state const> all) override
    {
        // nobody waits for himself: who let go in the middle of his step is still named as the
        // holder
        for (std::size_t i = 0; i < all.size(); ++i)
            if (moves(all[i]) && !(all[i].waits_for_turn && holder_ && *holder_ != i))
                return false;
        return true;
    }

    bool is_told() const noexcept override { return true; }

private:
    // Nobody moves meanwhile, so nobody meets this lock.
    bool is_held()
    {
        try {
            other_.transact(
                [](unit_of_work& work) {
                    (void)work.find<account>(1, {lock_mode::pessimistic_write, no_wait});
                },
                once);
            return false;
        } catch (error const& refused) {
            if (refused.last() == nullptr || refused.last()->code() != errc::lock_timeout)
                throw;
            return true;
        }
    }

    database other_;
    std::optional<std::size_t> holder_;
};

// The server says who waits for whom. A cycle is a deadlock that it will end by itself.
class postgres_standstill final : public standstill {
public:
    postgres_standstill(fresh_database const& on, std::vector<database*> sessions)
        : other_(on.open({.connections_max = 1})), sessions_(std::move(sessions))
    {
        // a wait this long is looked at, and one in a circle ended
        for (auto* const each : sessions_)
            each->execute("SET deadlock_timeout = '10ms'");
    }

    void start(std::size_t sessions) override
    {
        backends_ = numbers_of(std::span{sessions_}.first(sessions), "SELECT pg_backend_pid()");
    }

    void came_to_rest(std::size_t, std::span<session_state const>) override {}

    bool nothing_moves(std::span<session_state const> all) override
    {
        std::vector<std::vector<std::size_t>> waits_for(all.size());
        for (std::size_t i = 0; i < all.size(); ++i) {
            if (!moves(all[i]))
                continue;
            waits_for[i] = who_blocks(i);
            if (waits_for[i].empty())
                return false;
        }
        // take away who rests, then who waits only for those taken away: what stays is a cycle
        std::vector<bool> stands(all.size());
        for (std::size_t i = 0; i < all.size(); ++i)
            stands[i] = !moves(all[i]);
        for (bool found = true; found;) {
            found = false;
            for (std::size_t i = 0; i < all.size(); ++i) {
                if (!stands[i] &&
                    std::ranges::all_of(waits_for[i], [&](auto j) { return stands[j]; }))
                    stands[i] = found = true;
            }
        }
        return std::ranges::find(stands, false) == stands.end();
    }

private:
    // Empty when nobody does, or somebody that is no session: then it passes.
    std::vector<std::size_t> who_blocks(std::size_t who)
    {
        auto const text = other_.transact([&](unit_of_work& work) {
            return work
                .query<std::string>("SELECT array_to_string(pg_blocking_pids($1::integer), ',')",
                                    backends_[who])
                .at(0);
        });
        std::vector<std::size_t> found;
        for (std::size_t from = 0; from < text.size();) {
            auto const end = std::min(text.find(',', from), text.size());
            std::int64_t number = 0;
            std::from_chars(text.data() + from, text.data() + end, number);
            auto const at = std::ranges::find(backends_, number);
            if (at == backends_.end())
                return {};
            found.push_back(static_cast<std::size_t>(at - backends_.begin()));
            from = end + 1;
        }
        return found;
    }

    database other_;
    std::vector<database*> sessions_;
    std::vector<std::int64_t> backends_;
};

struct engine_status {
    std::string Type{};
    std::string Name{};
    std::string Status{};
};
BOOST_DESCRIBE_STRUCT(engine_status, (), (Type, Name, Status))

// information_schema.innodb_trx is a copy that is not renewed while it is read more often than ten
// times a second; the engine's status is of now.
class mariadb_standstill final : public standstill {
public:
    mariadb_standstill(fresh_database const& on, std::vector<database*> sessions)
        : other_(on.open({.connections_max = 1})), sessions_(std::move(sessions))
    {
    }

    void start(std::size_t sessions) override
    {
        threads_ = numbers_of(std::span{sessions_}.first(sessions), "SELECT CONNECTION_ID()");
    }

    void came_to_rest(std::size_t, std::span<session_state const>) override {}

    bool nothing_moves(std::span<session_state const> all) override
    {
        if (std::ranges::none_of(all, &session_state::rests_in_unit))
            return std::ranges::none_of(all, moves);
        for (int look = 0; look < looks; ++look)
            if (!do_all_wait(all))
                return false;
        return true;
    }

private:
    // NOWAIT and SKIP LOCKED also join the queue for a row, and leave it at once: only who is found
    // there again and again does wait.
    static constexpr int looks = 5;

    bool do_all_wait(std::span<session_state const> all)
    {
        auto const waiting = waiting_threads();
        for (std::size_t i = 0; i < all.size(); ++i)
            if (moves(all[i]) && std::ranges::find(waiting, threads_[i]) == waiting.end())
                return false;
        return true;
    }

    // One paragraph for each transaction:
    //   ---TRANSACTION 421, ACTIVE 0 sec starting index read
    //   LOCK WAIT 2 lock struct(s), heap size 1128, 1 row lock(s)
    //   MariaDB thread id 7, OS thread handle …
    std::vector<std::int64_t> waiting_threads()
    {
        auto const rows = other_.transact([](unit_of_work& work) {
            return work.query<engine_status>("SHOW ENGINE INNODB STATUS");
        });
        std::string_view text = rows.at(0).Status;
        auto const list = text.find("LIST OF TRANSACTIONS");
        text.remove_prefix(list == std::string_view::npos ? text.size() : list);
        std::vector<std::int64_t> found;
        constexpr std::string_view head = "---TRANSACTION ";
        constexpr std::string_view thread = "thread id ";
        for (auto at = text.find(head); at != std::string_view::npos;) {
            auto const next = text.find(head, at + head.size());
            auto const paragraph = text.substr(at, next - at);
            auto const id = paragraph.find(thread);
            if (paragraph.find("\nLOCK WAIT ") != std::string_view::npos &&
                id != std::string_view::npos) {
                std::int64_t number = 0;
                std::from_chars(paragraph.data() + id + thread.size(),
                                paragraph.data() + paragraph.size(),
                                number);
                found.push_back(number);
            }
            at = next;
        }
        return found;
    }

    database other_;
    std::vector<database*> sessions_;
    std::vector<std::int64_t> threads_;
};

}  // namespace

std::unique_ptr<standstill>
watch(fresh_database const& on, std::string_view engine, std::vector<database*> sessions)
{
    if (engine == "postgresql")
        return std::make_unique<postgres_standstill>(on, std::move(sessions));
    if (engine == "mariadb")
        return std::make_unique<mariadb_standstill>(on, std::move(sessions));
    return std::make_unique<sqlite_standstill>(on);
}

}  // namespace tiebreak::test
