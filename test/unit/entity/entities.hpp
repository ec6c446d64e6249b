// Mapped structs whose SQL the tests know by heart.
#pragma once

#include <tiebreak/mapping.hpp>

#include <boost/describe/class.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace tiebreak::test::sample {

struct author {
    std::int64_t id = 0;
    std::string name{};
    tiebreak::version version{};
};
BOOST_DESCRIBE_STRUCT(author, (), (id, name, version))

constexpr auto mapping_of(author const*)
{
    return map<author>("authors", generated_key<&author::id>, unique<&author::name>);
}

struct article {
    std::string title{};
    std::int64_t edition = 0;
    std::int64_t author_id = 0;
    std::optional<double> price{};
    std::int64_t reads = 0;
    version32 version{};
};
BOOST_DESCRIBE_STRUCT(article, (), (title, edition, author_id, price, reads, version))

constexpr auto mapping_of(article const*)
{
    return map<article>("articles",
                        key<&article::title, &article::edition>,
                        references<&article::author_id, author>,
                        column<&article::version>("row \"version\""),
                        unversioned<&article::reads>);
}

struct event {
    std::string name{};
    bool done = false;
    timestamp_version changed{};
};
BOOST_DESCRIBE_STRUCT(event, (), (name, done, changed))

constexpr auto mapping_of(event const*)
{
    return map<event>("events", key<&event::name>);
}

struct note {
    std::string name{};
    std::string text{};
};
BOOST_DESCRIBE_STRUCT(note, (), (name, text))

constexpr auto mapping_of(note const*)
{
    return map<note>("notes", key<&note::name>);
}

}  // namespace tiebreak::test::sample
