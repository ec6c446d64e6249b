// Database URLs: what is accepted, what is refused and with which words, what is shown.
#include "database/url.hpp"

#include <gtest/gtest.h>

namespace tiebreak::detail {

namespace {

std::string refusal(std::string_view url, database_options options = {})
{
    try {
        auto const parsed = parse_url(url, std::move(options));
        (void)engine_of(parsed.parts, nullptr);
    } catch (std::invalid_argument const& refused) {
        return refused.what();
    }
    return {};
}

TEST(Url, ANameOfAFileIsItsPath)
{
    EXPECT_EQ(base::parse_url("sqlite:shop.db").path, "shop.db");
    EXPECT_EQ(base::parse_url("sqlite:/var/lib/shop.db").path, "/var/lib/shop.db");
    EXPECT_EQ(base::parse_url("sqlite:a b:c.db").path, "a b:c.db");
    EXPECT_EQ(base::parse_url("sqlite:shop.db").scheme, "sqlite");
    EXPECT_EQ(base::parse_url("sqlite:x.db?pool=3").path, "x.db");
}

TEST(Url, AnEngineHasTheNamesThatOthersGiveIt)
{
    struct named_engine {
        std::string_view url;
        std::string_view engine;
    };

    for (auto const& [url, engine] :
         std::initializer_list<named_engine>{{"sqlite:x", "sqlite"},
                                             {"postgresql://h/db", "postgresql"},
                                             {"postgres://h/db", "postgresql"},
                                             {"mariadb://h/db", "mariadb"},
                                             {"mysql://h/db", "mariadb"}})
        EXPECT_EQ(engine_of(base::parse_url(url), nullptr)->speaks().engine(), engine) << url;
}

TEST(Url, AServersPartsAreDecoded)
{
    auto const url = base::parse_url(
        "postgresql://a%40b:p%3Aq%2Fr@db1:5432,[::1]:5433,%2Frun%2Fpg/shop%20x?sslmode=require");
    EXPECT_EQ(url.scheme, "postgresql");
    EXPECT_EQ(url.user, "a@b");
    EXPECT_EQ(url.password, "p:q/r");
    using host = std::pair<std::string, std::string>;
    EXPECT_EQ(url.hosts, (std::vector<host>{{"db1", "5432"}, {"::1", "5433"}, {"/run/pg", ""}}));
    EXPECT_EQ(url.database, "shop x");
    EXPECT_EQ(url.parameters, (base::url_parameters{{"sslmode", "require"}}));
}

TEST(Url, WhatAServersUrlDoesNotNameIsEmpty)
{
    auto const url = base::parse_url("mariadb:///shop");
    EXPECT_FALSE(url.user);
    EXPECT_FALSE(url.password);
    EXPECT_TRUE(url.hosts.empty());
    EXPECT_EQ(url.database, "shop");
    EXPECT_FALSE(base::parse_url("mariadb://app@h").password);
    EXPECT_EQ(base::parse_url("mariadb://app:@h").password, "");
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
    EXPECT_EQ(
        url.parts.parameters,
        (base::url_parameters{{"synchronous", "normal"}, {"gate", "off"}, {"create", "off"}}));
    auto const plain = parse_url("sqlite:x.db", options);
    EXPECT_EQ(plain.options.connections_max, 5);
    EXPECT_EQ(plain.options.table_prefix, "old_");
}

TEST(Url, InMemoryThereIsOneConnection)
{
    EXPECT_EQ(database("sqlite::memory:?pool=7").supports(capability::several_processes), false);
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
             {"postgresql://h:x/db", "port"},
             {"postgresql://h:5432/d%4", "hexadecimal"},
             {"mariadb://[::1/db", "brackets"},
             {"mariadb://h/db%00", "NUL"},
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
    EXPECT_EQ(base::masked("postgresql://app:secret@db/shop"), "postgresql://app:***@db/shop");
    EXPECT_EQ(base::masked("postgresql://app:s:e:c@db:5432/shop?x=1"),
              "postgresql://app:***@db:5432/shop?x=1");
    EXPECT_EQ(base::masked("mariadb://app:sec@ret@db/shop"), "mariadb://app:***@db/shop");
    EXPECT_EQ(base::masked("postgresql://:secret@db/shop"), "postgresql://:***@db/shop");
    EXPECT_EQ(base::masked("postgresql://app:@db/shop"), "postgresql://app:***@db/shop");
    EXPECT_EQ(base::masked("postgresql://app:secret@/shop"), "postgresql://app:***@/shop");
}

TEST(Url, APasswordWithASlashOrAQuestionMarkIsMaskedToo)
{
    EXPECT_EQ(base::masked("postgresql://app:se/cret@db/shop").find("cret"), std::string::npos);
    EXPECT_EQ(base::masked("postgresql://app:se?cret@db/shop").find("cret"), std::string::npos);
}

TEST(Url, APasswordAmongTheParametersIsMaskedToo)
{
    EXPECT_EQ(base::masked("postgresql://db/shop?user=app&password=secret&x=1").find("secret"),
              std::string::npos);
    EXPECT_EQ(base::masked("sqlite:x.db?PASSWORD=secret").find("secret"), std::string::npos);
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
        EXPECT_EQ(base::masked(url), url);
}

TEST(Url, ARefusalDoesNotShowThePassword)
{
    EXPECT_EQ(refusal("postgresql://app:secret@db/shop").find("secret"), std::string::npos);
    EXPECT_EQ(refusal("oracle://app:secret@db/shop").find("secret"), std::string::npos);
}

}  // namespace

}  // namespace tiebreak::detail
