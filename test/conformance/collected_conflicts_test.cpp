// Every conflict of a unit at once: the row that ended it, and the others it had still to write;
// never its own rows. Two connections.
#include "support/captured_log.hpp"
#include "support/checks.hpp"
#include "support/engines.hpp"
#include "support/shop.hpp"

namespace tiebreak::test {

namespace {

// Two parts in the key.
struct parking_lot {
    std::string street{};
    std::int64_t number = 0;
    std::string holder{};
    tiebreak::version version{};
};
BOOST_DESCRIBE_STRUCT(parking_lot, (), (street, number, holder, version))

constexpr auto mapping_of(parking_lot const*)
{
    return map<parking_lot>("parking_lots", key<&parking_lot::street, &parking_lot::number>);
}

class CollectedConflicts : public engine_test {
protected:
    void SetUp() override
    {
        engine_test::SetUp();
        create_shop(db());
        create_table<parking_lot>(db());
        for (auto const* code : {"A", "B", "C"})
            rows_.push_back(add_coupon(db(), code, 5));
        rival_.emplace(fresh().open());
    }

    void TearDown() override
    {
        rival_.reset();
        engine_test::TearDown();
    }

    // As somebody else, on another connection.
    void rival_changes(std::size_t row)
    {
        rival_->transact(
            [&](unit_of_work& work) { work.load<coupon>(rows_[row].id).issued_quantity += 1; });
    }

    [[nodiscard]] coupon& load(unit_of_work& work, std::size_t row)
    {
        return work.load<coupon>(rows_[row].id);
    }

    [[nodiscard]] std::string key(std::size_t row) const { return std::to_string(rows_[row].id); }

    // "table key kind" of every conflict with which the unit ended, in their order.
    template <class Run>
    std::vector<std::string> conflicts_of(errc code, Run&& run)
    {
        auto const failure = error_of([&] {
            db().transact(run, {.retry = retry_presets::once, .conflicts = collect_conflicts});
        });
        std::vector<std::string> found;
        if (!failure)
            return found;
        EXPECT_EQ(failure->code(), code) << failure->what();
        for (auto const& one : failure->conflicts())
            found.push_back(one.table + " " + one.key + " " + std::string{name_of(one.kind)});
        return found;
    }

    using strings = std::vector<std::string>;

    std::vector<coupon> rows_;
    std::optional<database> rival_;
    captured_log log_;
};

TEST_P(CollectedConflicts, DoNotNameARowTheUnitHasAdded)
{
    EXPECT_EQ(conflicts_of(errc::stale_version,
                           [&](unit_of_work& work) {
                               work.remove(load(work, 1));
                               work.add(coupon{.code = "N"});
                               work.add(setting{.name = "n", .value = "new"});
                               rival_changes(1);
                           }),
              strings{"coupons " + key(1) + " changed"});
    EXPECT_EQ(rows_of<coupon>(db()), 3);
    EXPECT_EQ(rows_of<setting>(db()), 0);
}

TEST_P(CollectedConflicts, DoNotNameARowTheUnitHasInsertedAndChanged)
{
    EXPECT_EQ(conflicts_of(errc::stale_version,
                           [&](unit_of_work& work) {
                               auto& mine = load(work, 0);
                               rival_changes(0);
                               auto& fresh = work.insert(coupon{.code = "N"});
                               fresh.issued_quantity = 1;
                               mine.total_quantity = 7;
                           }),
              strings{"coupons " + key(0) + " changed"});
    EXPECT_EQ(rows_of<coupon>(db()), 3);
    EXPECT_EQ(stored<coupon>(db(), rows_[0].id).total_quantity, 5);
}

TEST_P(CollectedConflicts, DoNotNameARowTheUnitHasWrittenBefore)
{
    rival_changes(2);
    EXPECT_EQ(conflicts_of(errc::precondition_failed,
                           [&](unit_of_work& work) {
                               auto& written = load(work, 0);
                               written.total_quantity = 7;
                               work.flush();
                               written.total_quantity = 8;
                               work.merge(rows_[2]);
                           }),
              strings{"coupons " + key(2) + " changed"});
    EXPECT_EQ(stored<coupon>(db(), rows_[0].id).total_quantity, 5);
}

TEST_P(CollectedConflicts, NameAddedRowsWhoseKeyIsTaken)
{
    auto const taken = add_coupon(db(), "T", 1);
    setting theirs{.name = "s", .value = "theirs"};
    repository<setting>(db()).insert(theirs);
    EXPECT_EQ(conflicts_of(errc::stale_version,
                           [&](unit_of_work& work) {
                               load(work, 0).total_quantity = 7;
                               work.add(coupon{.code = "free"});
                               work.add(coupon{.code = "T"});
                               work.add(setting{.name = "s", .value = "mine"});
                               rival_changes(0);
                           }),
              (strings{"coupons " + key(0) + " changed",
                       "coupons " + std::to_string(taken.id) + " appeared",
                       "settings s appeared"}));
    EXPECT_EQ(rows_of<coupon>(db()), 4);
    EXPECT_EQ(stored<setting>(db(), "s").value, "theirs");
}

TEST_P(CollectedConflicts, OfATakenKeyBeginWithTheRowThatHasIt)
{
    EXPECT_EQ(conflicts_of(errc::already_exists,
                           [&](unit_of_work& work) {
                               work.remove(load(work, 2));
                               work.add(coupon{.code = "A"});
                               rival_changes(2);
                           }),
              (strings{"coupons " + key(0) + " appeared", "coupons " + key(2) + " changed"}));
    EXPECT_EQ(rows_of<coupon>(db()), 3);
}

TEST_P(CollectedConflicts, BeginWithTheRowThatEndedTheUnitEvenIfItWasOnlyRead)
{
    EXPECT_EQ(conflicts_of(errc::stale_version,
                           [&](unit_of_work& work) {
                               load(work, 0).total_quantity = 7;
                               auto& read = load(work, 1);
                               rival_changes(0);
                               rival_changes(1);
                               work.lock(read, lock_mode::pessimistic_write);
                           }),
              (strings{"coupons " + key(1) + " changed", "coupons " + key(0) + " changed"}));
    EXPECT_EQ(stored<coupon>(db(), rows_[0].id).total_quantity, 5);
}

TEST_P(CollectedConflicts, DoNotNameARowThatTheUnitHadMovedOutOfTheWay)
{
    EXPECT_EQ(conflicts_of(errc::stale_version,
                           [&](unit_of_work& work) {
                               auto& stale = load(work, 1);
                               rival_changes(1);
                               load(work, 0).code = "Z";
                               work.flush();
                               work.add(coupon{.code = "A"});
                               stale.total_quantity = 7;
                           }),
              strings{"coupons " + key(1) + " changed"});
    EXPECT_EQ(stored<coupon>(db(), rows_[0].id).code, "A");
    EXPECT_EQ(rows_of<coupon>(db()), 3);
}

TEST_P(CollectedConflicts, NameRowsByEveryPartOfTheirKey)
{
    repository<parking_lot> const lots(db());
    for (auto const number : {1, 2, 3}) {
        parking_lot row{.street = "High", .number = number, .holder = "nobody"};
        lots.insert(row);
    }
    parking_lot taken{.street = "Low", .number = 1};
    lots.insert(taken);
    EXPECT_EQ(conflicts_of(errc::stale_version,
                           [&](unit_of_work& work) {
                               for (auto const number : {1, 2, 3})
                                   work.load<parking_lot>({"High", number}).holder = "me";
                               work.add(parking_lot{.street = "Low", .number = 1});
                               work.add(parking_lot{.street = "Low", .number = 2});
                               repository<parking_lot> const theirs(*rival_);
                               EXPECT_EQ(theirs.remove_if({"High", 1}, version{1}), outcome::won);
                               EXPECT_EQ(theirs.update_if({"High", 3},
                                                          version{1},
                                                          field<& parking_lot::holder> = "they"),
                                         outcome::won);
                           }),
              (strings{"parking_lots High, 1 gone",
                       "parking_lots High, 3 changed",
                       "parking_lots Low, 1 appeared"}));
    EXPECT_EQ(lots.find({"High", 2})->holder, "nobody");
    EXPECT_EQ(lots.find({"High", 3})->holder, "they");
    EXPECT_EQ(rows_of<parking_lot>(db()), 3);
}

TIEBREAK_ON_SHARED_ENGINES(CollectedConflicts);

}  // namespace

}  // namespace tiebreak::test
