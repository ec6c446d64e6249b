// Typed queries: every comparison, their combinations, order, limit, counting; on a database, in a
// unit of work and on a snapshot alike.
#include "support/checks.hpp"
#include "support/engines.hpp"
#include "support/shop.hpp"

#include <algorithm>

namespace tiebreak::test {

namespace {

struct product {
    std::int64_t id = 0;
    std::string name{};
    std::int16_t stock = 0;
    std::int64_t sold = 0;
    double weight = 0;
    std::optional<std::string> colour{};
    std::optional<std::int64_t> discount{};
    bool visible = true;
    time_point listed{};
    book_status status = book_status::draft;
    tiebreak::version version{};
};
BOOST_DESCRIBE_STRUCT(
    product,
    (),
    (id, name, stock, sold, weight, colour, discount, visible, listed, status, version))

constexpr auto mapping_of(product const*)
{
    return map<product>("products", key<&product::id>, unique<&product::name>);
}

using strings = std::vector<std::string>;

class Query : public engine_test {
protected:
    void SetUp() override
    {
        engine_test::SetUp();
        create_table<product>(db());
        repository<product> const products(db());
        product rows[] = {
            {.id = 1, .name = "ant", .stock = 5, .sold = 5, .weight = 0.5, .colour = "red"},
            {.id = 2, .name = "bee", .stock = -3, .sold = 8, .weight = 2, .discount = 10},
            {.id = 3,
             .name = "cow",
             .stock = 5,
             .sold = 1,
             .weight = 700.25,
             .colour = "white",
             .visible = false,
             .status = book_status::printed},
            {.id = 4,
             .name = "doe",
             .stock = 0,
             .sold = 0,
             .weight = -1,
             .colour = "red",
             .discount = 0,
             .listed = time_point{std::chrono::hours{1}}},
        };
        for (auto& one : rows)
            products.insert(one);
    }

    // The names of the rows for which the condition holds: asked in each of the three places, and
    // counted.
    strings where(condition<product> const& holds)
    {
        strings const found = names(repository<product>(db()), holds);
        db().read(
            [&](snapshot& view) { EXPECT_EQ(names(repository<product>(view), holds), found); });
        db().transact([&](unit_of_work& work) {
            EXPECT_EQ(names(repository<product>(work), holds), found);
            strings tracked;
            for (auto const* one : ordered(work.select<product>(), holds).all())
                tracked.push_back(one->name);
            EXPECT_EQ(tracked, found);
            EXPECT_EQ(work.select<product>().where(holds).count(), std::ssize(found));
            EXPECT_EQ(work.select<product>().where(holds).exists(), !found.empty());
        });
        auto const rows = repository<product>(db()).select().where(holds);
        EXPECT_EQ(rows.count(), std::ssize(found));
        EXPECT_EQ(rows.exists(), !found.empty());
        EXPECT_EQ(rows.first().has_value(), !found.empty());
        return found;
    }

private:
    template <class Selection>
    static Selection ordered(Selection rows, condition<product> const& holds)
    {
        return rows.where(holds).order_by(field<&product::id>.ascending());
    }

    static strings names(repository<product> const& in, condition<product> const& holds)
    {
        strings result;
        for (auto const& one : ordered(in.select(), holds).all())
            result.push_back(one.name);
        return result;
    }
};

constexpr auto id = field<&product::id>;
constexpr auto name = field<&product::name>;
constexpr auto stock = field<&product::stock>;
constexpr auto sold = field<&product::sold>;
constexpr auto weight = field<&product::weight>;
constexpr auto colour = field<&product::colour>;
constexpr auto discount = field<&product::discount>;

TEST_P(Query, EveryComparisonWithAValue)
{
    EXPECT_EQ(where(stock == 5), (strings{"ant", "cow"}));
    EXPECT_EQ(where(stock != 5), (strings{"bee", "doe"}));
    EXPECT_EQ(where(stock < 0), (strings{"bee"}));
    EXPECT_EQ(where(stock <= 0), (strings{"bee", "doe"}));
    EXPECT_EQ(where(stock > 0), (strings{"ant", "cow"}));
    EXPECT_EQ(where(stock >= 0), (strings{"ant", "cow", "doe"}));
    EXPECT_EQ(where(weight > 0.49 && weight < 2.01), (strings{"ant", "bee"}));
    EXPECT_EQ(where(name >= "c"), (strings{"cow", "doe"}));
    EXPECT_EQ(where(field<&product::visible> == false), (strings{"cow"}));
    EXPECT_EQ(where(field<&product::status> == book_status::printed), (strings{"cow"}));
    EXPECT_EQ(where(field<&product::listed> > time_point{}), (strings{"doe"}));
}

TEST_P(Query, EveryComparisonBetweenMembers)
{
    EXPECT_EQ(where(id == sold), (strings{}));
    EXPECT_EQ(where(id != sold), (strings{"ant", "bee", "cow", "doe"}));
    EXPECT_EQ(where(sold < id), (strings{"cow", "doe"}));
    EXPECT_EQ(where(sold <= id), (strings{"cow", "doe"}));
    EXPECT_EQ(where(sold > id), (strings{"ant", "bee"}));
    EXPECT_EQ(where(sold >= id), (strings{"ant", "bee"}));
    EXPECT_EQ(where(discount == id), (strings{}));
}

TEST_P(Query, SumsOfMembersAndNumbers)
{
    EXPECT_EQ(where(id + sold == 10), (strings{"bee"}));
    EXPECT_EQ(where(id + 4 == sold), (strings{"ant"}));
    EXPECT_EQ(where(sold - id > 5), (strings{"bee"}));
    EXPECT_EQ(where(sold - 1 >= id + 3), (strings{"ant", "bee"}));
    EXPECT_EQ(where(weight - 0.25 == 700.0), (strings{"cow"}));
}

TEST_P(Query, ConditionsAreJoinedAndInvertedAsWritten)
{
    EXPECT_EQ(where(stock == 5 && sold == 5), (strings{"ant"}));
    EXPECT_EQ(where(stock == 0 || sold == 8), (strings{"bee", "doe"}));
    EXPECT_EQ(where(!(stock == 5)), (strings{"bee", "doe"}));
    // && binds closer, and parentheses are kept
    EXPECT_EQ(where((stock == 0 || stock == 5) && sold <= 1), (strings{"cow", "doe"}));
    EXPECT_EQ(where(stock == 0 || (stock == 5 && sold <= 1)), (strings{"cow", "doe"}));
    EXPECT_EQ(where(!(stock == 5 && sold == 5)), (strings{"bee", "cow", "doe"}));
    EXPECT_EQ(where(!(stock == 5) && sold == 8), (strings{"bee"}));
}

TEST_P(Query, AnEmptyConditionHoldsForEveryRow)
{
    condition<product> const any;
    EXPECT_EQ(where(any), (strings{"ant", "bee", "cow", "doe"}));
    EXPECT_EQ(where(any && stock == 0), (strings{"doe"}));
    EXPECT_EQ(where(stock == 0 && any), (strings{"doe"}));
    EXPECT_EQ(where(any || stock == 0), (strings{"ant", "bee", "cow", "doe"}));
    EXPECT_EQ(where(!any), (strings{}));
}

TEST_P(Query, InHoldsForTheListedValuesAndForNoneWhenTheListIsEmpty)
{
    EXPECT_EQ(where(id.in({2, 4, 99})), (strings{"bee", "doe"}));
    EXPECT_EQ(where(name.in(strings{"ant", "'; --"})), (strings{"ant"}));
    EXPECT_EQ(where(field<&product::status>.in({book_status::printed})), (strings{"cow"}));
    EXPECT_EQ(where(id.in(std::vector<std::int64_t>{})), (strings{}));
    EXPECT_EQ(where(!id.in(std::vector<std::int64_t>{})), (strings{"ant", "bee", "cow", "doe"}));
    std::vector<std::int64_t> many;
    for (int i = 3; i < 503; ++i)
        many.push_back(i);
    EXPECT_EQ(where(id.in(many)), (strings{"cow", "doe"}));
}

TEST_P(Query, AbsentValuesAreFoundOnlyByAskingForThem)
{
    EXPECT_EQ(where(colour.is_null()), (strings{"bee"}));
    EXPECT_EQ(where(colour.is_not_null()), (strings{"ant", "cow", "doe"}));
    EXPECT_EQ(where(colour == "red"), (strings{"ant", "doe"}));
    EXPECT_EQ(where(colour != "red"), (strings{"cow"})) << "NULL is neither equal nor unequal";
    EXPECT_EQ(where(!(colour == "red")), (strings{"cow"}));
    EXPECT_EQ(where(discount == 0), (strings{"doe"}));
    EXPECT_EQ(where(colour.in(strings{"white"}) || colour.is_null()), (strings{"bee", "cow"}));
}

TEST_P(Query, NumbersThatAMemberCannotHoldAreRefusedNotCut)
{
    // 65541 cut to 16 bits would be 5
    EXPECT_ERRC((void)where(stock == 65541), errc::constraint_violated);
    EXPECT_ERRC((void)where(id == std::numeric_limits<std::uint64_t>::max()),
                errc::constraint_violated);
}

TEST_P(Query, OrderLimitAndFirst)
{
    auto const ids = [](std::vector<product> const& rows) {
        std::vector<std::int64_t> result;
        for (auto const& one : rows)
            result.push_back(one.id);
        return result;
    };
    using numbers = std::vector<std::int64_t>;
    repository<product> const products(db());
    EXPECT_EQ(ids(products.select().order_by(name.descending()).all()), (numbers{4, 3, 2, 1}));
    EXPECT_EQ(ids(products.select().order_by(stock.descending(), sold.ascending()).all()),
              (numbers{3, 1, 4, 2}));
    EXPECT_EQ(ids(products.select().order_by(stock.ascending()).order_by(id.descending()).all()),
              (numbers{2, 4, 3, 1}));
    EXPECT_EQ(ids(products.select().order_by(id.ascending()).limit(2).all()), (numbers{1, 2}));
    EXPECT_EQ(ids(products.select().order_by(id.ascending()).limit(99).all()),
              (numbers{1, 2, 3, 4}));
    EXPECT_TRUE(products.select().limit(0).all().empty());
    EXPECT_EQ(products.select().order_by(id.descending()).first()->id, 4);
    EXPECT_EQ(products.select().limit(1).count(), 4) << "counting pays no regard to the limit";
    EXPECT_FALSE(products.select().where(id == 99).first());
    db().transact([&](unit_of_work& work) {
        EXPECT_EQ(work.select<product>().order_by(id.descending()).first()->id, 4);
        EXPECT_EQ(work.select<product>().where(id == 99).first(), nullptr);
    });
}

TEST_P(Query, SeveralWheresAreJoined)
{
    auto rows = repository<product>(db()).select();
    rows.where(stock == 5).where(sold == 1);
    EXPECT_EQ(rows.first()->name, "cow");
    EXPECT_EQ(rows.count(), 1);
}

TEST_P(Query, FindByReadsTheRowWithThatUniqueValue)
{
    EXPECT_EQ(repository<product>(db()).find_by<&product::name>("cow")->id, 3);
    EXPECT_FALSE(repository<product>(db()).find_by<&product::name>("COW"));
    db().transact([](unit_of_work& work) {
        auto* cow = work.find_by<&product::name>("cow");
        ASSERT_NE(cow, nullptr);
        EXPECT_EQ(cow, work.find<product>(3)) << "one object for each row";
        EXPECT_EQ(work.find_by<&product::name>("yak"), nullptr);
        EXPECT_EQ(work.find_by<&product::id>(3), cow) << "a key is unique, too";
    });
}

TEST_P(Query, RowsInManyBatchesAllArrive)
{
    repository<product> const products(db());
    db().transact([](unit_of_work& work) {
        for (int i = 100; i < 1100; ++i)
            work.add(product{.id = i, .name = "p" + std::to_string(i), .sold = i});
    });
    EXPECT_EQ(products.select().where(id >= 100).all().size(), 1000u);
    db().transact([](unit_of_work& work) {
        auto const rows = work.select<product>().where(id >= 100).order_by(id.ascending()).all();
        ASSERT_EQ(rows.size(), 1000u);
        for (int i = 0; i < 1000; ++i) {
            EXPECT_EQ(rows[static_cast<std::size_t>(i)]->sold, i + 100);
            EXPECT_EQ(work.find<product>(i + 100), rows[static_cast<std::size_t>(i)]);
        }
    });
}

TEST_P(Query, HostileTextIsNothingButAValue)
{
    strings const hostile{"'",
                          "\"",
                          "\\",
                          "'; DROP TABLE products; --",
                          "\" OR \"1\"=\"1",
                          "?",
                          "$1",
                          ":name",
                          "%",
                          "_",
                          "/*",
                          "--",
                          ";",
                          "\n",
                          "NULL",
                          "{}",
                          "`",
                          "\xF0\x9F\x92\xA5"};
    repository<product> const products(db());
    std::int64_t next = 1000;
    for (auto const& text : hostile) {
        product row{.id = ++next, .name = text, .colour = text};
        products.insert(row);
        EXPECT_EQ(where(name == text), (strings{text}));
        EXPECT_EQ(where(colour == text), (strings{text}));
        EXPECT_EQ(where(name.in(strings{text})), (strings{text}));
        EXPECT_EQ(products.find_by<&product::name>(text)->id, next);
        EXPECT_EQ(products.update_if(next, name == text, colour = text + text), outcome::won);
        EXPECT_EQ(products.update_where(name == text, colour = text + "!"), 1);
        EXPECT_EQ(stored<product>(db(), next).colour, text + "!");
        EXPECT_EQ(stored<product>(db(), 1).colour, "red");
        db().transact([&](unit_of_work& work) {
            work.find_by<&product::name>(text)->colour = text;
            auto const sql =
                "SELECT id FROM " + work.table<product>() + " WHERE name = " + placeholder(db(), 1);
            EXPECT_EQ(work.query<std::int64_t>(sql, text), (std::vector<std::int64_t>{next}));
        });
        EXPECT_EQ(stored<product>(db(), next).colour, text);
        EXPECT_EQ(products.remove_where(name == text), 1);
    }
    EXPECT_EQ(rows_of<product>(db()), 4);
}

TEST_P(Query, HoldingRowsOutsideOfAUnitIsRefused)
{
    repository<product> const products(db());
    EXPECT_THROW((void)products.select().lock(lock_mode::pessimistic_write).all(),
                 std::logic_error);
    EXPECT_EQ(products.select().count(), 4);
}

TIEBREAK_ON_ALL_ENGINES(Query);

}  // namespace

}  // namespace tiebreak::test
