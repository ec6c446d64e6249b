#include "bench/baseline/sqlite_baseline.hpp"

#include <sqlite3.h>

#include <cstdio>
#include <cstdlib>

namespace baseline {

namespace {

void check(sqlite3* database, int code)
{
    if (code == SQLITE_OK || code == SQLITE_ROW || code == SQLITE_DONE)
        return;
    std::fprintf(stderr, "baseline: %s\n", sqlite3_errmsg(database));
    std::abort();
}

}  // namespace

coupons::coupons()
{
    check(database_,
          sqlite3_open_v2(":memory:",
                          &database_,
                          SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
                          nullptr));
    auto const execute = [&](std::string const& text) {
        check(database_, sqlite3_exec(database_, text.c_str(), nullptr, nullptr, nullptr));
    };
    execute("PRAGMA foreign_keys = ON; PRAGMA synchronous = FULL");
    execute("CREATE TABLE coupons (id INTEGER PRIMARY KEY AUTOINCREMENT, code TEXT NOT NULL, "
            "total_quantity INTEGER NOT NULL, issued_quantity INTEGER NOT NULL, "
            "version INTEGER NOT NULL, UNIQUE (code))");
    for (std::int64_t i = 1; i <= rows; ++i)
        execute("INSERT INTO coupons VALUES (" + std::to_string(i) + ", 'c" + std::to_string(i) +
                "', 1000000, 0, 1)");
    begin_ = prepare("BEGIN IMMEDIATE");
    commit_ = prepare("COMMIT");
    by_id_ = prepare("SELECT id, code, total_quantity, issued_quantity, version FROM coupons "
                     "WHERE id = ?");
    by_code_ = prepare("SELECT id, code, total_quantity, issued_quantity, version FROM coupons "
                       "WHERE code = ?");
    update_ = prepare("UPDATE coupons SET issued_quantity = ?, version = version + 1 "
                      "WHERE id = ? AND version = ?");
    insert_ = prepare("INSERT INTO coupons (code, total_quantity, issued_quantity, version) "
                      "VALUES (?, ?, ?, ?)");
}

coupons::~coupons()
{
    for (auto* one : {begin_, commit_, by_id_, by_code_, update_, insert_})
        sqlite3_finalize(one);
    sqlite3_close_v2(database_);
}

sqlite3_stmt* coupons::prepare(char const* text)
{
    sqlite3_stmt* statement = nullptr;
    check(database_,
          sqlite3_prepare_v3(database_, text, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr));
    return statement;
}

void coupons::run(sqlite3_stmt* statement)
{
    check(database_, sqlite3_step(statement));
    check(database_, sqlite3_reset(statement));
}

coupons::row coupons::read(sqlite3_stmt* from)
{
    check(database_, sqlite3_step(from));
    row result;
    result.id = sqlite3_column_int64(from, 0);
    result.code.assign(reinterpret_cast<char const*>(sqlite3_column_text(from, 1)),
                       static_cast<std::size_t>(sqlite3_column_bytes(from, 1)));
    result.total_quantity = sqlite3_column_int64(from, 2);
    result.issued_quantity = sqlite3_column_int64(from, 3);
    result.version = sqlite3_column_int64(from, 4);
    check(database_, sqlite3_reset(from));
    return result;
}

void coupons::write(row const& changed)
{
    sqlite3_bind_int64(update_, 1, changed.issued_quantity + 1);
    sqlite3_bind_int64(update_, 2, changed.id);
    sqlite3_bind_int64(update_, 3, changed.version);
    run(update_);
    if (sqlite3_changes(database_) != 1)
        std::abort();
}

void coupons::find_change_commit(std::int64_t id)
{
    run(begin_);
    sqlite3_bind_int64(by_id_, 1, id);
    write(read(by_id_));
    run(commit_);
}

void coupons::find_by_code_change_commit(std::string const& code)
{
    run(begin_);
    sqlite3_bind_text(by_code_, 1, code.data(), static_cast<int>(code.size()), SQLITE_STATIC);
    write(read(by_code_));
    run(commit_);
}

void coupons::change_many(std::int64_t first, int count)
{
    run(begin_);
    for (std::int64_t id = first; id < first + count; ++id) {
        sqlite3_bind_int64(by_id_, 1, id);
        write(read(by_id_));
    }
    run(commit_);
}

void coupons::insert(std::string const& code)
{
    run(begin_);
    sqlite3_bind_text(insert_, 1, code.data(), static_cast<int>(code.size()), SQLITE_STATIC);
    sqlite3_bind_int64(insert_, 2, 10);
    sqlite3_bind_int64(insert_, 3, 0);
    sqlite3_bind_int64(insert_, 4, 1);
    run(insert_);
    run(commit_);
}

void coupons::remove_inserted()
{
    check(
        database_,
        sqlite3_exec(database_, "DELETE FROM coupons WHERE id > 1000", nullptr, nullptr, nullptr));
}

}  // namespace baseline
