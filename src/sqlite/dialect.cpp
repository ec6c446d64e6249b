// SQLite's side of the places where the engines' SQL differs.
#include "sqlite/dialect.hpp"

#include "sqlite/sqlite.hpp"

namespace tiebreak::sqlite {

namespace {

class sqlite_dialect final : public sql::dialect {
public:
    // A database in memory belongs to its process alone; else there is no difference.
    explicit sqlite_dialect(bool several_processes) noexcept : several_processes_(several_processes)
    {
    }

    [[nodiscard]] std::string_view engine() const noexcept override { return "sqlite"; }

    [[nodiscard]] bool supports(capability what) const noexcept override
    {
        switch (what) {
        case capability::several_processes: return several_processes_;
        case capability::statement_timeout:
        case capability::transactional_ddl: return true;
        case capability::concurrent_writers:
        case capability::row_locks:
        case capability::shared_row_locks:
        case capability::skip_locked:
        case capability::pipelining: return false;
        }
        return false;
    }

    void identifier(std::string& out, std::string_view name) const override
    {
        out += '"';
        for (char const c : name) {
            if (c == '"')
                out += '"';
            out += c;
        }
        out += '"';
    }

    void placeholder(std::string& out, std::size_t number) const override
    {
        out += '?';
        out += std::to_string(number);
    }

    void now(std::string& out) const override { out += "tiebreak_now()"; }

    void greatest(std::string& out, std::string_view a, std::string_view b) const override
    {
        ((((out += "max(") += a) += ", ") += b) += ')';
    }

    void
    later(std::string& out, std::string_view time, std::string_view microseconds) const override
    {
        ((((out += '(') += time) += " + ") += microseconds) += ')';
    }

    void
    next_version(std::string& out, std::string_view version, std::int64_t highest) const override
    {
        // the engine's own sum would go on as a real number
        ((out += "tiebreak_next(") += version) += ", ";
        (out += std::to_string(highest)) += ')';
    }

    void hold(std::string&, sql::row_lock, sql::if_held) const override {}

    void unless_taken(std::string& out, std::string_view) const override
    {
        out += " ON CONFLICT DO NOTHING";
    }

    void answering_key(std::string&, std::string_view) const override {}

    void type(std::string& out, column_type what, sql::column_use use) const override;

    void table_options(std::string&) const override {}

private:
    bool several_processes_;
};

void sqlite_dialect::type(std::string& out, column_type what, sql::column_use use) const
{
    if (use.generated_key) {
        // only this spelling makes the key the row's id; AUTOINCREMENT: a removed row's key is
        // never given to another row
        out += "INTEGER PRIMARY KEY AUTOINCREMENT";
        return;
    }
    switch (what) {
    case column_type::boolean:
    case column_type::int16:
    case column_type::int32:
    case column_type::int64:
    case column_type::time: out += "INTEGER"; return;
    case column_type::real: out += "REAL"; return;
    case column_type::text: out += "TEXT"; return;
    case column_type::bytes: out += "BLOB"; return;
    }
}

}  // namespace

sql::dialect const& dialect_of(bool in_memory) noexcept
{
    static sqlite_dialect const file(true);
    static sqlite_dialect const memory(false);
    return in_memory ? memory : file;
}

sql::dialect const& dialect() noexcept
{
    return dialect_of(false);
}

}  // namespace tiebreak::sqlite
