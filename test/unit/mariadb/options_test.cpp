// What a URL says, and what is wrong with it.
#include "mariadb/options.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace tiebreak::mariadb {
namespace {

options read(std::string const& url)
{
    return options_of(base::parse_url(url), nullptr);
}

std::string refusal(std::string const& url)
{
    try {
        static_cast<void>(read(url));
    } catch (std::invalid_argument const& why) {
        return why.what();
    }
    return {};
}

TEST(MariaOptions, ASimpleUrlLeavesTheRestToTheClient)
{
    auto const how = read("mariadb://db/shop");
    ASSERT_EQ(how.servers.size(), 1U);
    EXPECT_EQ(how.servers[0].host, "db");
    EXPECT_EQ(how.servers[0].port, 0U);
    EXPECT_FALSE(how.user);
    EXPECT_FALSE(how.password);
    EXPECT_EQ(how.database, "shop");
    EXPECT_EQ(how.connect_timeout, std::chrono::seconds{5});
    EXPECT_FALSE(how.encrypted);
    EXPECT_FALSE(how.verified);
}

TEST(MariaOptions, EveryPartIsTaken)
{
    auto const how = read("mysql://app:s%40ecret@a:3307,[::1]/shop?connect_timeout=9&ssl_ca=ca.pem"
                          "&ssl_cert=c.pem&ssl_key=k.pem&read_default_file=/dev/null"
                          "&read_default_group=shop");
    ASSERT_EQ(how.servers.size(), 2U);
    EXPECT_EQ(how.servers[0].host, "a");
    EXPECT_EQ(how.servers[0].port, 3307U);
    EXPECT_EQ(how.servers[1].host, "::1");
    EXPECT_EQ(how.user, "app");
    EXPECT_EQ(how.password, "s@ecret");
    EXPECT_EQ(how.connect_timeout, std::chrono::seconds{9});
    EXPECT_TRUE(how.encrypted);
    EXPECT_TRUE(how.verified);
    EXPECT_EQ(how.authorities_file, "ca.pem");
    EXPECT_EQ(how.certificate_file, "c.pem");
    EXPECT_EQ(how.key_file, "k.pem");
    EXPECT_EQ(how.defaults_file, "/dev/null");
    EXPECT_EQ(how.defaults_group, "shop");
}

TEST(MariaOptions, ASocketTakesThePlaceOfAHost)
{
    auto const how = read("mariadb://app@localhost/shop?socket=/run/mysqld/mysqld.sock");
    ASSERT_EQ(how.servers.size(), 1U);
    EXPECT_EQ(how.servers[0].host, "");
    EXPECT_EQ(how.servers[0].socket, "/run/mysqld/mysqld.sock");
}

TEST(MariaOptions, EncryptionCanBeAskedForWithoutAFile)
{
    EXPECT_TRUE(read("mariadb://db/shop?tls=required").encrypted);
    EXPECT_FALSE(read("mariadb://db/shop?tls=required").verified);
    EXPECT_TRUE(read("mariadb://db/shop?tls=required&ssl_verify=on").verified);
    EXPECT_FALSE(read("mariadb://db/shop?ssl_ca=ca.pem&ssl_verify=off").verified);
}

TEST(MariaOptions, WhatIsWrongIsSaid)
{
    struct wrong {
        char const* url;
        char const* says;
    };

    constexpr wrong all[] = {
        {"mariadb:shop", "mariadb://user@host/database"},
        {"mariadb://db", "names no database"},
        {"mariadb://db/shop/more", "nothing but parameters"},
        {"mariadb://db:0/shop", "a port is a number from 1 to 65535"},
        {"mariadb://db:70000/shop", "a port is a number from 1 to 65535"},
        {"mariadb://db/shop?connect_timeout=0", "connect_timeout is a number from 1 to 300"},
        {"mariadb://db/shop?connect_timeout=5s", "connect_timeout is a number from 1 to 300"},
        {"mariadb://db/shop?tls=yes", "tls is required or off"},
        {"mariadb://db/shop?tls=off&ssl_ca=ca.pem", "need tls=required"},
        {"mariadb://db/shop?ssl_verify=on", "need tls=required"},
        {"mariadb://db/shop?ssl_cert=c.pem", "ssl_cert and ssl_key come together"},
        {"mariadb://db/shop?ssl_ca=", "ssl_ca is empty"},
        {"mariadb://a,b/shop?socket=/s", "either a socket or several hosts"},
        {"mariadb://u:p@db/shop?password_file=/f", "given twice"},
        {"mariadb://db/shop?password_file=/nowhere/at/all", "cannot be read"},
        {"mariadb://db/shop?read_default_file=/not/there.cnf", "cannot be read"},
        {"mariadb://db/shop?reconnect=on",
         "reconnect is unknown: table_prefix, pool, certainty, socket"},
    };
    for (auto const& one : all)
        EXPECT_NE(refusal(one.url).find(one.says), std::string::npos)
            << one.url << ": " << refusal(one.url);
}

TEST(MariaOptions, ARefusalHoldsNoPassword)
{
    EXPECT_EQ(refusal("mariadb://app:hunter2@db/shop?tls=maybe").find("hunter2"),
              std::string::npos);
}

}  // namespace
}  // namespace tiebreak::mariadb
