// The work of the benchmarks by hand, with each engine's bare C client: what the library is held
// against. Every statement is prepared once and answered in binary, every count of rows is checked,
// and nothing is done that an expert would leave out.
#pragma once

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>

namespace baseline {

/// What the library writes and the bare client copies, filled with rows 1 to 1,000.
constexpr std::int64_t rows = 1000;

/// The client failed, or a statement did not match the row that it had to.
class failure : public std::runtime_error {
    using std::runtime_error::runtime_error;
};

struct row {
    std::int64_t id = 0;
    std::string code{};
    std::int64_t total_quantity = 0;
    std::int64_t issued_quantity = 0;
    std::int64_t version = 0;
};

/// One connection and a table of its own. All calls throw `failure`.
class client {
public:
    client() = default;
    client(client const&) = delete;
    client& operator=(client const&) = delete;
    virtual ~client() = default;

    /// SELECT by id, UPDATE checked by version, COMMIT. BEGIN travels with the UPDATE: three round
    /// trips to a server. SQLite begins first, as it runs in memory.
    virtual void find_change_commit(std::int64_t id) = 0;
    /// The same, each statement waiting for its answer: four round trips.
    virtual void find_change_commit_in_four(std::int64_t id) = 0;
    /// As the first, found by its unique code.
    virtual void find_by_code_change_commit(std::string const& code) = 0;
    /// BEGIN, `count` × (SELECT, UPDATE), COMMIT.
    virtual void change_each(std::int64_t first, int count) = 0;
    /// One SELECT for all, BEGIN, `count` × UPDATE one by one, COMMIT.
    virtual void change_range(std::int64_t first, int count) = 0;
    /// The same, the updates at once: a pipeline on PostgreSQL, bulk execution on MariaDB.
    virtual void change_range_at_once(std::int64_t first, int count) = 0;
    /// BEGIN, INSERT that answers its key, COMMIT.
    virtual void insert(std::string const& code) = 0;
    /// Removes what `insert` added.
    virtual void remove_inserted() = 0;

    /// What a commit of one row costs more than one of none, in µs: the flush. 0 in memory.
    [[nodiscard]] virtual double flush_cost_us() = 0;
    /// Version and settings that decide about the figures, on one line.
    [[nodiscard]] virtual std::string settings() = 0;
};

/// In memory.
[[nodiscard]] std::unique_ptr<client> open_sqlite();
/// `like`: a table to copy, with its rows.
[[nodiscard]] std::unique_ptr<client> open_postgres(std::string const& url,
                                                    std::string const& like);
[[nodiscard]] std::unique_ptr<client> open_mariadb(std::string const& url, std::string const& like);

}  // namespace baseline
