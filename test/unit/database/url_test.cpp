// Database URLs: what is accepted, what is refused and with which words, what is shown.
#include "database/url.hpp"

#include <gtest/gtest.h>

namespace tiebreak::detail {

namespace {

std::string refusal(std::string_view url, database_options options = {})
{
    try {
        (void)parse_url(url, std::move(options));
    } catch (std::invalid_argument const& refused) {
        return refused.what();
    }
    return {};
}

TEST(Url, ANameOfAFileIsItsPath)
{
    EXPECT_EQ(parse_url("sqlite:shop.db", {}).path, "shop.db");
    EXPECT_EQ(parse_url("sqlite:/var/lib/shop.db", {}).path, "/var/lib/shop.db");
    EXPECT_EQ(parse_url("sqlite:a b:c.db", {}).path, "a b:c.db");
    EXPECT_EQ(parse_url("sqlite:shop.db", {}).engine, "sqlite");
    EXPECT_EQ(parse_url("sqlite:x.db?pool=3", {}).path, "x.db");
}

TEST(Url, ParametersOverrideTheOptions)
{
    database_options options;
    options.connections_max = 5;
    options.table_prefix = "old_";
    auto const url = parse_url(
        "sqlite:x.db?pool=3&table_prefix=new_&synchronous=normal&gate=off&create=off", options);
    EXPECT_EQ(url.options.connections_max, 3);
    EXPECT_EQ(url.options.table_prefix, "new_");
    EXPECT_EQ(url.synchronous, sqlite::synchronous::normal);
    EXPECT_FALSE(url.gate);
    EXPECT_FALSE(url.create);
    auto const plain = parse_url("sqlite:x.db", options);
    EXPECT_EQ(plain.options.connections_max, 5);
    EXPECT_EQ(plain.options.table_prefix, "old_");
    EXPECT_EQ(plain.synchronous, sqlite::synchronous::full);
    EXPECT_TRUE(plain.gate);
    EXPECT_TRUE(plain.create);
}

TEST(Url, InMemoryThereIsOneConnection)
{
    EXPECT_EQ(parse_url("sqlite::memory:", {}).options.connections_max, 1);
    EXPECT_EQ(parse_url("sqlite::memory:?pool=7", {}).options.connections_max, 1);
    EXPECT_NE(refusal("sqlite::memory:?pool=0"), "");
}

TEST(Url, WhatIsWrongIsNamed)
{
    struct wrong_url {
        std::string_view url;
        std::string_view named;
    };

    for (auto const& [url, named] : std::initializer_list<wrong_url>{
             {"", "begins with its engine"},
             {"shop.db", "begins with its engine"},
             {":shop.db", "begins with its engine"},
             {"oracle:x", "oracle"},
             {"SQLITE:x", "SQLITE"},
             {"postgresql://h/db", "sqlite only"},
             {"mariadb://h/db", "sqlite only"},
             {"sqlite:", "no file"},
             {"sqlite:?pool=1", "no file"},
             {std::string_view{"sqlite:a\0b", 10}, "NUL"},
             {"sqlite:x?pool", "name=value"},
             {"sqlite:x?pool=", "pool"},
             {"sqlite:x?pool=0", "pool"},
             {"sqlite:x?pool=1001", "pool"},
             {"sqlite:x?pool=-1", "pool"},
             {"sqlite:x?pool=3x", "pool"},
             {"sqlite:x?pool=99999999999999999999", "pool"},
             {"sqlite:x?synchronous=off", "synchronous"},
             {"sqlite:x?gate=yes", "gate"},
             {"sqlite:x?create=", "create"},
             {"sqlite:x?colour=red", "colour"},
             {"sqlite:x?=1", "unknown"},
             {"sqlite:x?pool=1&&gate=on", "name=value"},
             {"sqlite:x?table_prefix=a-b", "prefix"},
             {"sqlite:x?table_prefix=a\"b", "prefix"},
             {"sqlite:x?table_prefix=\xC3\xA4", "prefix"},
         })
        EXPECT_NE(refusal(url).find(named), std::string::npos)
            << url << " was answered with: " << refusal(url);
}

TEST(Url, OptionsOutOfRangeAreRefused)
{
    EXPECT_NE(refusal("sqlite:x", {.table_prefix = std::string(41, 'a')}), "");
    EXPECT_EQ(refusal("sqlite:x", {.table_prefix = std::string(40, 'a')}), "");
    EXPECT_NE(refusal("sqlite:x", {.connections_max = 0}), "");
    EXPECT_NE(refusal("sqlite::memory:", {.connections_max = -3}), "");
    EXPECT_NE(refusal("sqlite:x", {.connection_wait = std::chrono::milliseconds{-1}}), "");
    EXPECT_NE(refusal("sqlite:x", {.retry = {.attempts_max = -1}}), "");
}

TEST(Url, APasswordIsMaskedHoweverItIsWritten)
{
    EXPECT_EQ(masked("postgresql://app:secret@db/shop"), "postgresql://app:***@db/shop");
    EXPECT_EQ(masked("postgresql://app:s:e:c@db:5432/shop?x=1"),
              "postgresql://app:***@db:5432/shop?x=1");
    EXPECT_EQ(masked("mariadb://app:sec@ret@db/shop"), "mariadb://app:***@db/shop");
    EXPECT_EQ(masked("postgresql://:secret@db/shop"), "postgresql://:***@db/shop");
    EXPECT_EQ(masked("postgresql://app:@db/shop"), "postgresql://app:***@db/shop");
    EXPECT_EQ(masked("postgresql://app:secret@/shop"), "postgresql://app:***@/shop");
}

TEST(Url, APasswordWithASlashOrAQuestionMarkIsMaskedToo)
{
    EXPECT_EQ(masked("postgresql://app:se/cret@db/shop").find("cret"), std::string::npos);
    EXPECT_EQ(masked("postgresql://app:se?cret@db/shop").find("cret"), std::string::npos);
}

TEST(Url, APasswordAmongTheParametersIsMaskedToo)
{
    EXPECT_EQ(masked("postgresql://db/shop?user=app&password=secret&x=1").find("secret"),
              std::string::npos);
    EXPECT_EQ(masked("sqlite:x.db?PASSWORD=secret").find("secret"), std::string::npos);
}

TEST(Url, WithoutAPasswordItIsShownAsItIs)
{
    for (std::string_view const url : {"sqlite:shop.db",
                                       "sqlite::memory:",
                                       "sqlite:/a/b@c:d.db",
                                       "postgresql://db/shop",
                                       "postgresql://app@db:5432/shop",
                                       "postgresql://db/shop?mail=a:b@c",
                                       ""})
        EXPECT_EQ(masked(url), url);
}

TEST(Url, ARefusalDoesNotShowThePassword)
{
    EXPECT_EQ(refusal("postgresql://app:secret@db/shop").find("secret"), std::string::npos);
    EXPECT_EQ(refusal("oracle://app:secret@db/shop").find("secret"), std::string::npos);
}

}  // namespace

}  // namespace tiebreak::detail
