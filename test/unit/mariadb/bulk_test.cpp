// Many steps in one message, answered by the sum of their rows.
#include "fixture.hpp"
#include "support/fault_proxy.hpp"

#include <functional>
#include <numeric>
#include <vector>

namespace tiebreak::mariadb {
namespace {

using begin = sql::begin_mode;

// Steps from a function, and what became of them.
class steps final : public sql::step_source {
public:
    explicit steps(std::function<bool(sql::step&)> next) : next_(std::move(next)) {}

    bool next(sql::step& to_fill) override { return next_(to_fill); }

    void matched(std::int64_t rows) override { matched_.push_back(rows); }

    void matched_too_few(std::size_t among) override
    {
        lost_among_ = among;
        throw error(errc::stale_version, "some lost");
    }

    std::vector<std::int64_t> matched_{};
    std::size_t lost_among_ = 0;

private:
    std::function<bool(sql::step&)> next_;
};

class MariaBulk : public MariaServer {
protected:
    static constexpr int many = 1000;

    void SetUp() override
    {
        MariaServer::SetUp();
        if (IsSkipped() || HasFatalFailure())
            return;
        must("CREATE TABLE t(id BIGINT PRIMARY KEY, v BIGINT NOT NULL, s LONGTEXT, d DATETIME(6), "
             "r DOUBLE, b BLOB) ENGINE=InnoDB");
        must("INSERT INTO t(id, v) SELECT seq, 1 FROM seq_1_to_1000");
        on_ = open();
        update_ = on_->prepare("UPDATE t SET v = v + 1, s = ? WHERE id = ? AND v = ?");
    }

    void TearDown() override
    {
        update_.reset();
        on_.reset();
        MariaServer::TearDown();
    }

    // Updates rows 1 to `count`; the parameters live only until the next is asked for.
    steps updates(int count)
    {
        return steps([this, count, i = 0](sql::step& to) mutable {
            if (i == count)
                return false;
            ++i;
            words_ = "row " + std::to_string(i);
            bound_ = {i % 3 == 0 ? value{} : text(words_), integer(i), integer(1)};
            to = {update_.get(), bound_};
            return true;
        });
    }

    std::unique_ptr<sql::connection> on_;
    std::unique_ptr<sql::statement> update_;
    std::string words_;
    std::array<value, 3> bound_;
};

TEST_F(MariaBulk, EveryStepMatchesItsRow)
{
    on_->begin(begin::write, isolation::engine_default);
    auto all = updates(many);
    on_->run(all);
    on_->commit();
    EXPECT_EQ(all.matched_, std::vector<std::int64_t>(many, 1));
    EXPECT_EQ(ask("SELECT SUM(v) FROM t"), "2000");
    EXPECT_EQ(ask("SELECT COUNT(*) FROM t WHERE s = CONCAT('row ', id)"), "667");
    EXPECT_EQ(ask("SELECT COUNT(*) FROM t WHERE s IS NULL AND id % 3 = 0"), "333");
}

TEST_F(MariaBulk, AStaleStepInTheMiddleCommitsNothing)
{
    must("UPDATE t SET v = 2 WHERE id = 500");
    on_->begin(begin::write, isolation::engine_default);
    auto all = updates(many);
    EXPECT_EQ(error_of([&] { on_->run(all); }).code(), errc::stale_version);
    EXPECT_EQ(all.lost_among_, static_cast<std::size_t>(many));
    EXPECT_TRUE(all.matched_.empty());
    on_->rollback();
    EXPECT_EQ(ask("SELECT SUM(v) FROM t"), "1001");
    EXPECT_EQ(update_->execute(std::array{value{}, integer(1), integer(1)}), 1)
        << "the statement is its own again";
}

TEST_F(MariaBulk, IsOneMessageWithBegin)
{
    auto const port =
        static_cast<std::uint16_t>(options_of(base::parse_url(server_), nullptr).servers[0].port);
    test::fault_proxy proxy(port);
    update_.reset();
    on_ = open_at(proxy.through(url()));
    update_ = on_->prepare("UPDATE t SET v = v + 1, s = ? WHERE id = ? AND v = ?");
    auto const before = proxy.client_messages();
    on_->begin(begin::write, isolation::engine_default);
    auto all = updates(100);
    on_->run(all);
    on_->commit();
    // BEGIN and the rows are sent one behind the other, then COMMIT; a proxy may see them together
    EXPECT_LE(proxy.client_messages() - before, 3);
    EXPECT_EQ(all.matched_.size(), 100U);
}

TEST_F(MariaBulk, MoreThanAMessageHoldsGoesInSeveral)
{
    must("INSERT INTO t(id, v) SELECT seq, 1 FROM seq_1001_to_2500");
    on_->begin(begin::write, isolation::engine_default);
    auto all = updates(2500);
    on_->run(all);
    on_->commit();
    EXPECT_EQ(all.matched_, std::vector<std::int64_t>(2500, 1));
}

TEST_F(MariaBulk, LargeValuesGoInSeveral)
{
    on_->begin(begin::write, isolation::engine_default);
    std::string const large(700'000, 'x');
    int i = 0;
    steps all([&](sql::step& to) {
        bound_ = {text(large), integer(++i), integer(1)};
        to = {update_.get(), bound_};
        return i <= 9;
    });
    on_->run(all);
    on_->commit();
    EXPECT_EQ(all.matched_, std::vector<std::int64_t>(9, 1));
    EXPECT_EQ(ask("SELECT SUM(LENGTH(s)) FROM t"), "6300000");
}

TEST_F(MariaBulk, StatementsTakeTurnsInTheOrderOfTheSteps)
{
    auto const remove = on_->prepare("DELETE FROM t WHERE id = ?");
    auto const insert = on_->prepare("INSERT INTO t(id, v) VALUES(?, 7)");
    auto const held = on_->prepare("SELECT v FROM t WHERE id = ? FOR UPDATE");
    sql::statement* const each[] = {remove.get(),
                                    remove.get(),
                                    held.get(),
                                    insert.get(),
                                    insert.get(),
                                    remove.get(),
                                    insert.get(),
                                    insert.get()};
    std::int64_t const ids[] = {1, 2, 3, 1, 2, 1, 1, 5000};
    std::size_t i = 0;
    std::array<value, 1> bound;
    steps all([&](sql::step& to) {
        if (i == std::size(ids))
            return false;
        bound = {integer(ids[i])};
        to = {each[i++], bound};
        return true;
    });
    on_->begin(begin::write, isolation::engine_default);
    on_->run(all);
    on_->commit();
    EXPECT_EQ(all.matched_, (std::vector<std::int64_t>{1, 1, 0, 1, 1, 1, 1, 1}));
    EXPECT_EQ(ask("SELECT GROUP_CONCAT(id ORDER BY id) FROM t WHERE v = 7"), "1,2,5000");
}

TEST_F(MariaBulk, EveryKindOfValueTravels)
{
    auto const insert = on_->prepare("INSERT INTO t(id, v, s, d, r, b) VALUES(?, ?, ?, ?, ?, ?)");
    std::string const raw("\0\xff x", 4);
    std::array<value, 6> bound;
    int i = 0;
    steps all([&](sql::step& to) {
        bool const null = i % 2 == 0;
        bound = {integer(2000 + i),
                 value{i == 3},
                 null ? value{} : text("ä"),
                 null ? value{} : value{time_point{std::chrono::microseconds{1'000'001 + i}}},
                 null ? value{} : value{i / 4.0},
                 null ? value{} : value{std::as_bytes(std::span{raw})}};
        to = {insert.get(), bound};
        return ++i <= 6;
    });
    on_->begin(begin::write, isolation::engine_default);
    on_->run(all);
    on_->commit();
    auto const read = on_->prepare("SELECT v, s, d, r, b FROM t WHERE id = ?");
    auto row = read->first(std::array{integer(2004)});
    ASSERT_EQ(row.size(), 5U);
    for (std::size_t column = 1; column < 5; ++column)
        EXPECT_TRUE(row[column].is_null()) << column;
    row = read->first(std::array{integer(2003)});
    ASSERT_EQ(row.size(), 5U);
    EXPECT_EQ(row[0].integer(), 1);
    EXPECT_EQ(row[1].text(), "ä");
    EXPECT_EQ(row[2].integer(), 1'000'004);
    EXPECT_EQ(row[3].real(), 0.75);
    EXPECT_EQ(row[4].text(), raw);
}

TEST_F(MariaBulk, AnErrorInTheMiddleLeavesTheTransactionToBeRolledBack)
{
    auto const insert = on_->prepare("INSERT INTO t(id, v) VALUES(?, 1)");
    std::array<value, 1> bound;
    int i = 0;
    steps all([&](sql::step& to) {
        bound = {integer(i == 5 ? 1 : 3000 + i)};
        to = {insert.get(), bound};
        return ++i <= 10;
    });
    on_->begin(begin::write, isolation::engine_default);
    auto const e = error_of([&] { on_->run(all); });
    EXPECT_EQ(e.code(), errc::already_exists);
    EXPECT_TRUE(all.matched_.empty());
    EXPECT_THROW(on_->commit(), std::logic_error);
    on_->rollback();
    EXPECT_EQ(ask("SELECT COUNT(*) FROM t WHERE id > 2000"), "0");
}

TEST_F(MariaBulk, OneStatementThatMatchesSeveralRowsIsNotTakenForSeveralWinners)
{
    auto const wide = on_->prepare("UPDATE t SET v = 9 WHERE id <= ?");
    std::array<value, 1> bound;
    int i = 0;
    steps all([&](sql::step& to) {
        bound = {integer(10)};
        to = {wide.get(), bound};
        return ++i <= 2;
    });
    on_->begin(begin::write, isolation::engine_default);
    EXPECT_EQ(error_of([&] { on_->run(all); }).code(), errc::backend_failure);
    on_->rollback();
}

TEST_F(MariaBulk, OutsideOfATransactionAndUnderALimitTheStepsRunOneByOne)
{
    must("UPDATE t SET v = 2 WHERE id = 3");
    auto alone = updates(5);
    on_->run(alone);
    EXPECT_EQ(alone.matched_, (std::vector<std::int64_t>{1, 1, 0, 1, 1}));
    on_->begin(begin::write, isolation::engine_default);
    on_->limit_lock_waits(std::chrono::milliseconds{1000});
    auto limited = updates(7);
    on_->run(limited);
    on_->limit_lock_waits(sql::connection::no_limit);
    on_->commit();
    EXPECT_EQ(limited.matched_, (std::vector<std::int64_t>{0, 0, 0, 0, 0, 1, 1}));
}

TEST_F(MariaBulk, AnExceptionOfTheSourceEndsTheBatch)
{
    on_->begin(begin::write, isolation::engine_default);
    int i = 0;
    steps all([&](sql::step& to) {
        if (++i == 4)
            throw std::runtime_error("enough");
        bound_ = {value{}, integer(i), integer(1)};
        to = {update_.get(), bound_};
        return true;
    });
    EXPECT_THROW(on_->run(all), std::runtime_error);
    on_->rollback();
    EXPECT_EQ(ask("SELECT SUM(v) FROM t"), "1000");
}

}  // namespace
}  // namespace tiebreak::mariadb
