// The version: of every width, bumped by the library alone, in the statement; it never wraps.
#include <tiebreak/schema.hpp>

#include "support/checks.hpp"
#include "support/engines.hpp"

#include <boost/describe/class.hpp>

#include <limits>

namespace tiebreak::test {

namespace {

struct note16 {
    std::string id{};
    std::string text{};
    version16 version{};
};
BOOST_DESCRIBE_STRUCT(note16, (), (id, text, version))

constexpr auto mapping_of(note16 const*)
{
    return map<note16>("notes16", key<&note16::id>);
}

struct note32 {
    std::string id{};
    std::string text{};
    version32 version{};
};
BOOST_DESCRIBE_STRUCT(note32, (), (id, text, version))

constexpr auto mapping_of(note32 const*)
{
    return map<note32>("notes32", key<&note32::id>);
}

struct note64 {
    std::string id{};
    std::string text{};
    tiebreak::version version{};
};
BOOST_DESCRIBE_STRUCT(note64, (), (id, text, version))

constexpr auto mapping_of(note64 const*)
{
    return map<note64>("notes64", key<&note64::id>);
}

struct timed_note {
    std::string id{};
    std::string text{};
    timestamp_version version{};
};
BOOST_DESCRIBE_STRUCT(timed_note, (), (id, text, version))

constexpr auto mapping_of(timed_note const*)
{
    return map<timed_note>("notes_timed", key<&timed_note::id>);
}

template <class Note>
using version_of = decltype(Note::version);

// Runs a generic check for each width of counter.
template <class F>
void for_each_counter(F const& check)
{
    check.template operator()<note16>();
    check.template operator()<note32>();
    check.template operator()<note64>();
}

class Version : public engine_test {
protected:
    void SetUp() override
    {
        engine_test::SetUp();
        create_table<note16>(db());
        create_table<note32>(db());
        create_table<note64>(db());
        create_table<timed_note>(db());
    }

    template <class Note>
    void add(std::string_view id = "a")
    {
        Note row{.id = std::string{id}, .text = "first"};
        repository<Note>(db()).insert(row);
    }

    // Gives the row a version as only somebody else's program could.
    template <class Note>
    void set_version(std::int64_t number)
    {
        db().execute("UPDATE " + table_of<Note>(db()) + " SET version = " + std::to_string(number));
    }

    template <class Note>
    std::string text()
    {
        return stored<Note>(db(), "a").text;
    }

    template <class Note>
    auto number()
    {
        return stored<Note>(db(), "a").version.value();
    }
};

TEST_P(Version, EveryWriteOfEveryPathBumpsByOne)
{
    for_each_counter([&]<class Note>() {
        add<Note>();
        repository<Note> const notes(db());
        EXPECT_EQ(number<Note>(), 1);
        db().transact([](unit_of_work& work) { work.load<Note>("a").text = "tracked"; });
        EXPECT_EQ(number<Note>(), 2);
        auto saved = stored<Note>(db(), "a");
        notes.save(saved);
        EXPECT_EQ(saved.version.value(), 3);
        EXPECT_EQ(number<Note>(), 3);
        EXPECT_EQ(notes.update_if("a", version_of<Note>{3}, field<& Note::text> = "if"),
                  outcome::won);
        EXPECT_EQ(number<Note>(), 4);
        EXPECT_EQ(notes.update_if("a", field<&Note::text> == "if", field<& Note::text> = "where"),
                  outcome::won);
        EXPECT_EQ(number<Note>(), 5);
        EXPECT_EQ(notes.update_where({}, field<& Note::text> = "all"), 1);
        EXPECT_EQ(number<Note>(), 6);
        db().transact([](unit_of_work& work) {
            work.merge(Note{.id = "a", .text = "merged", .version = version_of<Note>{6}});
        });
        EXPECT_EQ(number<Note>(), 7);
        EXPECT_EQ(text<Note>(), "merged");
    });
}

TEST_P(Version, AStaleVersionIsRefusedOnEveryPathAndTheRowIsUnchanged)
{
    for_each_counter([&]<class Note>() {
        add<Note>();
        set_version<Note>(9);
        repository<Note> const notes(db());
        for (auto const stale : {version_of<Note>{8}, version_of<Note>{10}, version_of<Note>{0}}) {
            Note old{.id = "a", .text = "stale", .version = stale};
            EXPECT_ERRC(notes.save(old), errc::precondition_failed);
            EXPECT_EQ(old.version, stale) << "the caller's object is unchanged";
            EXPECT_ERRC(notes.remove(old), errc::precondition_failed);
            EXPECT_EQ(notes.update_if("a", stale, field<& Note::text> = "stale"), outcome::lost);
            EXPECT_EQ(notes.remove_if("a", stale), outcome::lost);
            EXPECT_ERRC(db().transact([&](unit_of_work& work) { work.merge(Note{old}); }),
                        errc::precondition_failed);
        }
        EXPECT_EQ(text<Note>(), "first");
        EXPECT_EQ(number<Note>(), 9);
    });
}

TEST_P(Version, OfAnOldWidthIsRefusedWhenItDoesNotFit)
{
    add<note16>();
    widen_column<note16>(db(), "version");
    set_version<note16>(40'000);
    auto const failure = error_of([&] { (void)repository<note16>(db()).find("a"); });
    ASSERT_TRUE(failure);
    EXPECT_NE(std::string_view{failure->what()}.find("notes16.version"), std::string_view::npos);
}

TEST_P(Version, WrittenByTheApplicationIsRefusedAndNothingIsWritten)
{
    for_each_counter([&]<class Note>() {
        add<Note>();
        for (int const number : {0, 2, -1, 100}) {
            EXPECT_THROW(db().transact([&](unit_of_work& work) {
                auto& row = work.load<Note>("a");
                row.text = "changed";
                row.version = version_of<Note>(
                    static_cast<typename version_of<Note>::representation>(number));
            }),
                         std::logic_error);
        }
        EXPECT_EQ(text<Note>(), "first");
        EXPECT_EQ(number<Note>(), 1);
    });
    add<timed_note>();
    auto const before = number<timed_note>();
    EXPECT_THROW(db().transact([&](unit_of_work& work) {
        work.load<timed_note>("a").version = timestamp_version{};
    }),
                 std::logic_error);
    EXPECT_EQ(number<timed_note>(), before);
}

TEST_P(Version, TheKeyOfATrackedRowIsNotChangedByTheApplication)
{
    add<note64>();
    EXPECT_THROW(db().transact([&](unit_of_work& work) {
        auto& row = work.load<note64>("a");
        row.text = "changed";
        row.id = "b";
    }),
                 std::logic_error);
    EXPECT_EQ(text<note64>(), "first");
    EXPECT_FALSE(is_stored<note64>(db(), "b"));
}

TEST_P(Version, AtItsMaximumEveryWriteIsRefusedAndNothingWraps)
{
    for_each_counter([&]<class Note>() {
        using number_type = typename version_of<Note>::representation;
        constexpr auto most = std::numeric_limits<number_type>::max();
        add<Note>();
        set_version<Note>(most);
        repository<Note> const notes(db());

        auto row = stored<Note>(db(), "a");
        row.text = "changed";
        EXPECT_ERRC(notes.save(row), errc::version_exhausted);
        EXPECT_EQ(row.version.value(), most);
        EXPECT_ERRC((void)notes.update_if("a", version_of<Note>{most}, field<& Note::text> = "x"),
                    errc::version_exhausted);
        EXPECT_ERRC(
            db().transact([](unit_of_work& work) { work.load<Note>("a").text = "changed"; }),
            errc::version_exhausted);
        EXPECT_ERRC(db().transact([](unit_of_work& work) {
            work.lock(work.load<Note>("a"), lock_mode::optimistic_force_increment);
        }),
                    errc::version_exhausted);
        EXPECT_ERRC(
            (void)notes.update_if("a", field<&Note::text> == "first", field<& Note::text> = "x"),
            errc::version_exhausted);
        EXPECT_ERRC((void)notes.update_where({}, field<& Note::text> = "x"),
                    errc::version_exhausted);
        EXPECT_EQ(text<Note>(), "first");
        EXPECT_EQ(number<Note>(), most);

        EXPECT_EQ(notes.remove_if("a", version_of<Note>{most}), outcome::won);
        EXPECT_FALSE(is_stored<Note>(db(), "a"));
    });
}

TEST_P(Version, OneBelowItsMaximumIsBumpedOnceMore)
{
    for_each_counter([&]<class Note>() {
        using number_type = typename version_of<Note>::representation;
        constexpr auto most = std::numeric_limits<number_type>::max();
        add<Note>();
        set_version<Note>(most - 1);
        db().transact([](unit_of_work& work) { work.load<Note>("a").text = "last"; });
        EXPECT_EQ(number<Note>(), most);
        set_version<Note>(most - 1);
        EXPECT_EQ(repository<Note>(db()).update_where({}, field<& Note::text> = "more"), 1);
        EXPECT_EQ(number<Note>(), most);
        EXPECT_EQ(text<Note>(), "more");
    });
}

TEST_P(Version, OneRowAtItsMaximumStopsTheWholeBulkUpdate)
{
    add<note32>("a");
    set_version<note32>(std::numeric_limits<std::int32_t>::max());
    add<note32>("b");
    EXPECT_ERRC((void)repository<note32>(db()).update_where({}, field<& note32::text> = "x"),
                errc::version_exhausted);
    EXPECT_EQ(stored<note32>(db(), "a").text, "first");
    EXPECT_EQ(stored<note32>(db(), "b").text, "first");
    EXPECT_EQ(stored<note32>(db(), "b").version, version32{1});
}

TEST_P(Version, ATimeGrowsStrictlyWithEveryWriteOfEveryPath)
{
    add<timed_note>();
    repository<timed_note> const notes(db());
    auto last = number<timed_note>();
    auto const expect_grown = [&] {
        auto const now = number<timed_note>();
        EXPECT_GT(now, last);
        last = now;
    };
    for (int i = 0; i < 20; ++i) {
        db().transact([&](unit_of_work& work) {
            work.load<timed_note>("a").text = "tracked" + std::to_string(i);
        });
        expect_grown();
    }
    auto row = stored<timed_note>(db(), "a");
    notes.save(row);
    expect_grown();
    EXPECT_EQ(row.version.value(), last) << "the object holds the version that was chosen";
    notes.save(row);
    expect_grown();
    EXPECT_EQ(notes.update_if("a", row.version, field<& timed_note::text> = "x"), outcome::won);
    expect_grown();
    EXPECT_EQ(notes.update_if("a", row.version, field<& timed_note::text> = "y"), outcome::lost);
    EXPECT_EQ(notes.update_where({}, field<& timed_note::text> = "z"), 1);
    expect_grown();
    EXPECT_EQ(text<timed_note>(), "z");
}

TEST_P(Version, ATimeIsTheDatabasesUnlessTheStoredOneIsLater)
{
    add<timed_note>();
    auto const before = db().transact([](unit_of_work& work) { return work.database_time(); });
    db().transact([](unit_of_work& work) { work.load<timed_note>("a").text = "now"; });
    auto const after = db().transact([](unit_of_work& work) { return work.database_time(); });
    EXPECT_LE(before, number<timed_note>());
    EXPECT_GE(after, number<timed_note>());

    auto const future = after + std::chrono::hours{24};
    auto const sql =
        "UPDATE " + table_of<timed_note>(db()) + " SET version = " + placeholder(db(), 1);
    db().execute(sql, future);
    EXPECT_EQ(number<timed_note>(), future);
    db().transact([](unit_of_work& work) { work.load<timed_note>("a").text = "later"; });
    EXPECT_EQ(number<timed_note>(), future + std::chrono::microseconds{1});
    EXPECT_EQ(repository<timed_note>(db()).update_where({}, field<& timed_note::text> = "last"), 1);
    EXPECT_EQ(number<timed_note>(), future + std::chrono::microseconds{2});
}

TEST_P(Version, ATimeThatIsStaleIsRefusedAndTheRowIsUnchanged)
{
    add<timed_note>();
    auto const old = stored<timed_note>(db(), "a");
    db().transact([](unit_of_work& work) { work.load<timed_note>("a").text = "second"; });
    auto const now = number<timed_note>();
    auto detached = old;
    detached.text = "stale";
    repository<timed_note> const notes(db());
    EXPECT_ERRC(notes.save(detached), errc::precondition_failed);
    EXPECT_EQ(detached.version, old.version);
    EXPECT_ERRC(db().transact([&](unit_of_work& work) { work.merge(timed_note{detached}); }),
                errc::precondition_failed);
    EXPECT_EQ(notes.remove_if("a", old.version), outcome::lost);
    EXPECT_EQ(text<timed_note>(), "second");
    EXPECT_EQ(number<timed_note>(), now);
}

TEST_P(Version, ARowInsertedInAUnitShowsTheVersionTheTableHas)
{
    for_each_counter([&]<class Note>() {
        auto const shown = db().transact([](unit_of_work& work) {
            return work.insert(Note{.id = "a", .version = version_of<Note>{77}}).version;
        });
        EXPECT_EQ(shown, version_of<Note>{1});
        EXPECT_EQ(stored<Note>(db(), "a").version, shown);
    });
    auto const shown = db().transact(
        [](unit_of_work& work) { return work.insert(timed_note{.id = "a"}).version; });
    EXPECT_EQ(stored<timed_note>(db(), "a").version, shown);
    EXPECT_NE(shown, timestamp_version{});
}

TEST_P(Version, SeveralFlushesOfOneUnitBumpEachOnTheLast)
{
    for_each_counter([&]<class Note>() {
        add<Note>();
        db().transact([](unit_of_work& work) {
            auto& row = work.load<Note>("a");
            for (int i = 0; i < 3; ++i) {
                row.text = "flush" + std::to_string(i);
                work.flush();
                EXPECT_EQ(row.version.value(), 2 + i);
            }
        });
        EXPECT_EQ(number<Note>(), 4);
    });
    add<timed_note>();
    db().transact([](unit_of_work& work) {
        auto& row = work.load<timed_note>("a");
        auto const first = row.version;
        row.text = "one";
        work.flush();
        EXPECT_GT(row.version, first);
        row.text = "two";
    });
    EXPECT_EQ(text<timed_note>(), "two");
}

TIEBREAK_ON_ALL_ENGINES(Version);

}  // namespace

}  // namespace tiebreak::test
