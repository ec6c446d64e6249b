// MariaDB's side of the places where the engines' SQL differs.
#include "mariadb/driver.hpp"
#include "mariadb/errors.hpp"

namespace tiebreak::mariadb {

namespace {

class mariadb_dialect final : public sql::dialect {
public:
    [[nodiscard]] std::string_view engine() const noexcept override { return "mariadb"; }

    [[nodiscard]] bool supports(capability what) const noexcept override
    {
        switch (what) {
        case capability::concurrent_writers:
        case capability::row_locks:
        case capability::shared_row_locks:
        case capability::skip_locked:
        case capability::pipelining:
        case capability::several_processes:
        case capability::statement_timeout: return true;
        case capability::transactional_ddl: return false;
        }
        return false;
    }

    void identifier(std::string& out, std::string_view name) const override
    {
        out += '`';
        for (char const c : name) {
            if (c == '`')
                out += '`';
            out += c;
        }
        out += '`';
    }

    void placeholder(std::string& out, std::size_t) const override { out += '?'; }

    // The time at which the statement began: the same in all of it, so that an index can be used,
    // and safe to replicate. Waiting for a row lock it grows old, which only ever makes a lease
    // shorter and a takeover later.
    void now(std::string& out) const override { out += "UTC_TIMESTAMP(6)"; }

    void greatest(std::string& out, std::string_view a, std::string_view b) const override
    {
        ((((out += "GREATEST(") += a) += ", ") += b) += ')';
    }

    void
    later(std::string& out, std::string_view time, std::string_view microseconds) const override
    {
        ((((out += '(') += time) += " + INTERVAL ") += microseconds) += " MICROSECOND)";
    }

    // The mark depends on the version, or it would be refused for a version that is NULL, too.
    void
    next_version(std::string& out, std::string_view version, std::int64_t highest) const override
    {
        (((out += version) += " + IF(") += version) += " < ";
        ((out += std::to_string(highest)) += ", 1, CAST(CONCAT('") += version_exhausted_mark;
        ((out += "', LEFT(") += version) += ", 0)) AS INTEGER))";
    }

    void hold(std::string& out, sql::row_lock how, sql::if_held then) const override
    {
        if (how == sql::row_lock::none)
            return;
        out += how == sql::row_lock::share ? " LOCK IN SHARE MODE" : " FOR UPDATE";
        if (then == sql::if_held::fail)
            out += " NOWAIT";
        else if (then == sql::if_held::skip)
            out += " SKIP LOCKED";
    }

    // INSERT IGNORE would swallow other errors, ON DUPLICATE KEY UPDATE would take the row for
    // writing: the driver runs the plain INSERT and takes the error for a count of 0.
    void unless_taken(std::string&, std::string_view) const override {}

    void answering_key(std::string&, std::string_view) const override {}

    void type(std::string& out, column_type what, sql::column_use use) const override;

    // Texts are equal when their bytes are, as on the other engines: no case, no accents, no
    // blanks at the end are passed over.
    void table_options(std::string& out) const override
    {
        out += " ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin";
    }
};

void mariadb_dialect::type(std::string& out, column_type what, sql::column_use use) const
{
    if (use.generated_key) {
        out += "BIGINT AUTO_INCREMENT PRIMARY KEY";
        return;
    }
    switch (what) {
    case column_type::boolean: out += "TINYINT(1)"; return;
    case column_type::int16: out += "SMALLINT"; return;
    case column_type::int32: out += "INT"; return;
    case column_type::int64: out += "BIGINT"; return;
    case column_type::real: out += "DOUBLE"; return;
    case column_type::text: out += use.indexed ? "VARCHAR(255)" : "LONGTEXT"; return;
    case column_type::bytes: out += use.indexed ? "VARBINARY(255)" : "LONGBLOB"; return;
    case column_type::time: out += "DATETIME(6)"; return;
    }
}

}  // namespace

sql::dialect const& dialect() noexcept
{
    static mariadb_dialect const only;
    return only;
}

}  // namespace tiebreak::mariadb
