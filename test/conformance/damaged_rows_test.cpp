// Rows that do not fit their struct: an error that names table and column, and nothing is written.
#include <tiebreak/schema.hpp>

#include "support/checks.hpp"
#include "support/engines.hpp"

#include <boost/describe/class.hpp>
#include <boost/describe/enum.hpp>

#include <functional>
#include <vector>

namespace tiebreak::test {

namespace {

enum class state { fresh, used };
BOOST_DESCRIBE_ENUM(state, fresh, used)

struct item {
    std::int64_t id = 0;
    state how = state::fresh;
    std::int16_t amount = 0;
    bool flag = false;
    std::string text{};
    tiebreak::version version{};
};
BOOST_DESCRIBE_STRUCT(item, (), (id, how, amount, flag, text, version))

constexpr auto mapping_of(item const*)
{
    return map<item>("items", key<&item::id>);
}

// The same table as a migration might have left it: everything may be NULL and of any type.
class DamagedRows : public engine_test {
protected:
    void SetUp() override
    {
        engine_test::SetUp();
        table_ = table_of<item>(db());
        db().execute("CREATE TABLE " + table_ +
                     " (id BIGINT PRIMARY KEY, how VARCHAR(64), amount BIGINT, flag BIGINT,"
                     " text VARCHAR(64), version BIGINT)");
    }

    void put(std::string const& values)
    {
        db().execute("INSERT INTO " + table_ + " (id, how, amount, flag, text, version) VALUES (" +
                     values + ")");
    }

    // Every way of reading row 1 fails with an error that names the column and quotes no content.
    void expect_named(std::string_view column)
    {
        auto const check = [&](std::optional<error> const& failure) {
            ASSERT_TRUE(failure);
            EXPECT_EQ(name_of(failure->code()), name_of(errc::backend_failure));
            std::string_view const what = failure->what();
            EXPECT_NE(what.find("items." + std::string{column}), what.npos) << what;
            EXPECT_EQ(what.find("secret"), what.npos) << what;
        };
        repository<item> const rows(db());
        check(error_of([&] { (void)rows.find(1); }));
        check(error_of([&] { (void)rows.select().all(); }));
        check(
            error_of([&] { db().transact([](unit_of_work& work) { (void)work.find<item>(1); }); }));
        check(error_of(
            [&] { db().transact([](unit_of_work& work) { (void)work.select<item>().first(); }); }));
        check(error_of(
            [&] { db().transact([](unit_of_work& work) { (void)work.merge(item{.id = 1}); }); }));
        check(error_of(
            [&] { db().read([](snapshot& view) { (void)repository<item>(view).find(1); }); }));
    }

    std::string column(std::string const& name)
    {
        return db()
            .transact([&](unit_of_work& work) {
                return work.query<std::optional<std::string>>("SELECT " + name + " FROM " + table_);
            })
            .at(0)
            .value_or("NULL");
    }

    std::string table_;
};

TEST_P(DamagedRows, AVersionThatIsNullIsAnErrorThatNamesTheColumn)
{
    put("1, 'fresh', 1, 0, 'secret', NULL");
    expect_named("version");
    EXPECT_ERRC((void)repository<item>(db()).explain(1, version{1}), errc::backend_failure);
}

TEST_P(DamagedRows, AVersionThatIsNullMatchesNoExpectation)
{
    put("1, 'fresh', 1, 0, 'kept', NULL");
    repository<item> const rows(db());
    for (auto const expected : {version{0}, version{1}}) {
        EXPECT_EQ(rows.update_if(1, expected, field<& item::text> = "lost"), outcome::lost);
        EXPECT_EQ(rows.remove_if(1, expected), outcome::lost);
        item detached{.id = 1, .text = "lost", .version = expected};
        EXPECT_ERRC(rows.save(detached), errc::precondition_failed);
        EXPECT_ERRC(rows.remove(detached), errc::precondition_failed);
    }
    EXPECT_EQ(column("text"), "kept");
}

TEST_P(DamagedRows, AVersionThatBecomesNullUnderAUnitIsNotCommittedOver)
{
    put("1, 'fresh', 1, 0, 'kept', 4");
    EXPECT_ANY_THROW(db().transact(
        [&](unit_of_work& work) {
            auto& row = work.load<item>(1);
            work.execute("UPDATE " + table_ + " SET version = NULL");
            row.text = "lost";
        },
        {.retry = retry_presets::once}));
    EXPECT_EQ(column("text"), "kept");
    EXPECT_EQ(stored<item>(db(), 1).version, version{4});
}

TEST_P(DamagedRows, AVersionThatBecomesNullUnderAUnitIsNotShownAgain)
{
    put("1, 'fresh', 1, 0, 'kept', 4");
    EXPECT_ANY_THROW(db().transact(
        [&](unit_of_work& work) {
            (void)work.load<item>(1);
            work.execute("UPDATE " + table_ + " SET version = NULL");
            (void)work.select<item>().all();
        },
        {.retry = retry_presets::once}));
    EXPECT_EQ(stored<item>(db(), 1).version, version{4});
}

TEST_P(DamagedRows, AnUnknownEnumeratorIsAnErrorThatNamesTheColumn)
{
    put("1, 'secret', 1, 0, '', 1");
    expect_named("how");
}

TEST_P(DamagedRows, AnEnumeratorInAnotherCaseIsUnknown)
{
    put("1, 'FRESH', 1, 0, '', 1");
    expect_named("how");
}

TEST_P(DamagedRows, ANumberOutOfRangeIsAnErrorThatNamesTheColumn)
{
    put("1, 'fresh', 32768, 0, '', 1");
    expect_named("amount");
}

TEST_P(DamagedRows, AnAbsentValueIsAnErrorThatNamesTheColumn)
{
    put("1, 'fresh', 1, 0, NULL, 1");
    expect_named("text");
}

TEST_P(DamagedRows, ABooleanThatIsNeitherIsAnErrorThatNamesTheColumn)
{
    put("1, 'fresh', 1, 2, '', 1");
    expect_named("flag");
}

// Columns of a wrong type, as an engine without strict types lets through too.
TEST_P(DamagedRows, AColumnOfAnotherTypeIsAnErrorThatNamesIt)
{
    db().execute("DROP TABLE " + table_);
    db().execute("CREATE TABLE " + table_ +
                 " (id BIGINT PRIMARY KEY, how VARCHAR(64), amount VARCHAR(64), flag BIGINT,"
                 " text VARCHAR(64), version BIGINT)");
    put("1, 'fresh', 'secret', 0, '', 1");
    expect_named("amount");
}

TEST_P(DamagedRows, AVersionColumnOfAnotherTypeIsAnErrorThatNamesIt)
{
    db().execute("DROP TABLE " + table_);
    db().execute("CREATE TABLE " + table_ +
                 " (id BIGINT PRIMARY KEY, how VARCHAR(64), amount BIGINT, flag BIGINT,"
                 " text VARCHAR(64), version VARCHAR(64))");
    put("1, 'fresh', 1, 0, '', 'secret'");
    expect_named("version");
}

TEST_P(DamagedRows, AMissingColumnIsAnErrorAndNothingIsWritten)
{
    db().execute("DROP TABLE " + table_);
    db().execute("CREATE TABLE " + table_ + " (id BIGINT PRIMARY KEY, version BIGINT)");
    EXPECT_ERRC((void)repository<item>(db()).find(1), errc::backend_failure);
    item row{.id = 1};
    EXPECT_ERRC(repository<item>(db()).insert(row), errc::backend_failure);
    auto const rows = db().transact([&](unit_of_work& work) {
        return work.query<std::int64_t>("SELECT COUNT(*) FROM " + table_);
    });
    EXPECT_EQ(rows.at(0), 0);
}

// The table's key was never made unique, so a write of one row finds two: nobody's success.
TEST_P(DamagedRows, AKeyThatTwoRowsHaveIsAnErrorOnEveryPathAndNothingIsWritten)
{
    db().execute("DROP TABLE " + table_);
    db().execute("CREATE TABLE " + table_ +
                 " (id BIGINT, how VARCHAR(64), amount BIGINT, flag BIGINT,"
                 " text VARCHAR(64), version BIGINT)");
    put("1, 'fresh', 1, 0, 'kept', 1");
    put("1, 'fresh', 1, 0, 'kept', 1");
    auto const lost = field<& item::text> = "lost";
    auto const fresh = field<&item::how> == state::fresh;
    std::vector<std::function<void(unit_of_work&)>> const writes{
        [](unit_of_work& work) {
            work.load<item>(1).text = "lost";
            work.flush();
        },
        [](unit_of_work& work) {
            work.remove(work.load<item>(1));
            work.flush();
        },
        [&](unit_of_work& work) { (void)repository<item>(work).update_if(1, version{1}, lost); },
        [&](unit_of_work& work) { (void)repository<item>(work).update_if(1, fresh, lost); },
        [](unit_of_work& work) { (void)repository<item>(work).remove_if(1, version{1}); },
        [&](unit_of_work& work) { (void)repository<item>(work).remove_if(1, fresh); },
        [](unit_of_work& work) {
            item row{.id = 1, .text = "lost", .version = version{1}};
            repository<item>(work).save(row);
        },
        [](unit_of_work& work) {
            item row{.id = 1, .text = "lost", .version = version{1}};
            (void)repository<item>(work).upsert_if(row, std::optional{version{1}});
        },
        [](unit_of_work& work) {
            repository<item>(work).remove(item{.id = 1, .version = version{1}});
        },
    };
    for (std::size_t i = 0; i < writes.size(); ++i) {
        SCOPED_TRACE(i);
        EXPECT_THROW(db().transact([&](unit_of_work& work) {
            EXPECT_THROW(writes[i](work), error);  // swallowed: the unit must not commit
        }),
                     error);
        EXPECT_EQ(rows_of<item>(db()), 2);
        EXPECT_EQ(column("text"), "kept");
    }
    EXPECT_ERRC((void)repository<item>(db()).update_if(1, version{1}, lost), errc::backend_failure);
}

TEST_P(DamagedRows, AMissingTableIsAnError)
{
    db().execute("DROP TABLE " + table_);
    EXPECT_ERRC((void)repository<item>(db()).find(1), errc::backend_failure);
    EXPECT_ERRC(db().transact([](unit_of_work& work) { work.add(item{.id = 1}); }),
                errc::backend_failure);
}

TIEBREAK_ON_ALL_ENGINES(DamagedRows);

}  // namespace

}  // namespace tiebreak::test
