// What a mapping says of a table: names, keys, references, first versions, unversioned members.
#include "support/checks.hpp"
#include "support/engines.hpp"
#include "support/shop.hpp"

namespace tiebreak::test {

namespace {

// Renamed columns, some of them words of SQL; a member that is not stored.
struct renamed {
    std::int64_t id = 0;
    std::string order{};
    std::int64_t group = 0;
    std::int64_t scratch = 42;
    tiebreak::version version{};
};
BOOST_DESCRIBE_STRUCT(renamed, (), (id, order, group, scratch, version))

constexpr auto mapping_of(renamed const*)
{
    return map<renamed>("select",
                        generated_key<&renamed::id>,
                        column<&renamed::id>("the id"),
                        column<&renamed::order>("order"),
                        column<&renamed::version>("from"),
                        ignored<&renamed::scratch>);
}

// A composite key whose parts are declared in another order than the members stand.
struct seat {
    std::string note{};
    std::int64_t row = 0;
    std::string hall{};
    tiebreak::version version{};
};
BOOST_DESCRIBE_STRUCT(seat, (), (note, row, hall, version))

constexpr auto mapping_of(seat const*)
{
    return map<seat>("seats", key<&seat::hall, &seat::row>);
}

enum class season { spring, summer, autumn };
BOOST_DESCRIBE_ENUM(season, spring, summer, autumn)

struct forecast {
    season when = season::spring;
    std::int64_t degrees = 0;
    tiebreak::version version{};
};
BOOST_DESCRIBE_STRUCT(forecast, (), (when, degrees, version))

constexpr auto mapping_of(forecast const*)
{
    return map<forecast>("forecasts", key<&forecast::when>);
}

struct numbered_from_zero {
    std::string id{};
    std::int64_t n = 0;
    tiebreak::version version{};
};
BOOST_DESCRIBE_STRUCT(numbered_from_zero, (), (id, n, version))

constexpr auto mapping_of(numbered_from_zero const*)
{
    return map<numbered_from_zero>("from_zero", key<&numbered_from_zero::id>, first_version<0>);
}

struct numbered_below_zero {
    std::string id{};
    std::int64_t n = 0;
    version16 version{};
};
BOOST_DESCRIBE_STRUCT(numbered_below_zero, (), (id, n, version))

constexpr auto mapping_of(numbered_below_zero const*)
{
    return map<numbered_below_zero>(
        "below_zero", key<&numbered_below_zero::id>, first_version<-32768>);
}

struct worker {
    std::string id{};
    std::string task{};
    std::int64_t beats = 0;
    tiebreak::version version{};
};
BOOST_DESCRIBE_STRUCT(worker, (), (id, task, beats, version))

constexpr auto mapping_of(worker const*)
{
    return map<worker>("workers", key<&worker::id>, unversioned<&worker::beats>);
}

class Mapping : public engine_test {};

TEST_P(Mapping, ColumnsAndTablesKeepTheNamesTheMappingGivesThem)
{
    create_table<renamed>(db());
    renamed row{.order = "one", .group = 2, .scratch = 7};
    repository<renamed>(db()).insert(row);
    EXPECT_EQ(row.scratch, 7);

    auto const found = stored<renamed>(db(), row.id);
    EXPECT_EQ(found.order, "one");
    EXPECT_EQ(found.group, 2);
    EXPECT_EQ(found.scratch, 42) << "a member that is not stored keeps its initialiser";
    EXPECT_EQ(found.version, version{1});

    db().transact([&](unit_of_work& work) {
        auto* tracked = work.select<renamed>()
                            .where(field<&renamed::order> == "one" && field<&renamed::group> == 2)
                            .order_by(field<&renamed::order>.descending())
                            .first();
        ASSERT_NE(tracked, nullptr);
        tracked->scratch = 8;
        tracked->order = "two";
    });
    EXPECT_EQ(stored<renamed>(db(), row.id).order, "two");
    EXPECT_EQ(stored<renamed>(db(), row.id).version, version{2});
}

TEST_P(Mapping, AChangeOfAnIgnoredMemberWritesNothing)
{
    create_table<renamed>(db());
    renamed row{.order = "one"};
    repository<renamed>(db()).insert(row);
    db().transact([&](unit_of_work& work) { work.load<renamed>(row.id).scratch = 1; });
    EXPECT_EQ(stored<renamed>(db(), row.id).version, version{1});
}

TEST_P(Mapping, APrefixStandsBeforeEveryTable)
{
    auto const opened = [&](std::string prefix) {
        return fresh().open({}, "table_prefix=" + db().table_prefix() + prefix);
    };
    TIEBREAK_NEEDS(capability::several_processes);
    auto one = opened("a_");
    auto two = opened("b_");
    for (auto* each : {&one, &two})
        create_shop(*each);
    auto const in_one = add_coupon(one, "SAME", 1);
    auto const in_two = add_coupon(two, "SAME", 2);
    one.transact([&](unit_of_work& work) {
        work.add(coupon_issue{.coupon_id = in_one.id, .member_id = 1});
        work.load<coupon>(in_one.id).issued_quantity = 1;
    });
    EXPECT_EQ(rows_of<coupon_issue>(one), 1);
    EXPECT_EQ(rows_of<coupon_issue>(two), 0);
    EXPECT_EQ(stored<coupon>(two, in_two.id).issued_quantity, 0);
    EXPECT_EQ(stored<coupon>(two, in_two.id).total_quantity, 2);

    auto const lost = repository<coupon>(one).explain(in_one.id, version{1});
    EXPECT_EQ(lost.table, one.table_prefix() + "coupons");
}

TEST_P(Mapping, CompositeKeysAreGivenInTheOrderDeclared)
{
    create_table<seat>(db());
    for (auto const* hall : {"blue", "red"})
        for (std::int64_t row = 1; row <= 2; ++row) {
            seat one{.note = std::string{hall} + std::to_string(row), .row = row, .hall = hall};
            repository<seat>(db()).insert(one);
        }
    EXPECT_EQ(stored<seat>(db(), {"red", 2}).note, "red2");
    db().transact([&](unit_of_work& work) {
        auto& found = work.load<seat>({"blue", 2});
        EXPECT_EQ(&found, work.find<seat>({"blue", 2}));
        EXPECT_NE(&found, work.find<seat>({"blue", 1}));
        found.note = "taken";
        work.remove(work.load<seat>({"red", 1}));
    });
    EXPECT_EQ(stored<seat>(db(), {"blue", 2}).note, "taken");
    EXPECT_EQ(stored<seat>(db(), {"blue", 1}).note, "blue1");
    EXPECT_EQ(stored<seat>(db(), {"red", 2}).version, version{1});
    EXPECT_FALSE(is_stored<seat>(db(), {"red", 1}));

    seat again{.row = 2, .hall = "red"};
    EXPECT_ERRC(repository<seat>(db()).insert(again), errc::already_exists);
    EXPECT_EQ(repository<seat>(db()).update_if({"red", 2}, version{1}, field<& seat::note> = "x"),
              outcome::won);
    EXPECT_EQ(stored<seat>(db(), {"red", 2}).note, "x");
    EXPECT_EQ(stored<seat>(db(), {"blue", 2}).note, "taken");
}

TEST_P(Mapping, TextAndEnumsCanBeKeys)
{
    create_table<forecast>(db());
    create_table<setting>(db());
    db().transact([](unit_of_work& work) {
        work.add(forecast{.when = season::autumn, .degrees = 9});
        work.add(forecast{.when = season::summer, .degrees = 30});
        work.add(setting{.name = "naïve 'key'", .value = "one"});
        work.add(setting{.name = "", .value = "the empty key"});
    });
    db().transact([](unit_of_work& work) {
        work.load<forecast>(season::summer).degrees += 1;
        work.load<setting>("").value = "changed";
        EXPECT_EQ(work.find<forecast>(season::spring), nullptr);
    });
    EXPECT_EQ(stored<forecast>(db(), season::summer).degrees, 31);
    EXPECT_EQ(stored<forecast>(db(), season::summer).version, version{2});
    EXPECT_EQ(stored<forecast>(db(), season::autumn).version, version{1});
    EXPECT_EQ(stored<setting>(db(), "").value, "changed");
    EXPECT_EQ(stored<setting>(db(), "naïve 'key'").value, "one");
}

TEST_P(Mapping, AReferenceToNobodyIsRefusedAndNothingIsWritten)
{
    create_shop(db());
    coupon_issue row{.coupon_id = 77, .member_id = 1};
    EXPECT_ERRC(repository<coupon_issue>(db()).insert(row), errc::constraint_violated);
    EXPECT_ERRC(db().transact([&](unit_of_work& work) {
        work.add(coupon{.code = "GOES TOO"});
        work.add(coupon_issue{row});
    }),
                errc::constraint_violated);
    EXPECT_EQ(rows_of<coupon_issue>(db()), 0);
    EXPECT_EQ(rows_of<coupon>(db()), 0);
}

TEST_P(Mapping, ARowThatOthersReferToIsNotRemoved)
{
    create_shop(db());
    auto row = add_coupon(db(), "USED", 5);
    coupon_issue issue{.coupon_id = row.id, .member_id = 1};
    repository<coupon_issue>(db()).insert(issue);
    EXPECT_ERRC(repository<coupon>(db()).remove(row), errc::constraint_violated);
    EXPECT_ERRC(db().transact([&](unit_of_work& work) { work.remove(work.load<coupon>(row.id)); }),
                errc::constraint_violated);
    EXPECT_EQ(stored<coupon>(db(), row.id).version, row.version);
}

TEST_P(Mapping, MembersUniqueTogetherMayRepeatAlone)
{
    create_shop(db());
    auto const a = add_coupon(db(), "A", 5);
    auto const b = add_coupon(db(), "B", 5);
    repository<coupon_issue> const issues(db());
    for (auto [c, m] : {std::pair{a.id, 1}, {a.id, 2}, {b.id, 1}}) {
        coupon_issue row{.coupon_id = c, .member_id = m};
        issues.insert(row);
    }
    coupon_issue again{.coupon_id = b.id, .member_id = 1};
    EXPECT_ERRC(issues.insert(again), errc::already_exists);
    EXPECT_EQ(again.id, 0);
    EXPECT_EQ(rows_of<coupon_issue>(db()), 3);
}

TEST_P(Mapping, TheFirstVersionIsTheMappingsAndZeroIsAVersion)
{
    create_table<numbered_from_zero>(db());
    repository<numbered_from_zero> const rows(db());
    numbered_from_zero row{.id = "a"};
    rows.insert(row);
    EXPECT_EQ(row.version, version{0});
    EXPECT_EQ(stored<numbered_from_zero>(db(), "a").version, version{0});
    EXPECT_EQ(rows.update_if("a", version{1}, field<& numbered_from_zero::n> = 5), outcome::lost);
    EXPECT_EQ(rows.update_if("a", version{0}, field<& numbered_from_zero::n> = 6), outcome::won);
    EXPECT_EQ(rows.update_if("a", version{0}, field<& numbered_from_zero::n> = 7), outcome::lost);
    EXPECT_EQ(stored<numbered_from_zero>(db(), "a").version, version{1});
    EXPECT_EQ(stored<numbered_from_zero>(db(), "a").n, 6);

    row.n = 9;  // still based on version 0
    EXPECT_ERRC(rows.save(row), errc::precondition_failed);
    EXPECT_EQ(row.version, version{0});

    auto const added = db().transact([](unit_of_work& work) {
        auto& b = work.add(numbered_from_zero{.id = "b", .version = version{55}});
        work.flush();
        return b.version;
    });
    EXPECT_EQ(added, version{0}) << "the library alone sets versions, the first one too";
    EXPECT_EQ(stored<numbered_from_zero>(db(), "b").version, version{0});
}

TEST_P(Mapping, ANegativeFirstVersionCountsUpThroughZero)
{
    create_table<numbered_below_zero>(db());
    numbered_below_zero row{.id = "a"};
    repository<numbered_below_zero>(db()).insert(row);
    EXPECT_EQ(row.version, version16{-32768});
    repository<numbered_below_zero>(db()).save(row);
    EXPECT_EQ(stored<numbered_below_zero>(db(), "a").version, version16{-32767});
}

TEST_P(Mapping, UnversionedMembersAreCheckedButDoNotBump)
{
    create_table<worker>(db());
    worker row{.id = "w"};
    repository<worker> const workers(db());
    workers.insert(row);
    db().transact([](unit_of_work& work) { work.load<worker>("w").beats = 1; });
    EXPECT_EQ(workers.update_if("w", version{1}, field<& worker::beats> = 2), outcome::won);
    EXPECT_EQ(workers.update_where({}, field<& worker::beats> += 1), 1);
    EXPECT_EQ(stored<worker>(db(), "w").beats, 3);
    EXPECT_EQ(stored<worker>(db(), "w").version, version{1});
    EXPECT_EQ(workers.update_if("w", version{2}, field<& worker::beats> = 9), outcome::lost);

    // together with a versioned member the version is bumped
    EXPECT_EQ(
        workers.update_if("w", version{1}, field<& worker::beats> = 4, field<& worker::task> = "t"),
        outcome::won);
    db().transact([](unit_of_work& work) {
        auto& one = work.load<worker>("w");
        one.beats = 5;
        one.task = "u";
    });
    EXPECT_EQ(stored<worker>(db(), "w").beats, 5);
    EXPECT_EQ(stored<worker>(db(), "w").version, version{3});
}

TEST_P(Mapping, TablesAreMadeOnceAndMakingThemAgainKeepsTheRows)
{
    create_shop(db());
    auto const row = add_coupon(db(), "KEPT", 5);
    create_shop(db());
    EXPECT_EQ(stored<coupon>(db(), row.id).code, "KEPT");
}

TEST_P(Mapping, GeneratedKeysOfRemovedRowsAreNotGivenAgain)
{
    create_shop(db());
    auto const first = add_coupon(db(), "A", 1);
    repository<coupon>(db()).remove(first);
    EXPECT_GT(add_coupon(db(), "B", 1).id, first.id);
}

TIEBREAK_ON_ALL_ENGINES(Mapping);

}  // namespace

}  // namespace tiebreak::test
