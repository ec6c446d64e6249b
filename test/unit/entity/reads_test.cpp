// Own SQL that would end the transaction is known by its first word; results find their members.
#include "entity/reads.hpp"
#include "entity/row.hpp"
#include "unit/entity/entities.hpp"

#include <gtest/gtest.h>

namespace tiebreak::detail {

namespace {

TEST(TransactionControl, IsRefusedHoweverItIsWritten)
{
    for (std::string_view const sql : {"BEGIN",
                                       "begin",
                                       "Start Transaction",
                                       "COMMIT",
                                       "commit;",
                                       "END",
                                       "ROLLBACK TO x",
                                       "ABORT",
                                       "SAVEPOINT a",
                                       "RELEASE a",
                                       "ATTACH 'x' AS y",
                                       "DETACH y",
                                       "\t\r\n COMMIT",
                                       ";COMMIT",
                                       ";;; COMMIT",
                                       "(COMMIT)",
                                       "--\nCOMMIT",
                                       "-- a; b\n-- c\nCOMMIT",
                                       "/**/COMMIT",
                                       "/* -- */COMMIT",
                                       "/* a */ /* b */ -- c\n COMMIT",
                                       "COMMIT/* a */",
                                       "COMMIT--",
                                       "\fCOMMIT",
                                       "\vCOMMIT",
                                       "\xEF\xBB\xBF"
                                       "COMMIT"})
        EXPECT_THROW(refuse_transaction_control(sql), std::invalid_argument) << sql;
}

TEST(TransactionControl, AnEmptyTextIsRefused)
{
    for (std::string_view const sql : {"", " ", ";", "--", "-- COMMIT", "/*", "/**/", "/* COMMIT"})
        EXPECT_THROW(refuse_transaction_control(sql), std::invalid_argument) << sql;
}

TEST(TransactionControl, OtherStatementsPass)
{
    for (std::string_view const sql : {"SELECT 1",
                                       "-- COMMIT\nSELECT 1",
                                       "/* COMMIT */ SELECT 1",
                                       "UPDATE t SET a = 'COMMIT'",
                                       "WITH commit AS (SELECT 1) SELECT 1",
                                       "(SELECT 1)",
                                       "BEGINNING",
                                       "ENDED",
                                       "VALUES (1)",
                                       "INSERT INTO t VALUES (1)",
                                       "PRAGMA user_version"})
        EXPECT_NO_THROW(refuse_transaction_control(sql)) << sql;
}

struct pair_row {
    std::int64_t left = 0;
    std::string right{};
};
BOOST_DESCRIBE_STRUCT(pair_row, (), (left, right))

// As much of a statement as a reader looks at.
struct named_columns {
    std::vector<std::string> names;

    [[nodiscard]] std::size_t column_count() const { return names.size(); }

    [[nodiscard]] std::string_view column_name(std::size_t i) const { return names[i]; }
};

TEST(RowReader, FindsMembersByNameWhateverTheOrder)
{
    named_columns from{{"extra", "right", "left"}};
    row_reader const reader(row_plan_of<pair_row>(), from);
    value const row[] = {value{}, value{std::string_view{"r"}}, value{std::int64_t{5}}};
    pair_row result;
    reader.read(&result, row);
    EXPECT_EQ(result.left, 5);
    EXPECT_EQ(result.right, "r");
}

TEST(RowReader, ReadsASingleColumnWhateverItsName)
{
    named_columns from{{"COUNT(*)"}};
    row_reader const reader(row_plan_of<std::int64_t>(), from);
    value const row[] = {value{std::int64_t{5}}};
    std::int64_t result = 0;
    reader.read(&result, row);
    EXPECT_EQ(result, 5);
}

TEST(RowReader, NamesWhatIsMissingOrDoesNotFit)
{
    auto const message = [](auto const& run) {
        try {
            run();
        } catch (error const& failure) {
            return std::string{failure.what()};
        }
        return std::string{};
    };
    named_columns without{{"left"}};
    EXPECT_NE(message([&] { row_reader(row_plan_of<pair_row>(), without); }).find("right"),
              std::string::npos);
    named_columns two{{"a", "b"}};
    EXPECT_NE(message([&] { row_reader(row_plan_of<int>(), two); }).find("one column"),
              std::string::npos);
    named_columns both{{"left", "right"}};
    row_reader const reader(row_plan_of<pair_row>(), both);
    value const wrong[] = {value{std::string_view{"secret"}}, value{}};
    pair_row result;
    auto const text = message([&] { reader.read(&result, wrong); });
    EXPECT_NE(text.find("left"), std::string::npos);
    EXPECT_EQ(text.find("secret"), std::string::npos);
}

TEST(KeyText, ShowsEveryPartInColumnOrder)
{
    key_of<test::sample::article> const parts{"A title", 3};  // an encoded key borrows its texts
    encoded_key<test::sample::article> const key{parts};
    EXPECT_EQ(key_text(plan_of<test::sample::article>(), key.values.data()), "A title, 3");
    encoded_key<test::sample::author> const one{42};
    EXPECT_EQ(key_text(plan_of<test::sample::author>(), one.values.data()), "42");
}

TEST(Undecodable, NamesTableAndColumnAndWhatIsThereButNotItsContent)
{
    auto const text = [](std::size_t column, value found) {
        try {
            throw_undecodable(plan_of<test::sample::article>(), column, found);
        } catch (error const& failure) {
            EXPECT_EQ(failure.code(), errc::backend_failure);
            return std::string{failure.what()};
        }
    };
    EXPECT_NE(text(5, value{}).find("articles.row \"version\""), std::string::npos);
    EXPECT_NE(text(5, value{}).find("never NULL"), std::string::npos);
    EXPECT_NE(text(1, value{}).find("NULL"), std::string::npos);
    EXPECT_EQ(text(0, value{std::string_view{"secret"}}).find("secret"), std::string::npos);
}

}  // namespace

}  // namespace tiebreak::detail
