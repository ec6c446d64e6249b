/// \file
/// A version for a table of MariaDB.
///
/// InnoDB adds a column with a default without touching a row, and sets a default as quickly. To
/// make a column NOT NULL it builds the table anew while others go on writing. What it cannot do
/// without keeping writers out (for a table with a FULLTEXT index, for example) is done only when
/// that was allowed.
#include "schema/version_change.hpp"

#include <algorithm>
#include <utility>
#include <variant>

namespace tiebreak::schema::detail {

namespace catalogue {

struct mariadb_table {
    std::string name{};
    std::string kind{};
    std::optional<std::string> storage{};
};
BOOST_DESCRIBE_STRUCT(mariadb_table, (), (name, kind, storage))

struct mariadb_column {
    std::string name{};
    std::string type{};
    std::string whole_type{};
    std::string nullable{};
    std::optional<std::string> default_text{};
    std::string extra{};
    std::optional<std::string> computed{};
    std::string comment{};
    std::optional<std::string> rule{};
    bool is_unique = false;
};
BOOST_DESCRIBE_STRUCT(
    mariadb_column,
    (),
    (name, type, whole_type, nullable, default_text, extra, computed, comment, rule, is_unique))

}  // namespace catalogue

namespace {

constexpr char const* find_mariadb_table =
    "SELECT table_name AS name, table_type AS kind, engine AS storage"
    " FROM information_schema.tables WHERE table_schema = DATABASE() AND"
    " IF(@@lower_case_table_names = 0, BINARY table_name = BINARY ?, LOWER(table_name) = LOWER(?))";

constexpr char const* find_mariadb_columns =
    "SELECT c.column_name AS name, c.data_type AS type, c.column_type AS whole_type,"
    " c.is_nullable AS nullable, c.column_default AS default_text, c.extra AS extra,"
    " c.generation_expression AS computed, c.column_comment AS comment,"
    " (SELECT k.check_clause FROM information_schema.check_constraints k"
    " WHERE k.constraint_schema = c.table_schema AND k.table_name = c.table_name"
    " AND k.level = 'Column' AND k.constraint_name = c.column_name) AS rule,"
    " EXISTS (SELECT 1 FROM information_schema.statistics s WHERE s.table_schema = c.table_schema"
    " AND s.table_name = c.table_name AND s.column_name = c.column_name AND s.non_unique = 0)"
    " AS is_unique"
    " FROM information_schema.columns c"
    " WHERE c.table_schema = DATABASE() AND BINARY c.table_name = BINARY ?"
    " ORDER BY c.ordinal_position";

constexpr char const* find_key_text =
    "SELECT column_name FROM information_schema.statistics WHERE table_schema = DATABASE()"
    " AND BINARY table_name = BINARY ? AND index_name = 'PRIMARY' AND seq_in_index = 1";

constexpr char const* find_guard_text =
    "SELECT action_statement FROM information_schema.triggers WHERE trigger_schema = DATABASE()"
    " AND BINARY event_object_table = BINARY ? AND BINARY trigger_name = BINARY ?"
    " AND action_timing = 'BEFORE' AND event_manipulation = 'UPDATE'";

[[nodiscard]] bool is_one_of(std::string const& word, std::initializer_list<char const*> list)
{
    return std::ranges::find(list, word) != list.end();
}

[[nodiscard]] std::string text_literal(std::string_view text)
{
    std::string escaped;
    for (char const c : text) {
        if (c == '\\')
            escaped += c;
        escaped += c;
    }
    return quoted(escaped, '\'');
}

// Where a walk is: before the first key, or at one.
using key_place = std::variant<std::monostate, std::int64_t, std::string, blob>;

class mariadb_change final : public version_change {
    enum class walk : std::uint8_t { none, numbers, texts, bytes };

    // Without a deadline: the waits in it are bounded by what is stated with each statement.
    [[nodiscard]] static transact_options one_try()
    {
        retry_policy policy = retry_presets::once;
        policy.deadline = {};
        return {.retry = policy, .certainty = commit_certainty::as_answered};
    }

    template <class Body>
    auto once(Body const& body)
    {
        return db_.transact(body, one_try());
    }

public:
    mariadb_change(database& in, std::string table, add_version_options const& options)
        : db_(in),
          asked_(std::move(table)),
          options_(options),
          table_(quoted(asked_, '`')),
          column_(quoted(options.column, '`')),
          guard_(own_name("tiebreak_guard_", asked_))
    {
    }

    table_facts look() override
    {
        return db_.transact([&](unit_of_work& work) { return look(work); },
                            {.retry = retry_presets::once});
    }

    void add_column() override
    {
        alter("ADD COLUMN IF NOT EXISTS " + column_ + " BIGINT NOT NULL DEFAULT 1");
    }

    [[nodiscard]] bool default_comes_first() const noexcept override { return true; }

    void set_default(std::int64_t first) override
    {
        alter("ALTER COLUMN " + column_ + " SET DEFAULT " + std::to_string(first));
    }

    std::int64_t count_nulls() override
    {
        return db_.read([&](snapshot& view) {
            return view
                .query<std::int64_t>("SELECT count(*) FROM " + table_ + " WHERE " + column_ +
                                     " IS NULL")
                .front();
        });
    }

    void begin_walk() override { from_ = {}; }

    std::optional<std::int64_t> fill(std::int64_t first, std::int64_t rows) override
    {
        return once([&](unit_of_work& work) -> std::optional<std::int64_t> {
            auto const change = limited(rows) + fill_text(first);
            switch (walk_) {
            case walk::numbers: return fill_by<std::int64_t>(work, change, key_, rows);
            case walk::bytes: return fill_by<blob>(work, change, key_, rows);
            case walk::texts:
                return fill_by<std::string>(work, change, "CAST(" + key_ + " AS CHAR)", rows);
            case walk::none: break;
            }
            auto const filled = work.execute(change + " LIMIT ?", rows);
            return filled == 0 ? std::nullopt : std::optional{filled};
        });
    }

    std::int64_t fill_rest(std::int64_t first) override
    {
        return once(
            [&](unit_of_work& work) { return work.execute(limited(1) + fill_text(first)); });
    }

    void set_not_null(std::int64_t) override
    {
        auto const now = look();
        if (!now.nullable)
            return;
        // what is not said again is lost
        std::string text = "MODIFY COLUMN " + column_ + " " + found_.whole_type +
                           " NOT NULL DEFAULT " + std::to_string(now.first.value_or(1));
        if (found_.extra.find("INVISIBLE") != std::string::npos)
            text += " INVISIBLE";
        if (!found_.comment.empty())
            text += " COMMENT " + text_literal(found_.comment);
        if (found_.rule)
            text += " CHECK (" + *found_.rule + ")";
        alter(text);
    }

    void make_guard() override
    {
        auto const wait = wait_s();
        db_.transact(
            [&](unit_of_work& work) {
                work.execute("SET STATEMENT lock_wait_timeout = " + wait +
                             " FOR CREATE OR REPLACE TRIGGER " + quoted(guard_, '`') +
                             " BEFORE UPDATE ON " + table_ + " FOR EACH ROW " + guard_body());
            },
            one_try());
    }

    [[nodiscard]] std::string guard_name() const override { return guard_; }

private:
    [[nodiscard]] std::string wait_s() const
    {
        return std::to_string(std::chrono::ceil<std::chrono::seconds>(options_.lock_wait).count());
    }

    void alter(std::string const& what)
    {
        auto const text = "ALTER TABLE " + table_ + " WAIT " + wait_s() + " " + what;
        try {
            once([&](unit_of_work& work) {
                return work.execute(text + ", ALGORITHM = INPLACE, LOCK = NONE");
            });
        } catch (error const& failure) {
            if (failure.code() != errc::unsupported)
                throw;
            if (!options_.allow_blocking) {
                throw error(errc::unsupported,
                            "the table " + asked_ +
                                " can only be changed by a copy, while writers wait: say "
                                "--allow-blocking when they may",
                            std::string{failure.server_message()});
            }
            once([&](unit_of_work& work) { return work.execute(text); });
        }
    }

    // One row is waited for: nothing else is held meanwhile. More are not, so that of two that wait
    // for each other it is never the other program that is ended.
    [[nodiscard]] std::string limited(std::int64_t rows) const
    {
        return "SET STATEMENT lock_wait_timeout = " + wait_s() +
               ", innodb_lock_wait_timeout = " + (rows > 1 ? "0" : wait_s()) + " FOR ";
    }

    [[nodiscard]] std::string fill_text(std::int64_t first) const
    {
        return "UPDATE " + table_ + " SET " + column_ + " = " + std::to_string(first) + " WHERE " +
               column_ + " IS NULL";
    }

    // Finds the next row to fill without holding anything, and fills from there.
    template <class Key>
    std::optional<std::int64_t> fill_by(unit_of_work& work,
                                        std::string const& change,
                                        std::string const& key,
                                        std::int64_t rows)
    {
        auto const next = "SELECT " + key + " FROM " + table_ + " WHERE " + column_ + " IS NULL";
        auto const order = " ORDER BY " + key_ + " LIMIT ";
        auto const from = " AND " + key_ + " >= ?";
        auto const* const last = std::get_if<Key>(&from_);
        auto const found = last == nullptr ? work.query<Key>(next + order + "1")
                                           : work.query<Key>(next + from + order + "1", *last);
        if (found.empty())
            return {};
        auto const filled = work.execute(change + from + order + "?", found.front(), rows);
        from_ = found.front();
        return filled == 0 ? std::nullopt : std::optional{filled};
    }

    table_facts look(unit_of_work& work)
    {
        auto const found = work.query<catalogue::mariadb_table>(find_mariadb_table, asked_, asked_);
        if (found.empty())
            throw no_such_table(asked_);
        auto const& table = found.front();
        if (table.kind != "BASE TABLE")
            throw not_a_table(asked_, "is a " + lower(table.kind));
        if (table.storage.value_or("") != "InnoDB")
            throw error(errc::unsafe_settings,
                        "the table " + asked_ + " is kept by " + table.storage.value_or("nobody") +
                            ", which knows no transactions: no version can be checked there");
        table_ = quoted(table.name, '`');
        columns_.clear();
        table_facts facts;
        std::string key_type;
        auto const keys = work.query<std::string>(find_key_text, table.name);
        for (auto const& one :
             work.query<catalogue::mariadb_column>(find_mariadb_columns, table.name)) {
            columns_.push_back({one.name, !one.computed.value_or("").empty()});
            if (!keys.empty() && one.name == keys.front())
                key_type = lower(one.type);
            if (same_name(one.name, options_.column))
                note_column(one, facts);
        }
        remember_key(keys, key_type);
        facts.columns = columns_;
        check_unversioned(columns_, options_, asked_);
        facts.has_guard = options_.guard && facts.has_column &&
                          work.query<std::string>(find_guard_text, table.name, guard_) ==
                              std::vector{guard_body()};
        return facts;
    }

    void note_column(catalogue::mariadb_column const& one, table_facts& facts)
    {
        auto const refuse = [&](std::string const& because) {
            return no_version(asked_, one.name, because);
        };
        if (!one.computed.value_or("").empty())
            throw refuse("is generated");
        if (!is_one_of(lower(one.type), {"smallint", "mediumint", "int", "bigint"}))
            throw refuse("is of the type " + one.whole_type);
        if (one.is_unique)
            throw refuse("is part of a unique key");
        facts.has_column = true;
        facts.nullable = lower(one.nullable) == "yes";
        auto const text = one.default_text.value_or("NULL");
        facts.first = number_in(text);
        if (!facts.first && lower(text) != "null")
            throw refuse("has a default that is no whole number");
        found_ = one;
    }

    // A walk goes along the first column of the primary key.
    void remember_key(std::vector<std::string> const& keys, std::string const& type)
    {
        walk_ = walk::none;
        if (keys.empty())
            return;
        key_ = quoted(keys.front(), '`');
        if (is_one_of(type, {"tinyint", "smallint", "mediumint", "int", "bigint"}))
            walk_ = walk::numbers;
        else if (is_one_of(type, {"binary", "varbinary", "tinyblob", "blob", "mediumblob"}))
            walk_ = walk::bytes;
        else
            walk_ = walk::texts;
    }

    [[nodiscard]] std::string guard_body() const
    {
        auto const row = "NEW." + column_;
        auto const before = "OLD." + column_;
        return "IF " + row + " <= " + before + spared() + " THEN SET " + row + " = " + before +
               " + 1; END IF";
    }

    // Byte by byte.
    [[nodiscard]] std::string spared() const
    {
        return unless_only_unversioned_differ(columns_, options_, [](std::string const& name) {
            auto const column = quoted(name, '`');
            auto const same = "BINARY NEW." + column + " <=> BINARY OLD." + column;
            return value_test{.differs = "NOT (" + same + ")", .same = same};
        });
    }

    database& db_;
    std::string asked_;
    add_version_options const& options_;
    std::string table_;   // quoted
    std::string column_;  // quoted
    std::string guard_;
    catalogue::mariadb_column found_{};
    std::vector<table_column> columns_{};
    std::string key_{};  // quoted
    walk walk_ = walk::none;
    key_place from_{};
};

}  // namespace

std::unique_ptr<version_change>
change_on_mariadb(database& in, std::string table, add_version_options const& options)
{
    return std::make_unique<mariadb_change>(in, std::move(table), options);
}

}  // namespace tiebreak::schema::detail
