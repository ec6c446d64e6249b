// D2: a version is a 16, 32 or 64 bit integer or a timestamp; the library bumps it, in the
// statement that writes the row; the application never does.
#include <tiebreak/schema.hpp>

#include "system_test.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <stdexcept>

namespace tiebreak::test::versions {

struct small {
    std::int64_t id = 0;
    std::string text{};
    version16 version{};
};
BOOST_DESCRIBE_STRUCT(small, (), (id, text, version))

struct middle {
    std::int64_t id = 0;
    std::string text{};
    version32 version{};
};
BOOST_DESCRIBE_STRUCT(middle, (), (id, text, version))

struct large {
    std::int64_t id = 0;
    std::string text{};
    tiebreak::version version{};
};
BOOST_DESCRIBE_STRUCT(large, (), (id, text, version))

struct timed {
    std::int64_t id = 0;
    std::string text{};
    timestamp_version version{};
};
BOOST_DESCRIBE_STRUCT(timed, (), (id, text, version))

constexpr auto mapping_of(small const*)
{
    return map<small>("small", generated_key<&small::id>);
}

constexpr auto mapping_of(middle const*)
{
    return map<middle>("middle", generated_key<&middle::id>);
}

constexpr auto mapping_of(large const*)
{
    return map<large>("large", generated_key<&large::id>);
}

constexpr auto mapping_of(timed const*)
{
    return map<timed>("timed", generated_key<&timed::id>);
}

}  // namespace tiebreak::test::versions

namespace tiebreak::test {

namespace {

using versions::large;
using versions::middle;
using versions::small;
using versions::timed;

class D2 : public engine_test {};

template <class T>
T made(database& in)
{
    create_table<T>(in);
    T row{.text = "a"};
    repository<T>(in).insert(row);
    return row;
}

// Changes the row in both styles; each must raise the version, and an old one must be refused.
template <class T>
void expect_bumped_in_both_styles(database& in)
{
    auto first = made<T>(in);
    auto second = first;
    second.text = "b";
    repository<T>(in).save(second);
    EXPECT_LT(first.version, second.version);
    EXPECT_EQ(repository<T>(in).find(first.id)->version, second.version);

    in.transact([&](unit_of_work& work) { work.load<T>(first.id).text = "c"; });
    auto const third = repository<T>(in).find(first.id);
    EXPECT_LT(second.version, third->version);

    for (auto* const old : {&first, &second}) {
        auto const before = old->version;
        try {
            repository<T>(in).save(*old);
            ADD_FAILURE() << "an old version was saved";
        } catch (error const& refused) {
            EXPECT_EQ(refused.code(), errc::precondition_failed);
        }
        EXPECT_EQ(old->version, before);
    }
    EXPECT_EQ(repository<T>(in).find(first.id)->text, "c");
    EXPECT_EQ(repository<T>(in).find(first.id)->version, third->version);
}

TEST_P(D2, EveryTypeIsBumpedByTheLibraryInBothStyles)
{
    expect_bumped_in_both_styles<small>(db());
    expect_bumped_in_both_styles<middle>(db());
    expect_bumped_in_both_styles<large>(db());
    expect_bumped_in_both_styles<timed>(db());
}

TEST_P(D2, CountersBeginAtOneAndGoUpByOne)
{
    auto row = made<small>(db());
    EXPECT_EQ(row.version, version16{1});
    repository<small>(db()).save(row);
    EXPECT_EQ(row.version, version16{2});
    EXPECT_EQ(repository<small>(db()).find(row.id)->version, version16{2});
}

TEST_P(D2, ATimestampGrowsEvenWhenTheRowIsFromTheFuture)
{
    auto row = made<timed>(db());
    auto const future = row.version.value() + std::chrono::hours{24 * 365};
    db().transact([&](unit_of_work& work) {
        work.execute("UPDATE " + work.table<timed>() +
                         " SET version = " + (db().engine() == "postgresql" ? "$1" : "?"),
                     future);
    });
    row.version = timestamp_version{future};
    repository<timed>(db()).save(row);
    EXPECT_EQ(row.version.value(), future + std::chrono::microseconds{1});
    EXPECT_EQ(repository<timed>(db()).find(row.id)->version, row.version);
}

// Puts the row's version where it is, by own SQL, and tries to write it in both styles.
template <class T>
void expect_exhausted_at(database& in, std::int64_t greatest)
{
    auto const row = made<T>(in);
    in.transact([&](unit_of_work& work) {
        work.execute("UPDATE " + work.table<T>() + " SET version = " + std::to_string(greatest));
    });
    auto current = *repository<T>(in).find(row.id);
    current.text = "b";
    try {
        repository<T>(in).save(current);
        ADD_FAILURE() << "the version went beyond its maximum";
    } catch (error const& refused) {
        EXPECT_EQ(refused.code(), errc::version_exhausted);
    }
    try {
        in.transact([&](unit_of_work& work) { work.load<T>(row.id).text = "b"; });
        ADD_FAILURE() << "the version went beyond its maximum";
    } catch (error const& refused) {
        EXPECT_EQ(refused.code(), errc::version_exhausted);
    }
    EXPECT_EQ(repository<T>(in).find(row.id)->text, "a");
    EXPECT_EQ(repository<T>(in).find(row.id)->version.value(), greatest);
}

TEST_P(D2, AtItsMaximumAVersionIsExhaustedAndNeverWraps)
{
    expect_exhausted_at<small>(db(), std::numeric_limits<std::int16_t>::max());
    expect_exhausted_at<middle>(db(), std::numeric_limits<std::int32_t>::max());
    expect_exhausted_at<large>(db(), std::numeric_limits<std::int64_t>::max());
}

template <class T>
void expect_application_write_refused(database& in, T const& row, decltype(T::version) other)
{
    EXPECT_THROW(in.transact([&](unit_of_work& work) {
        auto& tracked = work.load<T>(row.id);
        tracked.text = "b";
        tracked.version = other;
    }),
                 std::logic_error);
    EXPECT_EQ(repository<T>(in).find(row.id)->text, "a");
    EXPECT_EQ(repository<T>(in).find(row.id)->version, row.version);
}

TEST_P(D2, TheApplicationNeverWritesTheVersion)
{
    expect_application_write_refused(db(), made<small>(db()), version16{7});
    expect_application_write_refused(db(), made<middle>(db()), version32{7});
    expect_application_write_refused(db(), made<large>(db()), version{7});
    expect_application_write_refused(db(), made<timed>(db()), timestamp_version{});
}

TIEBREAK_ON_ALL_ENGINES(D2);

}  // namespace

}  // namespace tiebreak::test
