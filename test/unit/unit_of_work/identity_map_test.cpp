// The identity map: the right entry at every size, through collisions, removals and new keys.
#include "unit/entity/entities.hpp"
#include "unit_of_work/identity_map.hpp"

#include <gtest/gtest.h>

#include <list>

namespace tiebreak::detail {

namespace {

using test::sample::article;
using test::sample::author;
using test::sample::note;

// A map and the memory its entries point to.
class Identity : public testing::Test {
protected:
    static constexpr std::size_t none = identity_map::none;

    std::size_t add(plan const& of, std::vector<value> row)
    {
        auto& snapshot = rows_.emplace_back(std::move(row));
        auto& one = map_.push(of, snapshot.data(), snapshot.data(), row_state::loaded);
        map_.index(one);
        return map_.entries().size() - 1;
    }

    std::size_t add_author(std::int64_t id)
    {
        return add(plan_of<author>(), {value{id}, value{std::string_view{"n"}}, value{}});
    }

    std::size_t find_author(std::int64_t id) const
    {
        value const key{id};
        return map_.find(plan_of<author>(),
                         identity_map::hash_key(plan_of<author>(), &key),
                         [&](std::size_t) { return key; });
    }

    std::size_t find_note(std::string_view name) const
    {
        value const key{name};
        return map_.find(plan_of<note>(),
                         identity_map::hash_key(plan_of<note>(), &key),
                         [&](std::size_t) { return key; });
    }

    void drop(std::size_t at)
    {
        map_.entries()[at].state = row_state::forgotten;
        map_.entries()[at].indexed = false;
    }

    identity_map map_;
    std::list<std::vector<value>> rows_;
};

TEST_F(Identity, FindsEveryEntryAtEverySize)
{
    for (std::int64_t const size : {1, 7, 8, 9, 10, 16, 17, 100, 10'000}) {
        map_.clear();
        for (std::int64_t i = 0; i < size; ++i) {
            EXPECT_EQ(find_author(i * 7), none);
            ASSERT_EQ(add_author(i * 7), static_cast<std::size_t>(i));
        }
        for (std::int64_t i = 0; i < size; ++i) {
            ASSERT_EQ(find_author(i * 7), static_cast<std::size_t>(i)) << size;
            ASSERT_EQ(find_author(i * 7 + 1), none);
        }
    }
}

TEST_F(Identity, IsEmptyAfterClearingAtEverySize)
{
    for (std::int64_t const size : {3, 8, 9, 5000}) {
        for (std::int64_t i = 0; i < size; ++i)
            add_author(i);
        map_.clear();
        for (std::int64_t i = 0; i < size; ++i)
            ASSERT_EQ(find_author(i), none);
    }
}

TEST_F(Identity, TellsEntitiesWithTheSameKeyApart)
{
    for (int i = 0; i < 20; ++i) {
        auto const one = add_author(i);
        auto const name = std::to_string(i);
        auto const& kept = rows_.emplace_back(
            std::vector<value>{value{std::string_view{}}, value{std::string_view{}}});
        static_cast<void>(kept);
        EXPECT_EQ(find_author(i), one);
        EXPECT_EQ(find_note(name), none);
    }
}

TEST_F(Identity, TellsPartsOfACompositeKeyApart)
{
    auto const& of = plan_of<article>();
    auto const row = [](std::string_view title, std::int64_t edition) {
        return std::vector<value>{value{title},
                                  value{edition},
                                  value{std::int64_t{0}},
                                  value{},
                                  value{std::int64_t{0}},
                                  value{std::int64_t{1}}};
    };
    for (int round = 0; round < 2; ++round)  // scanned, then hashed
        for (std::int64_t edition = 1; edition <= 6; ++edition)
            add(of, row(round == 0 ? "a" : "b", edition));
    auto const find = [&](std::string_view title, std::int64_t edition) {
        value const key[] = {value{title}, value{edition}};
        return map_.find(
            of, identity_map::hash_key(of, key), [&](std::size_t column) { return key[column]; });
    };
    EXPECT_EQ(find("a", 1), 0u);
    EXPECT_EQ(find("a", 6), 5u);
    EXPECT_EQ(find("b", 1), 6u);
    EXPECT_EQ(find("b", 7), none);
    EXPECT_EQ(find("c", 1), none);
}

TEST_F(Identity, KeyAndRowHashAlike)
{
    value const key[] = {value{std::string_view{"t"}}, value{std::int64_t{3}}};
    value const row[] = {key[0], key[1], value{}, value{}, value{}, value{}};
    EXPECT_EQ(identity_map::hash_key(plan_of<article>(), key),
              identity_map::hash_row(plan_of<article>(), row));
}

TEST_F(Identity, EntriesThatAreNotIndexedAreNotFoundAndDoNotHideOthers)
{
    for (std::int64_t i = 0; i < 100; ++i)
        add_author(i);
    for (std::size_t i = 0; i < 100; i += 2)
        drop(i);
    for (std::int64_t i = 0; i < 100; ++i)
        ASSERT_EQ(find_author(i), i % 2 == 0 ? none : static_cast<std::size_t>(i));
    auto const again = add_author(42);
    EXPECT_EQ(find_author(42), again) << "the key is another row's now";
    map_.reindex();
    EXPECT_EQ(find_author(42), again);
    EXPECT_EQ(find_author(43), 43u);
    EXPECT_EQ(find_author(44), none);
}

TEST_F(Identity, AChangedKeyIsFoundAfterReindexing)
{
    for (int const size : {5, 50}) {
        map_.clear();
        for (std::int64_t i = 0; i < size; ++i)
            add_author(i);
        auto& one = map_.entries()[3];
        one.snapshot[0] = value{std::int64_t{1000}};
        map_.index(one);
        map_.reindex();
        EXPECT_EQ(find_author(1000), 3u);
        EXPECT_EQ(find_author(3), none);
        EXPECT_EQ(find_author(4), 4u);
    }
}

TEST_F(Identity, KeysThatCollideAreToldApart)
{
    // Entries with the same hash but other keys: nothing but the comparison tells them apart.
    for (std::int64_t i = 0; i < 40; ++i)
        add_author(i);
    auto const hash = map_.entries()[0].hash;
    for (auto& one : map_.entries())
        one.hash = hash;
    map_.reindex();
    for (std::int64_t i = 0; i < 40; ++i) {
        value const key{i};
        EXPECT_EQ(map_.find(plan_of<author>(), hash, [&](std::size_t) { return key; }),
                  static_cast<std::size_t>(i));
    }
}

TEST_F(Identity, NullAndEmptyKeysAreDifferent)
{
    auto const empty = add(plan_of<note>(), {value{std::string_view{}}, value{}});
    EXPECT_EQ(find_note(""), empty);
    value const null;
    EXPECT_EQ(map_.find(plan_of<note>(),
                        identity_map::hash_key(plan_of<note>(), &null),
                        [&](std::size_t) { return null; }),
              none);
}

}  // namespace

}  // namespace tiebreak::detail
