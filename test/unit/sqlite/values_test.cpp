// Every kind of value there and back, and what does not fit.
#include "fixture.hpp"

#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

namespace tiebreak::sqlite {
namespace {

class SqliteValue : public testing::Test {
protected:
    SqliteValue() { run(*on_, "CREATE TABLE t(v)"); }

    stored_value there_and_back(value v)
    {
        run(*on_, "DELETE FROM t");
        run(*on_, "INSERT INTO t VALUES(?)", v);
        auto const question = on_->prepare("SELECT v FROM t");
        return stored_value{question->first({})[0]};
    }

    std::unique_ptr<sql::connection> on_ = open({.path = ":memory:"});
};

TEST_F(SqliteValue, IntegersOfAllSizesComeBack)
{
    for (auto const v : {std::numeric_limits<std::int64_t>::min(),
                         std::int64_t{-1},
                         std::int64_t{0},
                         std::int64_t{1},
                         std::int64_t{1} << 40,
                         std::numeric_limits<std::int64_t>::max()}) {
        auto const back = there_and_back(value{v});
        EXPECT_EQ(back.get().kind(), value_kind::integer);
        EXPECT_EQ(back.get().integer(), v);
    }
}

TEST_F(SqliteValue, TruthAndTimeAreIntegers)
{
    EXPECT_EQ(there_and_back(value{true}).get(), value{std::int64_t{1}});
    EXPECT_EQ(there_and_back(value{false}).get(), value{std::int64_t{0}});
    auto const at = time_point{std::chrono::microseconds{1'234'567'890'123'456}};
    EXPECT_EQ(there_and_back(value{at}).get(), value{at});
}

TEST_F(SqliteValue, RealsComeBackBitForBit)
{
    for (double const v : {0.0,
                           -0.5,
                           0.1,
                           1e300,
                           std::numeric_limits<double>::denorm_min(),
                           std::numeric_limits<double>::infinity()})
        EXPECT_EQ(there_and_back(value{v}).get(), value{v}) << v;
}

TEST_F(SqliteValue, NotANumberBecomesNullAsSqliteHasNone)
{
    EXPECT_TRUE(there_and_back(value{std::nan("")}).get().is_null());
}

TEST_F(SqliteValue, TextWithZeroBytesAndOfNoLengthStaysText)
{
    using namespace std::string_view_literals;
    for (auto const v : {""sv, std::string_view{}, "a"sv, "a\0b"sv, "\0"sv, "grün 🎟"sv}) {
        auto const back = there_and_back(value{v});
        EXPECT_EQ(back.get().kind(), value_kind::text);
        EXPECT_EQ(back.get().text(), v);
    }
}

TEST_F(SqliteValue, LongTextComesBack)
{
    std::string const v(3'000'000, 'x');
    EXPECT_EQ(there_and_back(text(v)).get().text(), v);
}

TEST_F(SqliteValue, BytesOfNoLengthAreNotNull)
{
    auto const back = there_and_back(value{std::span<std::byte const>{}});
    EXPECT_EQ(back.get().kind(), value_kind::bytes);
    EXPECT_TRUE(back.get().bytes().empty());
}

TEST_F(SqliteValue, BytesComeBack)
{
    std::vector<std::byte> const v{std::byte{0}, std::byte{255}, std::byte{'\''}};
    EXPECT_EQ(there_and_back(value{std::span{v}}).get(), value{std::span{v}});
}

TEST_F(SqliteValue, NullStaysNull)
{
    EXPECT_TRUE(there_and_back(value{}).get().is_null());
}

TEST_F(SqliteValue, TooLongATextIsRefusedAndTheStatementStaysUsable)
{
    // the limit of one value is 1,000,000,000 bytes; never read, so it need not be there
    std::string_view const huge("x", 1'500'000'000);
    auto const insert = on_->prepare("INSERT INTO t VALUES(?)");
    value const v{huge};
    auto const e = error_of([&] { insert->execute({&v, 1}); });
    EXPECT_EQ(e.code(), errc::backend_failure);
    EXPECT_TRUE(names_code(e, SQLITE_TOOBIG));
    value const small = integer(1);
    EXPECT_EQ(insert->execute({&small, 1}), 1);
    EXPECT_EQ(number(*on_, "SELECT count(*) FROM t"), 1);
}

TEST_F(SqliteValue, TextIsBoundAnewForEachRun)
{
    auto const insert = on_->prepare("INSERT INTO t VALUES(?)");
    for (char const c : {'a', 'b'}) {
        auto const owned = std::make_unique<std::string>(100, c);
        value const v = text(*owned);
        insert->execute({&v, 1});
    }
    EXPECT_EQ(number(*on_, "SELECT count(DISTINCT v) FROM t"), 2);
}

}  // namespace
}  // namespace tiebreak::sqlite
