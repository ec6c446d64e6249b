// What `schema add-version` refuses, leaves alone or waits for.
#include "add_version_test.hpp"
#include "support/checks.hpp"

#include <array>
#include <latch>

namespace tiebreak::test {

namespace {

using namespace std::chrono_literals;
using schema::add_version;
using schema::version_step;

class AddVersion : public add_version_test {
protected:
    // The columns of `items`, in order.
    std::vector<std::string> columns()
    {
        std::string sql = "SELECT column_name FROM information_schema.columns WHERE table_name ="
                          " 'items' AND table_schema = ";
        if (is(db(), "sqlite"))
            sql = "SELECT name FROM pragma_table_info('items')";
        else if (is(db(), "postgresql"))
            sql = "SELECT attname::text FROM pg_attribute WHERE attrelid = 'items'::regclass"
                  " AND attnum > 0 AND NOT attisdropped ORDER BY attnum";
        else
            sql += "DATABASE() ORDER BY ordinal_position";
        return db().transact([&](unit_of_work& work) { return work.query<std::string>(sql); });
    }

    void expect_refused(errc code, std::string_view said, schema::add_version_options options = {})
    {
        options.patience = 0ms;
        auto const before = columns();
        auto const refused = error_of([&] { add_version(db(), "items", options); });
        ASSERT_TRUE(refused);
        EXPECT_EQ(refused->code(), code) << refused->what();
        EXPECT_NE(std::string_view{refused->what()}.find(said), std::string_view::npos)
            << refused->what() << " (" << refused->server_message() << ")";
        EXPECT_EQ(columns(), before);
    }
};

TEST_P(AddVersion, ATableWithoutAVersionNeedsOneStatement)
{
    make_old_table(db());
    auto const result = add_version(db(), "items");
    EXPECT_EQ(result.done, std::vector{version_step::add_column});
    EXPECT_EQ(result.rows_filled, 0);
    EXPECT_EQ(result.first, 1);
    EXPECT_EQ(number(db(), "SELECT count(*) FROM items WHERE version = 1"), 5);
    expect_right(db());
    EXPECT_EQ(stored<stock_item>(db(), 3).version, version{1});
}

TEST_P(AddVersion, SaysHowManyRowsItFilled)
{
    make_half_migrated_table(db(), 700);

    class counting : public schema::version_watcher {
    public:
        void filled(std::int64_t done, std::int64_t total) override
        {
            EXPECT_GE(done, last);
            EXPECT_EQ(total, 699);
            last = done;
            ++calls;
        }

        std::int64_t last = 0;
        int calls = 0;
    };

    counting watcher;
    auto const result = add_version(db(), "items", {}, &watcher);
    if (!is(db(), "sqlite")) {
        EXPECT_EQ(result.rows_filled, 699);
    }
    EXPECT_EQ(watcher.last, 699);
    EXPECT_GT(watcher.calls, 2);
    expect_right(db());
}

TEST_P(AddVersion, AColumnThatIsRightIsLeftAlone)
{
    make_old_table(db());
    db().execute("ALTER TABLE items ADD COLUMN version INTEGER NOT NULL DEFAULT 0");
    auto const result = add_version(db(), "items");
    EXPECT_TRUE(result.done.empty());
    EXPECT_EQ(result.first, 0) << "0 is a version like any other";
    expect_right(db(), 0);
}

TEST_P(AddVersion, ADefaultThatIsThereIsKeptAndFilledIn)
{
    make_old_table(db());
    db().execute("ALTER TABLE items ADD COLUMN version SMALLINT");
    db().execute("UPDATE items SET version = NULL");
    db().execute("DROP TABLE items");
    std::string const key = is(db(), "postgresql") ? "bigserial" : "INTEGER";
    db().execute("CREATE TABLE items (id " + key +
                 " PRIMARY KEY, name VARCHAR(10), amount INT, version SMALLINT DEFAULT 0)");
    db().execute("INSERT INTO items (id, name, amount, version) VALUES (1, 'a', 0, NULL)");
    auto const result = add_version(db(), "items");
    EXPECT_EQ(result.done, (std::vector{version_step::fill, version_step::set_not_null}));
    EXPECT_EQ(number(db(), "SELECT version FROM items"), 0);
    EXPECT_EQ(result.first, 0);
}

TEST_P(AddVersion, ANotNullColumnWithoutADefaultGetsOne)
{
    db().execute("CREATE TABLE items (id INTEGER PRIMARY KEY, name VARCHAR(10), amount INT,"
                 " version INTEGER NOT NULL)");
    auto const result = add_version(db(), "items");
    EXPECT_EQ(result.done, std::vector{version_step::set_default});
    db().execute("INSERT INTO items (id, name, amount) VALUES (1, 'a', 0)");
    EXPECT_EQ(number(db(), "SELECT version FROM items"), 1);
}

TEST_P(AddVersion, OtherColumnsOfTheTableMayBeTheVersion)
{
    make_old_table(db());
    add_version(db(), "items", {.column = "row_version"});
    EXPECT_EQ(columns(), (std::vector<std::string>{"id", "name", "amount", "row_version"}));
    EXPECT_EQ(number(db(), "SELECT sum(row_version) FROM items"), 5);
}

TEST_P(AddVersion, StandsBehindTheTablePrefix)
{
    auto shop = fresh().open({.table_prefix = "shop_"});
    db().execute("CREATE TABLE shop_items (id INTEGER PRIMARY KEY)");
    add_version(shop, "items", {.guard = true});
    db().execute("INSERT INTO shop_items (id) VALUES (1)");
    EXPECT_EQ(number(db(), "SELECT version FROM shop_items"), 1);
    auto const refused = error_of([&] { add_version(db(), "items"); });
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->code(), errc::not_found);
}

// Not one of them is read as SQL, and what they name is found again.
TEST_P(AddVersion, NamesOfAnyKindAreOnlyNames)
{
    int tried = 0;
    for (std::string const name : {"order",
                                   "we\"ird",
                                   "back`tick",
                                   "it's",
                                   "a;b",
                                   "x\"; DROP TABLE items; --",
                                   "two words",
                                   "$1",
                                   "what?",
                                   "$guard$",
                                   "[brackets]",
                                   "back\\slash",
                                   "Ünï-çode",
                                   "-- no comment",
                                   "/* nor this"}) {
        SCOPED_TRACE(name);
        char const quote = is(db(), "mariadb") ? '`' : '"';
        std::string quoted{quote};
        for (char const c : name)
            (quoted += c) += c == quote ? std::string{quote} : std::string{};
        quoted += quote;
        db().execute("CREATE TABLE " + quoted + " (id INTEGER PRIMARY KEY, " + quoted +
                     " INTEGER, seen INTEGER)");
        db().execute("INSERT INTO " + quoted + " (id) VALUES (1)");
        schema::add_version_options const options{
            .column = name, .guard = true, .unversioned = {"seen"}};
        auto const result = add_version(db(), name, options);
        EXPECT_FALSE(result.done.empty());
        EXPECT_TRUE(add_version(db(), name, options).done.empty());
        db().execute("UPDATE " + quoted + " SET id = 2");
        EXPECT_EQ(number(db(), "SELECT " + quoted + " FROM " + quoted), 2);
        db().execute("UPDATE " + quoted + " SET seen = 2");
        EXPECT_EQ(number(db(), "SELECT " + quoted + " FROM " + quoted), 2);
        auto const missing = error_of([&] { add_version(db(), name + "x"); });
        ASSERT_TRUE(missing);
        EXPECT_EQ(missing->code(), errc::not_found);
        ++tried;
    }
    EXPECT_EQ(tried, 15);
}

TEST_P(AddVersion, LongNamesAreToldApart)
{
    std::string const beginning(60, 't');
    for (auto const* end : {"aa", "bb"}) {
        db().execute("CREATE TABLE " + beginning + end + " (id INTEGER PRIMARY KEY)");
        auto const result = add_version(db(), beginning + end, {.guard = true});
        EXPECT_LE(result.guard.size(), 63u);
        db().execute("INSERT INTO " + beginning + end + " (id) VALUES (1)");
    }
    for (auto const* end : {"aa", "bb"}) {
        db().execute("UPDATE " + beginning + end + " SET id = 2");
        EXPECT_EQ(number(db(), "SELECT version FROM " + beginning + end), 2);
    }
    EXPECT_THROW(add_version(db(), std::string(300, 't')), std::invalid_argument);
    EXPECT_THROW(add_version(db(), ""), std::invalid_argument);
    EXPECT_THROW(add_version(db(), "items", {.column = ""}), std::invalid_argument);
}

TEST_P(AddVersion, WhatIsNoTableIsRefused)
{
    for (auto const* name : {"nothing", "ITEMS\"", "items.version"}) {
        auto const refused = error_of([&] { add_version(db(), name); });
        ASSERT_TRUE(refused);
        EXPECT_EQ(refused->code(), errc::not_found) << refused->what();
        EXPECT_NE(std::string_view{refused->what()}.find(name), std::string_view::npos);
    }
    db().execute("CREATE VIEW items AS SELECT 1 AS id");
    expect_refused(errc::unsupported, "is a view");
}

TEST_P(AddVersion, AColumnThatIsNoVersionIsRefused)
{
    struct wrong {
        std::string column;
        char const* said;
    };

    std::vector<wrong> all{
        {"version VARCHAR(10)", "is of the type"},
        {"version DOUBLE PRECISION", "is of the type"},
        {"version DECIMAL(10)", "is of the type"},
        {"version TIMESTAMP NULL", "is of the type"},
        {"version INTEGER UNIQUE", "unique"},
    };
    if (is(db(), "mariadb")) {
        all.push_back({"version TINYINT", "is of the type tinyint"});
        all.push_back({"version BIGINT AS (amount + 1)", "generated"});
        all.push_back({"version BIGINT DEFAULT (length(name))", "default"});
    } else {
        all.push_back({"version BIGINT GENERATED ALWAYS AS (amount + 1) STORED", "generated"});
        all.push_back({"version BIGINT DEFAULT (abs(-1))", "default"});
    }
    if (is(db(), "sqlite"))
        all.push_back({"version", "has no type"});
    for (auto const& [column, said] : all) {
        SCOPED_TRACE(column);
        db().execute("CREATE TABLE items (id INTEGER PRIMARY KEY, amount BIGINT, name"
                     " VARCHAR(10), " +
                     column + ")");
        expect_refused(errc::unsupported, said);
        db().execute("DROP TABLE items");
    }
    db().execute("CREATE TABLE items (id INTEGER, version INTEGER, PRIMARY KEY (id, version))");
    expect_refused(errc::unsupported, "unique key");
}

// Of others that hold the table or a row for as long as the latch is closed.
class holder {
public:
    holder(fresh_database& of, std::string const& statement)
        : db_(of.open({.connections_max = 1})), running_([this, statement] {
              db_.transact([&](unit_of_work& work) {
                  work.execute(statement);
                  held_.count_down();
                  released_.wait();
              });
          })
    {
        held_.wait();
    }

    ~holder() { release(); }

    holder(holder const&) = delete;
    holder& operator=(holder const&) = delete;

    void release()
    {
        if (running_.joinable()) {
            released_.count_down();
            running_.join();
        }
    }

private:
    database db_;
    std::latch held_{1};
    std::latch released_{1};
    std::thread running_;
};

TEST_P(AddVersion, ATableInUseIsGivenUpAfterAWhileUnchanged)
{
    make_old_table(db());
    holder other(fresh(), "UPDATE items SET amount = 1 WHERE id = 1");
    expect_refused(errc::lock_timeout, "is in use", {.lock_wait = 50ms});
    other.release();
    add_version(db(), "items");
    expect_right(db());
}

TEST_P(AddVersion, RowsInUseAreComeBackTo)
{
    make_half_migrated_table(db(), 300);

    // lets go when it was waited for
    class patient : public schema::version_watcher {
    public:
        explicit patient(holder& other) : other_(other) {}

        void waits() override
        {
            if (++waited == 3)
                other_.release();
        }

        int waited = 0;

    private:
        holder& other_;
    };

    if (!is(db(), "sqlite"))
        db().execute("ALTER TABLE items ALTER COLUMN version SET DEFAULT 1");
    holder other(fresh(), "UPDATE items SET amount = 1 WHERE id = 150");
    patient watcher(other);
    add_version(db(), "items", {.lock_wait = 50ms}, &watcher);
    EXPECT_GE(watcher.waited, 3);
    EXPECT_EQ(number(db(), "SELECT amount FROM items WHERE id = 150"), 1);
    expect_right(db());
}

// A program that names the column and states NULL: from the NOT NULL on it is told.
TEST_P(AddVersion, NothingIsLeftByAProgramThatStatesNull)
{
    make_half_migrated_table(db(), 100);

    class stating_null : public schema::version_watcher {
    public:
        explicit stating_null(database& in) : db_(in) {}

        void filled(std::int64_t, std::int64_t) override
        {
            if (left_-- > 0)
                db_.execute("INSERT INTO items (name, amount, version) VALUES ('null', 0, NULL)");
        }

    private:
        database& db_;
        int left_ = 3;  // the last of them after all was filled
    };

    auto other = fresh().open();
    stating_null watcher(other);
    add_version(db(), "items", {}, &watcher);
    EXPECT_GT(number(db(), "SELECT count(*) FROM items WHERE name = 'null'"), 1);
    expect_right(db());
}

TEST_P(AddVersion, OptionsAreChecked)
{
    make_old_table(db());
    EXPECT_THROW(add_version(db(), "items", {.lock_wait = 0ms}), std::invalid_argument);
    EXPECT_THROW(add_version(db(), "items", {.patience = -1ms}), std::invalid_argument);
}

TIEBREAK_ON_SHARED_ENGINES(AddVersion);

}  // namespace

}  // namespace tiebreak::test
