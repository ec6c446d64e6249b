// URLs of Redis: what they say, what is refused, and that no password is shown.
#include "redis/settings.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <unistd.h>

namespace tiebreak::detail {

namespace {

using std::chrono::milliseconds;

TEST(RedisUrl, NamesHostPortDatabaseAndLogin)
{
    auto const all = parse_redis_url("redis://app:s%40crt@cache.example:6380/3", {});
    EXPECT_EQ(all.host, "cache.example");
    EXPECT_EQ(all.port, 6380);
    EXPECT_EQ(all.database, 3);
    EXPECT_EQ(all.user, "app");
    EXPECT_EQ(all.password, "s@crt");
    EXPECT_EQ(all.shown, "redis://app:***@cache.example:6380/3");
    auto const least = parse_redis_url("redis://", {});
    EXPECT_EQ(least.host, "127.0.0.1");
    EXPECT_EQ(least.port, 6379);
    EXPECT_EQ(least.database, 0);
    auto const password_only = parse_redis_url("redis://:secret@localhost", {});
    EXPECT_EQ(password_only.user, "");
    EXPECT_EQ(password_only.password, "secret");
    EXPECT_EQ(password_only.shown.find("secret"), std::string::npos);
}

TEST(RedisUrl, NamesASocket)
{
    EXPECT_EQ(parse_redis_url("unix:/run/redis.sock", {}).socket, "/run/redis.sock");
    EXPECT_EQ(parse_redis_url("unix:///run/redis.sock?db=2", {}).socket, "/run/redis.sock");
    EXPECT_EQ(parse_redis_url("unix:///run/redis.sock?db=2", {}).database, 2);
}

TEST(RedisUrl, OverridesTheOptions)
{
    auto const options =
        parse_redis_url(
            "redis://h?connections=3&connect_timeout_ms=7&command_timeout_ms=9&key_prefix=a:",
            {.connections_max = 1, .failures_max = 4})
            .options;
    EXPECT_EQ(options.connections_max, 3);
    EXPECT_EQ(options.connect_timeout, milliseconds{7});
    EXPECT_EQ(options.command_timeout, milliseconds{9});
    EXPECT_EQ(options.failures_max, 4);
    EXPECT_EQ(options.key_prefix, "a:");
}

TEST(RedisUrl, TakesThePasswordFromAFileOrTheEnvironment)
{
    auto const path =
        std::filesystem::temp_directory_path() / ("redis_password_" + std::to_string(::getpid()));
    std::ofstream(path) << "from file\n";
    EXPECT_EQ(parse_redis_url("redis://h?password_file=" + path.string(), {}).password,
              "from file");
    std::filesystem::remove(path);
    ::setenv("TIEBREAK_TEST_REDIS_PASSWORD", "from environment", 1);
    EXPECT_EQ(parse_redis_url("redis://h?password_env=TIEBREAK_TEST_REDIS_PASSWORD", {}).password,
              "from environment");
    ::unsetenv("TIEBREAK_TEST_REDIS_PASSWORD");
}

TEST(RedisUrl, ThatIsWrongIsRefusedWithoutThePassword)
{
    for (std::string const url : {"",
                                  "redis",
                                  "rediss://h",
                                  "http://h",
                                  "postgresql://h",
                                  "redis://u:topsecret@a,b",
                                  "redis://u:topsecret@h:0",
                                  "redis://u:topsecret@h:65536",
                                  "redis://u:topsecret@h:port",
                                  "redis://u:topsecret@h/name",
                                  "redis://u:topsecret@h/-1",
                                  "redis://u:topsecret@h?what=1",
                                  "redis://u:topsecret@h?connections=0",
                                  "redis://u:topsecret@h?command_timeout_ms=x",
                                  "redis://h?password_file=/nowhere/at/all",
                                  "redis://h?password_env=TIEBREAK_TEST_NO_SUCH_VARIABLE",
                                  "unix:",
                                  "unix:relative.sock"}) {
        try {
            static_cast<void>(parse_redis_url(url, {}));
            ADD_FAILURE() << url;
        } catch (std::invalid_argument const& refused) {
            EXPECT_EQ(std::string{refused.what()}.find("topsecret"), std::string::npos);
        }
    }
}

TEST(RedisUrl, RefusesOptionsOutOfRange)
{
    for (redis_options const& wrong : {redis_options{.connections_max = 0},
                                       redis_options{.connect_timeout = milliseconds{0}},
                                       redis_options{.command_timeout = milliseconds{0}},
                                       redis_options{.failures_max = 0},
                                       redis_options{.rest = milliseconds{0}},
                                       redis_options{.key_prefix = std::string(101, 'x')}})
        EXPECT_THROW(static_cast<void>(parse_redis_url("redis://h", wrong)), std::invalid_argument);
}

}  // namespace

}  // namespace tiebreak::detail
