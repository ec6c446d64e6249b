// By hand with sqlite3: the connection without its mutex, BEGIN and COMMIT prepared, too.
#include "bench/baseline/client.hpp"

#include <sqlite3.h>

#include <vector>

namespace baseline {

namespace {

class sqlite_client final : public client {
public:
    sqlite_client();
    ~sqlite_client() override;

    void find_change_commit(std::int64_t id) override;

    void find_change_commit_in_four(std::int64_t id) override { find_change_commit(id); }

    void find_by_code_change_commit(std::string const& code) override;
    void change_each(std::int64_t first, int count) override;
    void change_range(std::int64_t first, int count) override;

    void change_range_at_once(std::int64_t first, int count) override
    {
        change_range(first, count);
    }

    void insert(std::string const& code) override;
    void remove_inserted() override;

    double flush_cost_us() override { return 0; }

    std::string settings() override
    {
        return std::string{"SQLite "} + sqlite3_libversion() + " in memory, NOMUTEX";
    }

private:
    void check(int code) const
    {
        if (code != SQLITE_OK && code != SQLITE_ROW && code != SQLITE_DONE)
            throw failure(sqlite3_errmsg(database_));
    }

    void execute(std::string const& text)
    {
        check(sqlite3_exec(database_, text.c_str(), nullptr, nullptr, nullptr));
    }

    sqlite3_stmt* prepare(char const* text);
    void run(sqlite3_stmt* statement);
    bool next(sqlite3_stmt* from, row& into);
    row read_one(sqlite3_stmt* from);
    void write(row const& changed);

    sqlite3* database_ = nullptr;
    sqlite3_stmt* begin_ = nullptr;
    sqlite3_stmt* commit_ = nullptr;
    sqlite3_stmt* by_id_ = nullptr;
    sqlite3_stmt* by_code_ = nullptr;
    sqlite3_stmt* range_ = nullptr;
    sqlite3_stmt* update_ = nullptr;
    sqlite3_stmt* insert_ = nullptr;
    std::vector<row> found_;
};

sqlite_client::sqlite_client()
{
    check(sqlite3_open_v2(":memory:",
                          &database_,
                          SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
                          nullptr));
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
    range_ = prepare("SELECT id, code, total_quantity, issued_quantity, version FROM coupons "
                     "WHERE id >= ? AND id < ?");
    update_ = prepare("UPDATE coupons SET issued_quantity = ?, version = version + 1 "
                      "WHERE id = ? AND version = ?");
    insert_ = prepare("INSERT INTO coupons (code, total_quantity, issued_quantity, version) "
                      "VALUES (?, ?, ?, ?)");
}

sqlite_client::~sqlite_client()
{
    for (auto* one : {begin_, commit_, by_id_, by_code_, range_, update_, insert_})
        sqlite3_finalize(one);
    sqlite3_close_v2(database_);
}

sqlite3_stmt* sqlite_client::prepare(char const* text)
{
    sqlite3_stmt* statement = nullptr;
    check(sqlite3_prepare_v3(database_, text, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr));
    return statement;
}

void sqlite_client::run(sqlite3_stmt* statement)
{
    check(sqlite3_step(statement));
    check(sqlite3_reset(statement));
}

bool sqlite_client::next(sqlite3_stmt* from, row& into)
{
    int const code = sqlite3_step(from);
    check(code);
    if (code != SQLITE_ROW)
        return false;
    into.id = sqlite3_column_int64(from, 0);
    into.code.assign(reinterpret_cast<char const*>(sqlite3_column_text(from, 1)),
                     static_cast<std::size_t>(sqlite3_column_bytes(from, 1)));
    into.total_quantity = sqlite3_column_int64(from, 2);
    into.issued_quantity = sqlite3_column_int64(from, 3);
    into.version = sqlite3_column_int64(from, 4);
    return true;
}

row sqlite_client::read_one(sqlite3_stmt* from)
{
    row result;
    if (!next(from, result))
        throw failure("a row is missing");
    check(sqlite3_reset(from));
    return result;
}

void sqlite_client::write(row const& changed)
{
    sqlite3_bind_int64(update_, 1, changed.issued_quantity + 1);
    sqlite3_bind_int64(update_, 2, changed.id);
    sqlite3_bind_int64(update_, 3, changed.version);
    run(update_);
    if (sqlite3_changes(database_) != 1)
        throw failure("a row was not as expected");
}

void sqlite_client::find_change_commit(std::int64_t id)
{
    run(begin_);
    sqlite3_bind_int64(by_id_, 1, id);
    write(read_one(by_id_));
    run(commit_);
}

void sqlite_client::find_by_code_change_commit(std::string const& code)
{
    run(begin_);
    sqlite3_bind_text(by_code_, 1, code.data(), static_cast<int>(code.size()), SQLITE_STATIC);
    write(read_one(by_code_));
    run(commit_);
}

void sqlite_client::change_each(std::int64_t first, int count)
{
    run(begin_);
    for (std::int64_t id = first; id < first + count; ++id) {
        sqlite3_bind_int64(by_id_, 1, id);
        write(read_one(by_id_));
    }
    run(commit_);
}

void sqlite_client::change_range(std::int64_t first, int count)
{
    run(begin_);
    sqlite3_bind_int64(range_, 1, first);
    sqlite3_bind_int64(range_, 2, first + count);
    found_.clear();
    for (row one; next(range_, one);)
        found_.push_back(std::move(one));
    check(sqlite3_reset(range_));
    for (auto const& one : found_)
        write(one);
    run(commit_);
}

void sqlite_client::insert(std::string const& code)
{
    run(begin_);
    sqlite3_bind_text(insert_, 1, code.data(), static_cast<int>(code.size()), SQLITE_STATIC);
    sqlite3_bind_int64(insert_, 2, 10);
    sqlite3_bind_int64(insert_, 3, 0);
    sqlite3_bind_int64(insert_, 4, 1);
    run(insert_);
    run(commit_);
}

void sqlite_client::remove_inserted()
{
    execute("DELETE FROM coupons WHERE id > " + std::to_string(rows));
}

}  // namespace

std::unique_ptr<client> open_sqlite()
{
    return std::make_unique<sqlite_client>();
}

}  // namespace baseline
