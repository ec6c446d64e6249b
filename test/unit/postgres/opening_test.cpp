// Opening: what a URL may say, what is refused, and one clear line for each way to fail.
#include "fixture.hpp"
#include "postgres/opening.hpp"
#include "support/fault_proxy.hpp"
#include "support/loopback.hpp"
#include "support/temporary_folder.hpp"

#include <algorithm>
#include <fstream>
#include <map>

namespace tiebreak::postgres {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

settings told(std::string const& url)
{
    return settings_of(base::parse_url(url), nullptr);
}

std::string common(settings const& of, std::string const& name)
{
    auto const found =
        std::ranges::find(of.common, name, &std::pair<std::string, std::string>::first);
    return found == of.common.end() ? "" : found->second;
}

std::string refusal_of(std::string const& url)
{
    try {
        static_cast<void>(told(url));
    } catch (std::invalid_argument const& e) {
        return e.what();
    }
    ADD_FAILURE() << url << " was accepted";
    return {};
}

TEST(PostgresUrl, NamesUserPasswordAndDatabase)
{
    auto const of = told("postgresql://app:s%40cret@db:5433/shop");
    EXPECT_EQ(common(of, "user"), "app");
    EXPECT_EQ(common(of, "password"), "s@cret");
    EXPECT_EQ(common(of, "dbname"), "shop");
    EXPECT_EQ(of.hosts, (std::vector<keywords>{{{"host", "db"}, {"port", "5433"}}}));
    EXPECT_EQ(of.connect_limit, seconds{5});
    EXPECT_EQ(common(of, "application_name"), "tiebreak");
    EXPECT_EQ(common(of, "client_encoding"), "UTF8");
    EXPECT_EQ(common(of, "keepalives_idle"), "10");
}

TEST(PostgresUrl, NamesSeveralHostsAndThenWantsTheOneThatTakesWrites)
{
    auto const of = told("postgresql://a:1,b,[::1]:3/shop?connect_timeout=2&sslmode=verify-full");
    EXPECT_EQ(of.hosts,
              (std::vector<keywords>{{{"host", "a"}, {"port", "1"}},
                                     {{"host", "b"}},
                                     {{"host", "::1"}, {"port", "3"}}}));
    EXPECT_EQ(common(of, "target_session_attrs"), "read-write");
    EXPECT_FALSE(of.may_be_read_only);
    EXPECT_EQ(of.connect_limit, seconds{2});
    EXPECT_EQ(common(of, "sslmode"), "verify-full");
    auto const standby = told("postgresql://a,b/shop?target_session_attrs=prefer-standby");
    EXPECT_TRUE(standby.may_be_read_only);
    EXPECT_TRUE(standby.prefers_standby);
}

TEST(PostgresUrl, TakesHostsFromItsParameters)
{
    auto const of = told("postgresql:///shop?host=/run/postgresql&port=5433");
    EXPECT_EQ(of.hosts, (std::vector<keywords>{{{"host", "/run/postgresql"}, {"port", "5433"}}}));
    EXPECT_EQ(told("postgresql:///shop").hosts, (std::vector<keywords>{{}}));
    EXPECT_EQ(told("postgresql:///shop?hostaddr=127.0.0.1,::1&port=1").hosts.size(), 2U);
    EXPECT_NE(refusal_of("postgresql:///shop?host=a,b,c&port=1,2").find("equally long"),
              std::string::npos);
}

TEST(PostgresUrl, KeepsTheUsersOptionsBetweenItsOwn)
{
    auto const options =
        common(told("postgresql://db/shop?options=-c%20search_path%3Dx"), "options");
    auto const at = options.find("-c search_path=x");
    ASSERT_NE(at, std::string::npos);
    EXPECT_LT(options.find("tcp_keepalives_idle"), at);
    EXPECT_GT(options.find("statement_timeout=0"), at);
}

TEST(PostgresUrl, AnUnknownParameterIsRefusedWithThoseThatAreKnown)
{
    auto const why = refusal_of("postgresql://db/shop?sslmod=require");
    EXPECT_TRUE(why.starts_with("the URL parameter sslmod is unknown; known are ")) << why;
    for (auto const* known : {"sslmode", "sslrootcert", "password_file", "service", "passfile"})
        EXPECT_NE(why.find(known), std::string::npos) << known;
    refusal_of("postgresql://db/shop?replication=database");
    refusal_of("postgresql://db/shop?client_encoding=latin1");
    refusal_of("postgresql://db/shop?connect_timeout=soon");
    refusal_of("postgresql://u:p@db/shop?password_file=/nowhere");
    refusal_of("postgresql://u@db/shop?password_file=/nowhere");
}

TEST(PostgresUrl, TakesThePasswordFromAFile)
{
    test::temporary_folder const folder;
    std::ofstream(folder.file("password")) << "se cret\n";
    auto const of = told("postgresql://app@db/shop?password_file=" + folder.file("password"));
    EXPECT_EQ(common(of, "password"), "se cret");
}

class PostgresOpening : public PostgresServer {
protected:
    // The URL of the server with some of its parts changed.
    [[nodiscard]] std::unique_ptr<sql::engine>
    changed(std::function<void(base::url&)> const& change) const
    {
        auto parts = base::parse_url(url());
        change(parts);
        return open_engine(parts, nullptr);
    }

    [[nodiscard]] static error failure_of(sql::engine const& to, milliseconds within = seconds{20})
    {
        auto const e = error_of([&] { static_cast<void>(to.open(in(within))); });
        EXPECT_EQ(e.when(), phase::connecting);
        EXPECT_EQ(std::string_view{e.what()}.find('\n'), std::string_view::npos);
        EXPECT_EQ(e.server_message().find('\n'), std::string_view::npos);
        return e;
    }
};

TEST_F(PostgresOpening, SetsWhatThePromisesStandOn)
{
    auto const on = open();
    std::map<std::string, std::string> const wanted{
        {"default_transaction_isolation", "read committed"},
        {"statement_timeout", "0"},
        {"lock_timeout", "0"},
        {"client_encoding", "UTF8"},
        {"idle_in_transaction_session_timeout", "5min"},
        {"application_name", "tiebreak"},
    };
    for (auto const& [name, expected] : wanted)
        EXPECT_EQ(text_of(*on, "SELECT current_setting('" + name + "')"), expected) << name;
    EXPECT_EQ(on->engine_version().find(' '), std::string::npos);
    EXPECT_EQ(on->speaks().engine(), "postgresql");
}

TEST_F(PostgresOpening, AWrongPasswordIsNamedAndNotShown)
{
    auto const e = failure_of(*changed([](auto& parts) { parts.password = "wr0ng-one"; }));
    EXPECT_EQ(e.code(), errc::backend_failure);
    EXPECT_STREQ(e.what(), "the database server refused the user name or the password");
    EXPECT_TRUE(names_code(e, "28P01")) << e.server_message();
    EXPECT_EQ(e.server_message().find("wr0ng-one"), std::string_view::npos);
}

TEST_F(PostgresOpening, AMissingPasswordIsNamed)
{
    auto const e = failure_of(*changed([](auto& parts) { parts.password.reset(); }));
    EXPECT_EQ(e.code(), errc::backend_failure);
    EXPECT_STREQ(e.what(), "the database server asks for a password, and none was given");
}

TEST_F(PostgresOpening, AUserThatMayNotLogInIsNamed)
{
    ask("CREATE ROLE " + schema_ + " NOLOGIN PASSWORD 'x'");
    auto const e = failure_of(*changed([&](auto& parts) {
        parts.user = schema_;
        parts.password = "x";
    }));
    EXPECT_EQ(e.code(), errc::backend_failure);
    EXPECT_STREQ(e.what(), "the database server refused the user name or the password");
    EXPECT_TRUE(names_code(e, "28000")) << e.server_message();
    ask("DROP ROLE " + schema_);
}

TEST_F(PostgresOpening, AMissingDatabaseIsNamed)
{
    auto const e = failure_of(*changed([](auto& parts) { parts.database = "missing"; }));
    EXPECT_EQ(e.code(), errc::backend_failure);
    EXPECT_STREQ(e.what(), "there is no such database");
    EXPECT_TRUE(names_code(e, "3D000"));
}

TEST_F(PostgresOpening, AServerThatIsNotThereIsUnavailable)
{
    auto const nobody = [](auto& parts) { parts.hosts = {{"127.0.0.1", "1"}}; };
    auto const e = failure_of(*changed(nobody));
    EXPECT_EQ(e.code(), errc::unavailable);
    EXPECT_STREQ(e.what(), "the database server cannot be reached");
    auto const no_socket = [](auto& parts) {
        parts.hosts.clear();
        parts.parameters.emplace_back("host", "/nowhere");
    };
    EXPECT_EQ(failure_of(*changed(no_socket)).code(), errc::unavailable);
    auto const no_name = [](auto& parts) { parts.hosts = {{"no-such-host.invalid", ""}}; };
    EXPECT_EQ(failure_of(*changed(no_name)).code(), errc::unavailable);
}

TEST_F(PostgresOpening, AServerThatSaysNothingIsWaitedForUntilTheDeadline)
{
    test::loopback_port const silent(test::loopback_port::kind::listens);
    auto const mute = changed([&](auto& parts) {
        parts.hosts = {{"127.0.0.1", std::to_string(silent.number())}};
    });
    auto const start = std::chrono::steady_clock::now();
    auto const e = failure_of(*mute, milliseconds{50});
    EXPECT_EQ(e.code(), errc::unavailable);
    EXPECT_STREQ(e.what(), "the database server did not answer in time");
    EXPECT_LT(std::chrono::steady_clock::now() - start, seconds{2});
}

TEST_F(PostgresOpening, TheNextHostIsTriedWhenOneIsNotThereOrSilent)
{
    test::loopback_port const silent(test::loopback_port::kind::listens);
    auto const several = changed([&](auto& parts) {
        parts.hosts.insert(parts.hosts.begin(), {"127.0.0.1", "1"});
        parts.hosts.insert(parts.hosts.begin(), {"127.0.0.1", std::to_string(silent.number())});
        parts.parameters.emplace_back("connect_timeout", "1");
    });
    EXPECT_TRUE(several->open(in(seconds{20}))->alive());
}

TEST_F(PostgresOpening, AServerThatTakesNoWritesIsUnavailableUnlessOneIsAskedFor)
{
    ask("CREATE ROLE " + schema_ + " LOGIN PASSWORD 'x'");
    ask("ALTER ROLE " + schema_ + " SET default_transaction_read_only = on");
    auto const reader = [&](auto& parts) {
        parts.user = schema_;
        parts.password = "x";
    };
    auto const e = failure_of(*changed(reader));
    EXPECT_EQ(e.code(), errc::unavailable);
    EXPECT_STREQ(e.what(), "the database server accepts no writing");
    auto const willing = changed([&](auto& parts) {
        reader(parts);
        parts.parameters.emplace_back("target_session_attrs", "any");
    });
    auto const on = willing->open(in(seconds{20}));
    EXPECT_EQ(number(*on, "SELECT 1"), 1);
    EXPECT_EQ(error_of([&] { run(*on, "CREATE TABLE t(a int)"); }).code(), errc::unavailable);
    EXPECT_TRUE(on->alive()) << "it was asked for";
    ask("DROP ROLE " + schema_);
}

TEST_F(PostgresOpening, AServerWithoutAFreeConnectionIsUnavailable)
{
    ask("CREATE ROLE " + schema_ + " LOGIN PASSWORD 'x' CONNECTION LIMIT 1");
    auto const limited = changed([&](auto& parts) {
        parts.user = schema_;
        parts.password = "x";
    });
    {
        auto const only = limited->open(in(seconds{20}));
        auto const e = failure_of(*limited);
        EXPECT_EQ(e.code(), errc::unavailable);
        EXPECT_STREQ(e.what(), "the database server has no connection left");
        EXPECT_TRUE(names_code(e, "53300")) << e.server_message();
    }
    ask("DROP ROLE " + schema_);
}

TEST_F(PostgresOpening, AServerThatStopsTakingWritesIsLeft)
{
    make_counter();
    auto const on = open();
    run(*on, "SET default_transaction_read_only = on");  // as after a failover
    EXPECT_EQ(error_of([&] { run(*on, add_one); }).code(), errc::unavailable);
    EXPECT_FALSE(on->alive()) << "another one may take them";
}

TEST_F(PostgresOpening, ALimitOnIdlingThatTheServerHasIsKept)
{
    auto const on = open("application_name=mine&keepalives=0");
    EXPECT_EQ(text_of(*on, "SELECT current_setting('application_name')"), "mine");
    ask("CREATE ROLE " + schema_ + " LOGIN PASSWORD 'x'");
    ask("ALTER ROLE " + schema_ + " SET idle_in_transaction_session_timeout = '7s'");
    auto const strict = changed([&](auto& parts) {
        parts.user = schema_;
        parts.password = "x";
    });
    EXPECT_EQ(text_of(*strict->open(in(seconds{20})),
                      "SELECT current_setting('idle_in_transaction_session_timeout')"),
              "7s");
    ask("DROP ROLE " + schema_);
}

bool has(std::vector<sql::finding> const& all, bool weakens, std::string_view part)
{
    return std::ranges::any_of(all, [&](sql::finding const& one) {
        return one.weakens == weakens && one.text.find(part) != std::string::npos;
    });
}

class PostgresChecks : public PostgresServer {};

TEST_F(PostgresChecks, SayWhatIsGuaranteedAndWhatWeakensIt)
{
    auto const from = engine("sslmode=disable");
    auto const on = from->open(in(seconds{20}));
    auto const found = from->check(*on);
    EXPECT_TRUE(has(found, false, "PostgreSQL " + on->engine_version()));
    EXPECT_TRUE(has(found, false, "survives a crash once it is answered"));
    EXPECT_TRUE(has(found, true, "no synchronous standby"));
    EXPECT_TRUE(has(found, true, "the connection is not encrypted"));
    run(*on, "SET synchronous_commit = off");
    EXPECT_TRUE(has(from->check(*on), true, "synchronous_commit is off"));
    run(*on, "SET default_transaction_read_only = on");
    EXPECT_TRUE(has(from->check(*on), true, "default_transaction_read_only is on"));
}

}  // namespace
}  // namespace tiebreak::postgres
