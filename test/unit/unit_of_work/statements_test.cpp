// Which statements a unit of work sends, how many, and in which order.
#include <tiebreak/schema.hpp>

#include "support/captured_log.hpp"
#include "unit/entity/entities.hpp"
#include "unit/unit_of_work/recorded_database.hpp"

#include <gtest/gtest.h>

namespace tiebreak::test {

namespace {

using sample::article;
using sample::author;
using sample::event;
using sample::note;

class Statements : public testing::Test {
protected:
    void SetUp() override
    {
        create_table<author>(db);
        create_table<article>(db);
        create_table<event>(db);
        create_table<note>(db);
        db.transact([](unit_of_work& work) {
            for (auto const* name : {"a", "b", "c", "d"}) {
                auto const id = work.insert(author{.name = name}).id;
                work.add(article{.title = name, .edition = 1, .author_id = id});
                work.add(note{.name = name});
                work.add(event{.name = name});
            }
        });
        recorded.forget();
    }

    // What a unit sends, without BEGIN and COMMIT, which are checked to stand around it.
    template <class F>
    statements unit(F const& run)
    {
        db.transact(run);
        auto all = recorded.sent();
        if (all.empty())
            return all;
        EXPECT_EQ(all.front(), "BEGIN");
        EXPECT_EQ(all.back(), "COMMIT");
        return {all.begin() + 1, all.end() - 1};
    }

    captured_log log;
    recorded_database recorded;
    database& db = recorded.db;
};

TEST_F(Statements, AUnitThatDoesNothingSendsNothing)
{
    db.transact([](unit_of_work&) {});
    EXPECT_EQ(recorded.sent(), statements{});
    db.transact([](unit_of_work& work) {
        work.flush();
        work.flush();
    });
    EXPECT_LE(recorded.sent().size(), 2u);
}

TEST_F(Statements, FindChangeCommitIsOneSelectAndOneUpdate)
{
    EXPECT_EQ(unit([](unit_of_work& work) { work.load<author>(1).name = "x"; }),
              (statements{"SELECT authors", "UPDATE authors"}));
}

TEST_F(Statements, ALoadedRowIsNotReadAgain)
{
    EXPECT_EQ(unit([](unit_of_work& work) {
                  (void)work.find<author>(1);
                  (void)work.find<author>(1);
                  (void)work.load<author>(1);
              }),
              (statements{"SELECT authors"}));
}

TEST_F(Statements, NothingChangedIsNoStatement)
{
    EXPECT_EQ(unit([](unit_of_work& work) {
                  auto& row = work.load<author>(1);
                  row.name += "x";
                  row.name.pop_back();
                  work.flush();
              }),
              (statements{"SELECT authors"}));
}

TEST_F(Statements, AnUpdateNamesTheChangedColumnsOnly)
{
    db.transact([](unit_of_work& work) {
        auto& row = work.load<article>({"a", 1});
        row.price = 2.5;
    });
    auto const sent = recorded.sent_in_full();
    ASSERT_EQ(sent.size(), 4u);
    EXPECT_EQ(sent[2],
              R"(UPDATE "articles" SET "price" = ?1, "row ""version""" = "row ""version""" + 1)"
              R"( WHERE "title" = ?2 AND "edition" = ?3 AND "row ""version""" = ?4)");
}

TEST_F(Statements, AChangeThatIsFlushedIsOneStatementWhateverFollows)
{
    EXPECT_EQ(unit([](unit_of_work& work) {
                  work.load<author>(1).name = "x";
                  work.flush();
                  work.flush();
                  (void)work.select<author>().count();
              }),
              (statements{"SELECT authors", "UPDATE authors", "SELECT authors"}));
}

TEST_F(Statements, QueriesFlushTheirOwnEntityOnly)
{
    EXPECT_EQ(unit([](unit_of_work& work) {
                  work.load<author>(1).name = "x";
                  (void)work.select<note>().count();
                  (void)work.find_by<&author::name>("b");
              }),
              (statements{"SELECT authors", "SELECT notes", "UPDATE authors", "SELECT authors"}));
}

TEST_F(Statements, UpdatesGoByTableAndKeyWhateverTheOrderOfTheChanges)
{
    db.transact([](unit_of_work& work) {
        work.load<note>("b").text = "1";
        work.load<author>(3).name = "x";
        work.load<note>("a").text = "2";
        work.load<author>(1).name = "y";
        work.load<article>({"c", 1}).price = 3;
        work.load<author>(2).name = "z";
    });
    auto const sent = recorded.sent();
    EXPECT_EQ((statements{sent.begin() + 7, sent.end()}),
              (statements{"UPDATE articles",
                          "UPDATE authors",
                          "UPDATE authors",
                          "UPDATE authors",
                          "UPDATE notes",
                          "UPDATE notes",
                          "COMMIT"}));
}

TEST_F(Statements, CheckedWritesThenInsertsThenDeletes)
{
    EXPECT_EQ(unit([](unit_of_work& work) {
                  work.remove(work.load<note>("a"));
                  work.add(event{.name = "new"});
                  work.add(author{.name = "new"});
                  work.load<note>("b").text = "changed";
                  work.load<author>(1).name = "changed";
              }),
              (statements{"SELECT notes",
                          "SELECT notes",
                          "SELECT authors",
                          "UPDATE authors",
                          "UPDATE notes",
                          "INSERT events",
                          "INSERT authors",
                          "DELETE notes"}));
}

TEST_F(Statements, InsertFlushesTheCheckedRowsFirst)
{
    EXPECT_EQ(unit([](unit_of_work& work) {
                  auto& row = work.load<author>(1);
                  row.name = "changed";
                  work.insert(article{.title = "t", .author_id = row.id});
              }),
              (statements{"SELECT authors", "UPDATE authors", "INSERT articles"}));
}

TEST_F(Statements, UpdatesComeBeforeInsertsAlsoWhereARowRefersToAnother)
{
    EXPECT_EQ(unit([](unit_of_work& work) {
                  work.load<article>({"a", 1}).price = 1;
                  work.add(author{.name = "new"});
                  work.load<article>({"b", 1}).author_id = 3;
              }),
              (statements{"SELECT articles",
                          "SELECT articles",
                          "UPDATE articles",
                          "UPDATE articles",
                          "INSERT authors"}));
}

TEST_F(Statements, AnOptimisticLockIsOneReadInTheFlushInItsPlace)
{
    EXPECT_EQ(unit([](unit_of_work& work) {
                  work.load<note>("a").text = "x";
                  work.lock(work.load<author>(1), lock_mode::optimistic);
                  work.load<article>({"a", 1}).price = 3;
              }),
              (statements{"SELECT notes",
                          "SELECT authors",
                          "SELECT articles",
                          "UPDATE articles",
                          "SELECT authors",
                          "UPDATE notes"}));
}

TEST_F(Statements, ALockedRowThatIsChangedIsCheckedByItsUpdateAlone)
{
    for (auto const mode : {lock_mode::optimistic, lock_mode::optimistic_force_increment})
        EXPECT_EQ(unit([&](unit_of_work& work) {
                      auto& row = work.load<author>(1);
                      work.lock(row, mode);
                      row.name += "x";
                  }),
                  (statements{"SELECT authors", "UPDATE authors"}));
}

TEST_F(Statements, ATimestampVersionCostsOneMoreStatementExceptAtTheCommit)
{
    EXPECT_EQ(unit([](unit_of_work& work) { work.load<event>("a").done = true; }),
              (statements{"SELECT events", "UPDATE events"}));
    EXPECT_EQ(unit([](unit_of_work& work) {
                  work.load<event>("b").done = true;
                  work.flush();
              }),
              (statements{"SELECT events", "UPDATE events", "SELECT events"}));
}

TEST_F(Statements, ARepositoryOnTheDatabaseSendsOneStatement)
{
    repository<author> const authors(db);
    author row{.name = "x"};
    authors.insert(row);
    EXPECT_EQ(recorded.sent(), (statements{"INSERT authors"}));
    (void)authors.find(row.id);
    EXPECT_EQ(recorded.sent(), (statements{"SELECT authors"}));
    (void)authors.find_by<&author::name>("x");
    EXPECT_EQ(recorded.sent(), (statements{"SELECT authors"}));
    authors.save(row);
    EXPECT_EQ(recorded.sent(), (statements{"UPDATE authors"}));
    EXPECT_EQ(authors.update_if(row.id, row.version, field<& author::name> = "y"), outcome::won);
    EXPECT_EQ(recorded.sent(), (statements{"UPDATE authors"}));
    EXPECT_EQ(authors.update_if(row.id, row.version, field<& author::name> = "z"), outcome::lost);
    EXPECT_EQ(recorded.sent(), (statements{"UPDATE authors"}));
    EXPECT_EQ(authors.update_where({}, field<& author::name> = field<&author::name>.as_operand()),
              5);
    EXPECT_EQ(recorded.sent(), (statements{"UPDATE authors"}));
    EXPECT_EQ(authors.remove_if(row.id, version{9}), outcome::lost);
    EXPECT_EQ(recorded.sent(), (statements{"DELETE authors"}));
    author again{.name = "y"};
    EXPECT_EQ(authors.insert_if_absent(again), outcome::lost);
    EXPECT_EQ(recorded.sent(), (statements{"INSERT authors"}));
}

TEST_F(Statements, AnExhaustedVersionIsRefusedBeforeAnyStatement)
{
    author row{.id = 1, .name = "x", .version = version{std::numeric_limits<std::int64_t>::max()}};
    EXPECT_THROW(repository<author>(db).save(row), error);
    EXPECT_THROW(
        (void)repository<author>(db).update_if(1, row.version, field<& author::name> = "x"), error);
    EXPECT_EQ(recorded.sent(), statements{});
}

TEST_F(Statements, ARepositoryWriteInAUnitLooksAtTheRowsItMayTouchOnly)
{
    EXPECT_EQ(unit([](unit_of_work& work) {
                  (void)work.load<author>(1);
                  (void)work.load<author>(2);
                  (void)work.load<note>("a");
                  EXPECT_EQ(repository<author>(work).update_if(
                                3, version{1}, field<& author::name> = "x"),
                            outcome::won);
              }),
              (statements{"SELECT authors", "SELECT authors", "SELECT notes", "UPDATE authors"}));
    EXPECT_EQ(unit([](unit_of_work& work) {
                  (void)work.load<author>(1);
                  (void)work.load<author>(2);
                  EXPECT_EQ(repository<author>(work).update_if(
                                1, version{1}, field<& author::name> = "y"),
                            outcome::won);
              }),
              (statements{"SELECT authors",
                          "SELECT authors",
                          "SELECT authors",
                          "UPDATE authors",
                          "SELECT authors"}));
    EXPECT_EQ(unit([](unit_of_work& work) {
                  (void)work.load<author>(1);
                  author row{.name = "new"};
                  repository<author>(work).insert(row);
              }),
              (statements{"SELECT authors", "INSERT authors"}));
}

TEST_F(Statements, AReadIsABeginItsReadsAndARollback)
{
    db.read([](snapshot& view) { (void)repository<author>(view).find(1); });
    EXPECT_EQ(recorded.sent(), (statements{"BEGIN READING", "SELECT authors", "ROLLBACK"}));
}

TEST_F(Statements, AFailedAttemptIsRolledBackAndBegunAgain)
{
    int runs = 0;
    db.transact([&](unit_of_work& work) {
        work.load<author>(1).name = "x";
        if (++runs == 1)
            throw error(errc::transaction_aborted, "made up");
    });
    EXPECT_EQ(recorded.sent(),
              (statements{"BEGIN",
                          "SELECT authors",
                          "ROLLBACK",
                          "BEGIN",
                          "SELECT authors",
                          "UPDATE authors",
                          "COMMIT"}));
}

TEST_F(Statements, ASavepointIsTwoStatementsAndARollbackTwo)
{
    EXPECT_EQ(unit([](unit_of_work& work) {
                  {
                      auto kept = work.savepoint();
                  }
                  auto undone = work.savepoint();
                  work.load<author>(1).name = "x";
                  work.flush();
                  undone.rollback();
              }),
              (statements{"SAVEPOINT tiebreak_1",
                          "RELEASE SAVEPOINT tiebreak_1",
                          "SAVEPOINT tiebreak_2",
                          "SELECT authors",
                          "UPDATE authors",
                          "ROLLBACK TO tiebreak_2",
                          "RELEASE SAVEPOINT tiebreak_2"}));
}

}  // namespace

}  // namespace tiebreak::test
