// The work of the benchmarks, by hand with the bare sqlite3 C API: what the library is held
// against. Every statement is prepared once, the connection is opened without its mutex.
#pragma once

#include <cstdint>
#include <string>

struct sqlite3;
struct sqlite3_stmt;

namespace baseline {

/// A table `coupons` of 1,000 rows in memory.
class coupons {
public:
    static constexpr std::int64_t rows = 1000;

    coupons();
    coupons(coupons const&) = delete;
    coupons& operator=(coupons const&) = delete;
    ~coupons();

    /// BEGIN IMMEDIATE, SELECT by id, UPDATE checked by version, COMMIT.
    void find_change_commit(std::int64_t id);
    /// The same, found by its unique code.
    void find_by_code_change_commit(std::string const& code);
    /// BEGIN IMMEDIATE, `count` × (SELECT, UPDATE), COMMIT.
    void change_many(std::int64_t first, int count);
    /// BEGIN IMMEDIATE, INSERT, COMMIT.
    void insert(std::string const& code);
    /// Removes what `insert` added.
    void remove_inserted();

private:
    struct row {
        std::int64_t id = 0;
        std::string code;
        std::int64_t total_quantity = 0;
        std::int64_t issued_quantity = 0;
        std::int64_t version = 0;
    };

    row read(sqlite3_stmt* from);
    void write(row const& changed);
    void run(sqlite3_stmt* statement);
    sqlite3_stmt* prepare(char const* text);

    sqlite3* database_ = nullptr;
    sqlite3_stmt* begin_ = nullptr;
    sqlite3_stmt* commit_ = nullptr;
    sqlite3_stmt* by_id_ = nullptr;
    sqlite3_stmt* by_code_ = nullptr;
    sqlite3_stmt* update_ = nullptr;
    sqlite3_stmt* insert_ = nullptr;
};

}  // namespace baseline
