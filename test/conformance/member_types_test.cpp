// Every type a member may have comes back from the table as it went in, at its extremes too.
#include <tiebreak/schema.hpp>

#include "support/checks.hpp"
#include "support/engines.hpp"

#include <boost/describe/class.hpp>
#include <boost/describe/enum.hpp>

#include <cmath>
#include <limits>

namespace tiebreak::test {

namespace {

enum class colour { red, green, deep_blue };
BOOST_DESCRIBE_ENUM(colour, red, green, deep_blue)

struct everything {
    std::int64_t id = 0;
    bool flag = false;
    std::int8_t i8 = 0;
    std::int16_t i16 = 0;
    std::int32_t i32 = 0;
    std::int64_t i64 = 0;
    std::uint8_t u8 = 0;
    std::uint16_t u16 = 0;
    std::uint32_t u32 = 0;
    std::uint64_t u64 = 0;
    double real = 0;
    std::string text{};
    blob bytes{};
    time_point at{};
    colour paint = colour::red;
};
BOOST_DESCRIBE_STRUCT(
    everything, (), (id, flag, i8, i16, i32, i64, u8, u16, u32, u64, real, text, bytes, at, paint))

constexpr auto mapping_of(everything const*)
{
    return map<everything>("everything", generated_key<&everything::id>);
}

struct perhaps {
    std::int64_t id = 0;
    std::optional<bool> flag{};
    std::optional<std::int16_t> small{};
    std::optional<std::uint64_t> large{};
    std::optional<double> real{};
    std::optional<std::string> text{};
    std::optional<blob> bytes{};
    std::optional<time_point> at{};
    std::optional<colour> paint{};
};
BOOST_DESCRIBE_STRUCT(perhaps, (), (id, flag, small, large, real, text, bytes, at, paint))

constexpr auto mapping_of(perhaps const*)
{
    return map<perhaps>("perhaps", generated_key<&perhaps::id>);
}

blob bytes_of(std::string_view text)
{
    auto const bytes = std::as_bytes(std::span{text});
    return {bytes.begin(), bytes.end()};
}

void expect_same(everything const& a, everything const& b)
{
    EXPECT_EQ(a.id, b.id);
    EXPECT_EQ(a.flag, b.flag);
    EXPECT_EQ(a.i8, b.i8);
    EXPECT_EQ(a.i16, b.i16);
    EXPECT_EQ(a.i32, b.i32);
    EXPECT_EQ(a.i64, b.i64);
    EXPECT_EQ(a.u8, b.u8);
    EXPECT_EQ(a.u16, b.u16);
    EXPECT_EQ(a.u32, b.u32);
    EXPECT_EQ(a.u64, b.u64);
    EXPECT_EQ(a.real, b.real);
    EXPECT_EQ(a.text, b.text);
    EXPECT_EQ(a.bytes, b.bytes);
    EXPECT_EQ(a.at, b.at);
    EXPECT_EQ(a.paint, b.paint);
}

template <class T>
void set_to_limits(T& member, bool highest)
{
    member = highest ? std::numeric_limits<T>::max() : std::numeric_limits<T>::min();
}

class MemberTypes : public engine_test {
protected:
    void SetUp() override
    {
        engine_test::SetUp();
        create_table<everything>(db());
        create_table<perhaps>(db());
    }

    // Through the repository and through a unit of work: what is read is what was written.
    void expect_round_trip(everything row)
    {
        repository<everything>(db()).insert(row);
        expect_same(stored<everything>(db(), row.id), row);
        everything again = row;
        again.id = 0;
        again.id =
            db().transact([&](unit_of_work& work) { return work.insert(everything{again}).id; });
        expect_same(stored<everything>(db(), again.id), again);
        db().transact([&](unit_of_work& work) { expect_same(work.load<everything>(row.id), row); });
    }

    // Changes one member of a tracked row and finds the change in the table.
    template <class V>
    void expect_text_round_trip(V everything::*member, V const& content)
    {
        everything row;
        row.*member = content;
        expect_round_trip(row);
        auto const id =
            db().transact([](unit_of_work& work) { return work.insert(everything{}).id; });
        db().transact([&](unit_of_work& work) { work.load<everything>(id).*member = content; });
        EXPECT_EQ(stored<everything>(db(), id).*member, content);
    }
};

TEST_P(MemberTypes, IntegersKeepTheirLowestAndHighestValues)
{
    for (bool const highest : {false, true}) {
        everything row;
        row.flag = highest;
        set_to_limits(row.i8, highest);
        set_to_limits(row.i16, highest);
        set_to_limits(row.i32, highest);
        set_to_limits(row.i64, highest);
        set_to_limits(row.u8, highest);
        set_to_limits(row.u16, highest);
        set_to_limits(row.u32, highest);
        row.u64 = highest ? std::uint64_t{std::numeric_limits<std::int64_t>::max()} : 0;
        expect_round_trip(row);
    }
    EXPECT_EQ(rows_of<everything>(db()), 4);
}

TEST_P(MemberTypes, AnUnsignedNumberAboveTheSignedMaximumIsRefusedAndNothingIsWritten)
{
    everything row;
    row.u64 = std::uint64_t{1} << 63;
    EXPECT_ERRC(repository<everything>(db()).insert(row), errc::constraint_violated);
    EXPECT_EQ(row.id, 0);
    EXPECT_ERRC(db().transact([&](unit_of_work& work) { work.add(everything{row}); }),
                errc::constraint_violated);
    EXPECT_EQ(rows_of<everything>(db()), 0);

    row.u64 = 7;
    repository<everything>(db()).insert(row);
    EXPECT_ERRC(db().transact([&](unit_of_work& work) {
        work.load<everything>(row.id).u64 = std::numeric_limits<std::uint64_t>::max();
    }),
                errc::constraint_violated);
    EXPECT_EQ(stored<everything>(db(), row.id).u64, 7u);
}

TEST_P(MemberTypes, RealNumbersKeepEveryBitTheEngineCanHold)
{
    using limits = std::numeric_limits<double>;
    for (double const number : {0.0,
                                0.1,
                                -1.5,
                                limits::max(),
                                limits::lowest(),
                                limits::min(),
                                limits::denorm_min(),
                                limits::epsilon(),
                                9007199254740993.0}) {
        everything row;
        row.real = number;
        expect_round_trip(row);
    }
    everything zero;
    zero.real = -0.0;
    expect_round_trip(zero);  // equal to 0.0; engines may drop the sign
}

TEST_P(MemberTypes, InfinityIsKeptOrRefusedButNeverChanged)
{
    for (double const number :
         {std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity()}) {
        everything row;
        row.real = number;
        auto const before = rows_of<everything>(db());
        try {
            repository<everything>(db()).insert(row);
            EXPECT_EQ(stored<everything>(db(), row.id).real, number);
        } catch (error const& refused) {
            EXPECT_EQ(name_of(refused.code()), name_of(errc::constraint_violated));
            EXPECT_EQ(rows_of<everything>(db()), before);
        }
    }
}

TEST_P(MemberTypes, NotANumberIsRefusedAndNothingIsWritten)
{
    auto const nan = std::numeric_limits<double>::quiet_NaN();
    everything row;
    row.real = nan;
    EXPECT_ERRC(repository<everything>(db()).insert(row), errc::constraint_violated);
    perhaps optional;
    optional.real = nan;
    EXPECT_ERRC(repository<perhaps>(db()).insert(optional), errc::constraint_violated);
    optional.real = 1.5;
    repository<perhaps>(db()).insert(optional);
    EXPECT_ERRC(
        db().transact([&](unit_of_work& work) { work.load<perhaps>(optional.id).real = nan; }),
        errc::constraint_violated);
    EXPECT_EQ(rows_of<everything>(db()), 0);
    EXPECT_EQ(stored<perhaps>(db(), optional.id).real, 1.5);
}

TEST_P(MemberTypes, TextKeepsEveryByte)
{
    std::string every_byte;
    for (int c = 1; c < 128; ++c)
        every_byte += static_cast<char>(c);
    for (std::string const& text : {std::string{},
                                    std::string{"ä€𝄞 “quoted” 'single'"},
                                    every_byte,
                                    std::string(1 << 20, 'x'),
                                    std::string{"'; DROP TABLE everything; --"}})
        expect_text_round_trip(&everything::text, text);
}

TEST_P(MemberTypes, TextWithNulBytesIsKeptOrRefusedButNeverCut)
{
    everything row;
    row.text = std::string{"before\0after\0", 13};
    try {
        repository<everything>(db()).insert(row);
        EXPECT_EQ(stored<everything>(db(), row.id).text, row.text);
    } catch (error const&) {
        EXPECT_EQ(rows_of<everything>(db()), 0);
    }
}

TEST_P(MemberTypes, BlobsKeepEveryByteAndTheirLength)
{
    blob every_byte;
    for (int c = 0; c < 256; ++c)
        every_byte.push_back(static_cast<std::byte>(c));
    for (blob const& bytes : {blob{},
                              every_byte,
                              blob(1 << 20, std::byte{0xFF}),
                              blob(3, std::byte{0}),
                              bytes_of("text")})
        expect_text_round_trip(&everything::bytes, bytes);
}

TEST_P(MemberTypes, TimesKeepMicrosecondsAlsoBefore1970)
{
    using namespace std::chrono;
    for (auto const us : {std::int64_t{0},
                          std::int64_t{-1},
                          std::int64_t{1'700'000'000'123'456},
                          std::int64_t{-2'208'988'799'999'999},
                          std::int64_t{253'402'300'799'999'999}})
        expect_text_round_trip(&everything::at, time_point{microseconds{us}});
}

TEST_P(MemberTypes, EnumsAreStoredByName)
{
    everything row;
    row.paint = colour::deep_blue;
    expect_round_trip(row);
    auto const names = db().transact([](unit_of_work& work) {
        return work.query<std::string>("SELECT paint FROM " + work.table<everything>());
    });
    EXPECT_EQ(names, (std::vector<std::string>{"deep_blue", "deep_blue"}));
}

TEST_P(MemberTypes, AnEnumeratorWithoutANameIsRefusedAndNothingIsWritten)
{
    everything row;
    row.paint = static_cast<colour>(77);
    EXPECT_THROW(repository<everything>(db()).insert(row), std::logic_error);
    EXPECT_EQ(rows_of<everything>(db()), 0);
}

TEST_P(MemberTypes, AbsentMembersAreNullAndPresentOnesAreKept)
{
    perhaps absent;
    repository<perhaps>(db()).insert(absent);
    perhaps present{.flag = false,
                    .small = std::int16_t{0},
                    .large = 0,
                    .real = 0.0,
                    .text = "",
                    .bytes = blob{},
                    .at = time_point{},
                    .paint = colour::red};
    repository<perhaps>(db()).insert(present);

    auto const without = stored<perhaps>(db(), absent.id);
    EXPECT_FALSE(without.flag || without.small || without.large || without.real || without.text ||
                 without.bytes || without.at || without.paint);
    auto const with = stored<perhaps>(db(), present.id);
    EXPECT_EQ(with.flag, false);
    EXPECT_EQ(with.small, 0);
    EXPECT_EQ(with.large, 0u);
    EXPECT_EQ(with.real, 0.0);
    EXPECT_EQ(with.text, "");
    EXPECT_EQ(with.bytes, blob{});
    EXPECT_EQ(with.at, time_point{});
    EXPECT_EQ(with.paint, colour::red);
}

TEST_P(MemberTypes, ATrackedMemberGoesFromAbsentToEmptyAndBack)
{
    perhaps row;
    repository<perhaps>(db()).insert(row);
    db().transact([&](unit_of_work& work) { work.load<perhaps>(row.id).text = ""; });
    EXPECT_EQ(stored<perhaps>(db(), row.id).text, "");
    db().transact([&](unit_of_work& work) { work.load<perhaps>(row.id).text.reset(); });
    EXPECT_EQ(stored<perhaps>(db(), row.id).text, std::nullopt);
}

TIEBREAK_ON_ALL_ENGINES(MemberTypes);

}  // namespace

}  // namespace tiebreak::test
