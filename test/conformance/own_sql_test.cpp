// Own SQL in a unit of work: part of its transaction, bound parameters only, no transaction
// control.
#include "support/captured_log.hpp"
#include "support/checks.hpp"
#include "support/engines.hpp"
#include "support/rivals.hpp"
#include "support/shop.hpp"

namespace tiebreak::test {

namespace {

struct stock_line {
    std::string code{};
    std::int64_t remaining = 0;
    std::optional<std::string> note{};
};
BOOST_DESCRIBE_STRUCT(stock_line, (), (code, remaining, note))

class OwnSql : public engine_test {
protected:
    void SetUp() override
    {
        engine_test::SetUp();
        create_shop(db());
        add_coupon(db(), "A", 5);
        add_coupon(db(), "B", 7);
    }

    [[nodiscard]] std::string parameter(int number) { return placeholder(db(), number); }

    captured_log log_;
};

TEST_P(OwnSql, RowsBecomeStructsByColumnName)
{
    auto const rows = db().transact([](unit_of_work& work) {
        return work.query<stock_line>("SELECT total_quantity AS remaining, 1 AS surplus, code,"
                                      " NULL AS note FROM " +
                                      work.table<coupon>() + " ORDER BY code");
    });
    ASSERT_EQ(rows.size(), 2u);
    EXPECT_EQ(rows[0].code, "A");
    EXPECT_EQ(rows[0].remaining, 5);
    EXPECT_EQ(rows[1].remaining, 7);
    EXPECT_EQ(rows[1].note, std::nullopt);
}

TEST_P(OwnSql, ASingleColumnBecomesValues)
{
    db().transact([&](unit_of_work& work) {
        auto const table = work.table<coupon>();
        EXPECT_EQ(work.query<std::string>("SELECT code FROM " + table + " ORDER BY code"),
                  (std::vector<std::string>{"A", "B"}));
        EXPECT_EQ(work.query<std::int64_t>("SELECT COUNT(*) FROM " + table),
                  (std::vector<std::int64_t>{2}));
        EXPECT_EQ(work.query<std::optional<std::int64_t>>("SELECT MAX(id) FROM " + table +
                                                          " WHERE code = 'none'"),
                  (std::vector<std::optional<std::int64_t>>{std::nullopt}));
        EXPECT_TRUE(work.query<std::string>("SELECT code FROM " + table + " WHERE 1 = 0").empty());
    });
}

TEST_P(OwnSql, ParametersAreBound)
{
    db().transact([&](unit_of_work& work) {
        auto const sql = "UPDATE " + work.table<coupon>() + " SET code = " + parameter(1) +
                         ", issued_quantity = " + parameter(2) + " WHERE code = " + parameter(3);
        EXPECT_EQ(work.execute(sql, "'; DROP TABLE coupons; --", 4, std::string{"A"}), 1);
        EXPECT_EQ(work.execute(sql, "x", 4, "A"), 0);
    });
    auto const found = repository<coupon>(db()).find_by<&coupon::code>("'; DROP TABLE coupons; --");
    ASSERT_TRUE(found);
    EXPECT_EQ(found->issued_quantity, 4);
    EXPECT_EQ(rows_of<coupon>(db()), 2);
}

TEST_P(OwnSql, ANumberOfParametersThatDoesNotFitIsRefused)
{
    EXPECT_ANY_THROW(db().transact([&](unit_of_work& work) {
        work.execute("DELETE FROM " + work.table<coupon>() + " WHERE code = " + parameter(1));
    }));
    EXPECT_ANY_THROW(db().transact([&](unit_of_work& work) {
        work.execute(
            "DELETE FROM " + work.table<coupon>() + " WHERE code = " + parameter(1), "A", "B");
    }));
    EXPECT_EQ(rows_of<coupon>(db()), 2);
}

TEST_P(OwnSql, AResultThatDoesNotFitIsAnErrorThatNamesTheColumn)
{
    auto const message = [&](std::string_view columns) {
        auto const failure = error_of([&] {
            db().transact([&](unit_of_work& work) {
                (void)work.query<stock_line>("SELECT " + std::string{columns} + " FROM " +
                                             work.table<coupon>());
            });
        });
        return failure ? std::string{failure->what()} : std::string{};
    };
    EXPECT_NE(message("code, total_quantity AS remaining").find("note"), std::string::npos);
    EXPECT_NE(message("code, NULL AS remaining, NULL AS note").find("remaining"),
              std::string::npos);
    EXPECT_NE(message("code, 'secret' AS remaining, NULL AS note").find("remaining"),
              std::string::npos);
    EXPECT_EQ(message("code, 'secret' AS remaining, NULL AS note").find("secret"),
              std::string::npos);
    EXPECT_ERRC(
        db().transact([](unit_of_work& work) { (void)work.query<std::int64_t>("SELECT 1, 2"); }),
        errc::backend_failure);
}

TEST_P(OwnSql, ItSeesWhatTheUnitHasChangedAndIsUndoneWithIt)
{
    EXPECT_THROW(db().transact([&](unit_of_work& work) {
        auto const table = work.table<coupon>();
        work.find_by<&coupon::code>("A")->issued_quantity = 3;
        work.add(coupon{.code = "C"});
        EXPECT_EQ(work.query<std::int64_t>("SELECT SUM(issued_quantity) FROM " + table),
                  (std::vector<std::int64_t>{3}));
        EXPECT_EQ(work.execute("UPDATE " + table + " SET total_quantity = 0"), 3);
        EXPECT_EQ(work.execute("DELETE FROM " + table + " WHERE code <> 'A'"), 2);
        throw std::runtime_error("undo");
    }),
                 std::runtime_error);
    EXPECT_EQ(rows_of<coupon>(db()), 2);
    EXPECT_EQ(repository<coupon>(db()).find_by<&coupon::code>("A")->total_quantity, 5);
    EXPECT_EQ(repository<coupon>(db()).find_by<&coupon::code>("A")->issued_quantity, 0);
}

TEST_P(OwnSql, ThatIsTheFirstOfItsUnitIsUndoneWithIt)
{
    auto const table = table_of<coupon>(db());
    EXPECT_THROW(db().transact([&](unit_of_work& work) {
        EXPECT_EQ(work.execute("UPDATE " + table + " SET total_quantity = 0"), 2);
        throw std::runtime_error("undo");
    }),
                 std::runtime_error);
    EXPECT_EQ(repository<coupon>(db()).find_by<&coupon::code>("A")->total_quantity, 5);
}

TEST_P(OwnSql, AQueryThatWritesIsPartOfTheTransaction)
{
    auto const table = table_of<coupon>(db());
    EXPECT_THROW(db().transact([&](unit_of_work& work) {
        auto const codes = work.query<std::string>("DELETE FROM " + table + " RETURNING code");
        EXPECT_EQ(codes.size(), 2u);
        throw std::runtime_error("undo");
    }),
                 std::runtime_error);
    EXPECT_EQ(rows_of<coupon>(db()), 2);
    db().transact([&](unit_of_work& work) {
        EXPECT_EQ(work.query<std::string>("DELETE FROM " + table +
                                          " WHERE code = 'A'"
                                          " RETURNING code"),
                  (std::vector<std::string>{"A"}));
    });
    EXPECT_EQ(rows_of<coupon>(db()), 1);
}

TEST_P(OwnSql, ATrackedRowThatOwnSqlBumpedIsNotWrittenOver)
{
    auto const id = repository<coupon>(db()).find_by<&coupon::code>("A")->id;
    EXPECT_ERRC(db().transact(
                    [&](unit_of_work& work) {
                        auto& tracked = work.load<coupon>(id);
                        work.execute("UPDATE " + work.table<coupon>() +
                                     " SET version = version + 1, total_quantity = 50");
                        tracked.total_quantity += 1;
                    },
                    {.retry = retry_presets::once}),
                errc::stale_version);
    EXPECT_EQ(stored<coupon>(db(), id).total_quantity, 5);
}

TEST_P(OwnSql, TransactionControlIsRefusedAndNothingIsWritten)
{
    for (std::string_view const sql : {"COMMIT",
                                       "commit",
                                       " Commit ",
                                       "\n\tCOMMIT;",
                                       "COMMIT WORK",
                                       "ROLLBACK",
                                       "rollback to x",
                                       "BEGIN",
                                       "BEGIN IMMEDIATE",
                                       "START TRANSACTION",
                                       "END",
                                       "ABORT",
                                       "SAVEPOINT x",
                                       "RELEASE x",
                                       "-- a comment\nCOMMIT",
                                       "/* a comment */ COMMIT",
                                       "/**/--x\n/* y */ROLLBACK",
                                       ";COMMIT",
                                       "; ; COMMIT",
                                       "(COMMIT)",
                                       "",
                                       "  ",
                                       "--",
                                       "/*",
                                       "/* COMMIT",
                                       ";"}) {
        db().transact([&](unit_of_work& work) {
            work.find_by<&coupon::code>("A")->issued_quantity = 1;
            EXPECT_THROW(work.execute(sql), std::invalid_argument) << sql;
            EXPECT_THROW((void)work.query<int>(sql), std::invalid_argument) << sql;
        });
        EXPECT_THROW(db().execute(sql), std::invalid_argument) << sql;
    }
    EXPECT_EQ(repository<coupon>(db()).find_by<&coupon::code>("A")->version, version{2});
}

TEST_P(OwnSql, ASecondStatementInOneTextIsRefusedAndNothingIsWritten)
{
    for (std::string const tail : {"; COMMIT", "; DELETE FROM coupons", ";;SELECT 1"}) {
        EXPECT_ANY_THROW(db().transact([&](unit_of_work& work) {
            work.execute("UPDATE " + work.table<coupon>() + " SET issued_quantity = 9" + tail);
        }));
    }
    EXPECT_FALSE(
        repository<coupon>(db()).select().where(field<&coupon::issued_quantity> == 9).exists());
    EXPECT_EQ(rows_of<coupon>(db()), 2);
}

TEST_P(OwnSql, ManyDifferentTextsDoNotExhaustAnything)
{
    db().transact([](unit_of_work& work) {
        for (int i = 0; i < 1000; ++i)
            EXPECT_EQ(work.query<std::int64_t>("SELECT " + std::to_string(i)),
                      (std::vector<std::int64_t>{i}));
    });
    EXPECT_EQ(rows_of<coupon>(db()), 2);
}

TEST_P(OwnSql, TheDatabasesTimeGoesForward)
{
    auto const [first, second] = db().transact([](unit_of_work& work) {
        auto const one = work.database_time();
        return std::pair{one, work.database_time()};
    });
    EXPECT_LE(first, second);
    EXPECT_GT(first, time_point{std::chrono::hours{24 * 365 * 50}});
}

TIEBREAK_ON_ALL_ENGINES(OwnSql);

class OwnSqlRivals : public OwnSql {
protected:
    void SetUp() override
    {
        OwnSql::SetUp();
        if (HasFatalFailure())
            return;
        id_ = repository<coupon>(db()).find_by<&coupon::code>("A")->id;
        rival_ = std::make_unique<database>(fresh().open());
    }

    void TearDown() override
    {
        rival_.reset();
        OwnSql::TearDown();
    }

    // Writes by own SQL, and sees that a rival neither sees it nor can write over it.
    void write(unit_of_work& work)
    {
        EXPECT_EQ(work.execute("UPDATE " + work.table<coupon>() +
                               " SET total_quantity = 50, version = version + 1 WHERE code = 'A'"),
                  1);
        EXPECT_EQ(stored<coupon>(*rival_, id_).total_quantity, 5);
        EXPECT_FALSE(can_be_written_by_a_rival(fresh(), id_));
    }

    std::int64_t id_ = 0;
    std::unique_ptr<database> rival_;
};

TEST_P(OwnSqlRivals, WhatItWroteIsSeenAfterTheCommitAlone)
{
    db().transact([&](unit_of_work& work) { write(work); });
    EXPECT_EQ(stored<coupon>(*rival_, id_).total_quantity, 50);
    EXPECT_EQ(stored<coupon>(*rival_, id_).version, version{2});
    EXPECT_TRUE(can_be_written_by_a_rival(fresh(), id_));
}

TEST_P(OwnSqlRivals, WhatWasUndoneIsNeverSeenAndFreeAfterwards)
{
    EXPECT_THROW(db().transact([&](unit_of_work& work) {
        write(work);
        throw std::runtime_error("undo");
    }),
                 std::runtime_error);
    EXPECT_ERRC(db().transact([&](unit_of_work& work) {
        write(work);
        work.execute("not SQL at all");
    }),
                errc::backend_failure);
    EXPECT_EQ(stored<coupon>(*rival_, id_).version, version{1});
    EXPECT_TRUE(can_be_written_by_a_rival(fresh(), id_));
    rival_->transact([&](unit_of_work& other) { other.load<coupon>(id_).total_quantity = 8; });
    EXPECT_EQ(stored<coupon>(db(), id_).total_quantity, 8);
}

TIEBREAK_ON_SHARED_ENGINES(OwnSqlRivals);

}  // namespace

}  // namespace tiebreak::test
