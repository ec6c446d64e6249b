// What an error says: what() is safe to show anybody, whatever the data; the log holds no content.
#include "support/captured_log.hpp"
#include "support/checks.hpp"
#include "support/engines.hpp"
#include "support/shop.hpp"

namespace tiebreak::test {

namespace {

constexpr std::string_view secret = "hunter2-4711";

class ErrorText : public engine_test {
protected:
    void SetUp() override
    {
        engine_test::SetUp();
        create_shop(db());
    }

    // The error has this code, and neither it nor what it wraps shows data or SQL.
    void expect_discreet(errc expected, std::function<void()> const& run)
    {
        auto const thrown = error_of(run);
        ASSERT_TRUE(thrown);
        EXPECT_EQ(name_of(thrown->code()), name_of(expected));
        for (auto const* one = &*thrown; one != nullptr; one = one->last()) {
            std::string_view const what = one->what();
            EXPECT_FALSE(what.empty());
            for (std::string_view const word : {secret,
                                                std::string_view{"SELECT"},
                                                std::string_view{"INSERT"},
                                                std::string_view{"UPDATE"},
                                                std::string_view{"DELETE"}})
                EXPECT_EQ(what.find(word), what.npos) << what;
        }
    }

    captured_log log_{log_level::debug};
};

TEST_P(ErrorText, OfATakenValueDoesNotShowTheValue)
{
    add_coupon(db(), secret, 5);
    expect_discreet(errc::already_exists, [&] { add_coupon(db(), secret, 5); });
    expect_discreet(errc::already_exists, [&] {
        db().transact([](unit_of_work& work) { work.add(coupon{.code = std::string{secret}}); });
    });
    EXPECT_EQ(rows_of<coupon>(db()), 1);
    EXPECT_FALSE(log_.mentions(secret));
}

TEST_P(ErrorText, OfWrongSqlDoesNotShowTheSql)
{
    expect_discreet(errc::backend_failure, [&] {
        db().execute("INSERT INTO nowhere (x) VALUES ('" + std::string{secret} + "')");
    });
    expect_discreet(errc::backend_failure, [&] {
        db().transact([](unit_of_work& work) {
            (void)work.query<int>("SELECT '" + std::string{secret} + "' FROM");
        });
    });
    EXPECT_FALSE(log_.mentions(secret));
}

TEST_P(ErrorText, OfARowThatIsGoneDoesNotShowItsKey)
{
    std::string const name{secret};
    expect_discreet(errc::not_found, [&] {
        db().transact([&](unit_of_work& work) { (void)work.load<setting>(name); });
    });
    expect_discreet(errc::not_found, [&] {
        db().transact([&](unit_of_work& work) { work.merge(setting{.name = name}); });
    });
    setting row{.name = name};
    expect_discreet(errc::not_found, [&] { repository<setting>(db()).save(row); });
    expect_discreet(errc::not_found, [&] { repository<setting>(db()).remove(row); });
    EXPECT_EQ(rows_of<setting>(db()), 0);
}

TEST_P(ErrorText, OfAConflictNamesTheEntityButNeitherKeyNorContent)
{
    auto row = add_book(db(), secret);
    row.version = version{9};
    expect_discreet(errc::precondition_failed, [&] { repository<book>(db()).save(row); });
    expect_discreet(errc::precondition_failed,
                    [&] { db().transact([&](unit_of_work& work) { work.merge(book{row}); }); });
    auto const thrown = error_of([&] { repository<book>(db()).remove(row); });
    ASSERT_TRUE(thrown);
    EXPECT_NE(std::string_view{thrown->what()}.find("book"), std::string_view::npos);
    EXPECT_FALSE(log_.mentions(secret));
    EXPECT_EQ(stored<book>(db(), row.id).version, version{1});
}

TEST_P(ErrorText, OfExhaustedAttemptsDoesNotShowWhatItWraps)
{
    expect_discreet(errc::attempts_exhausted, [&] {
        db().transact(
            [](unit_of_work&) {
                throw error(errc::stale_version,
                            conflict{.entity = "setting", .key = std::string{secret}});
            },
            {.retry = retry_policy{.attempts_max = 2, .base = std::chrono::microseconds{0}}});
    });
}

TEST_P(ErrorText, BoundParametersNeverReachTheLog)
{
    db().transact([&](unit_of_work& work) {
        work.add(setting{.name = "n", .value = std::string{secret}});
        work.flush();
        (void)work.query<std::string>("SELECT name FROM " + work.table<setting>() +
                                          " WHERE value = " + placeholder(db(), 1),
                                      secret);
    });
    EXPECT_EQ(repository<setting>(db()).update_if("n",
                                                  field<&setting::value> == "other",
                                                  field<& setting::value> = std::string{secret}),
              outcome::lost);
    EXPECT_EQ(log_.records("lost").size(), 1u);
    EXPECT_FALSE(log_.mentions(secret));
    EXPECT_EQ(stored<setting>(db(), "n").value, secret);
}

TIEBREAK_ON_ALL_ENGINES(ErrorText);

}  // namespace

}  // namespace tiebreak::test
