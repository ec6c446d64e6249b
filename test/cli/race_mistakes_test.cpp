// What a person can get wrong with `tiebreak race`: one clear line each, and exit code 2.
#include "cli/program.hpp"
#include "support/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <vector>

namespace tiebreak::test {

namespace {

struct mistake {
    std::string name{};
    std::vector<std::string> arguments{};
    std::string says{};  // part of the line
};

void PrintTo(mistake const& of, std::ostream* out)
{
    *out << of.name;
}

class RaceMistake : public testing::TestWithParam<mistake> {};

TEST_P(RaceMistake, IsOneLineThatSaysWhatToChange)
{
    auto const answer = run_program(GetParam().arguments);
    EXPECT_EQ(answer.exit_code, 2);
    EXPECT_EQ(answer.out, "");
    EXPECT_EQ(lines_in(answer.err), 1U) << answer.err;
    EXPECT_NE(answer.err.find(GetParam().says), std::string::npos) << answer.err;
    EXPECT_EQ(answer.err.find("secret"), std::string::npos) << answer.err;
}

std::vector<mistake> const mistakes{
    {"NoSubcommand", {}, "subcommand"},
    {"UnknownSubcommand", {"rase"}, "no subcommand 'rase'"},
    {"NoTenant", {"work", "--db", "sqlite::memory:", "--exec", "x"}, "--tenant"},
    {"NoCommand", {"work", "--db", "sqlite::memory:", "--tenant", "x"}, "--exec"},
    {"EmptyCommand", {"work", "--db", "sqlite::memory:", "--tenant", "x", "--exec", ""}, "--exec"},
    {"WorkNowhere", {"work", "--tenant", "x", "--exec", "x"}, "--db"},
    {"NoConcurrency", {"work", "--tenant", "x", "--exec", "x", "--concurrency", "0"}, "--conc"},
    {"NoLease", {"work", "--tenant", "x", "--exec", "x", "--lease", "0"}, "--lease"},
    {"LeaseThatIsNoNumber", {"work", "--tenant", "x", "--exec", "x", "--lease", "nan"}, "--lease"},
    {"SlowHeart",
     {"work", "--tenant", "x", "--exec", "x", "--lease", "10", "--heartbeat", "5"},
     "--heartbeat"},
    {"NegativeGrace", {"work", "--tenant", "x", "--exec", "x", "--grace", "-1"}, "--grace"},
    {"NoPause", {"reap", "--db", "sqlite::memory:", "--every", "0"}, "--every"},
    {"OnceAndAgain", {"reap", "--once", "--every", "5"}, "--once"},
    {"WorkWithoutTables",
     {"work", "--db", "sqlite::memory:", "--tenant", "x", "--exec", "x"},
     "schema apply"},
    {"ReapWithoutTables", {"reap", "--db", "sqlite::memory:", "--once"}, "schema apply"},
    {"NoPort", {"serve", "--db", "sqlite::memory:", "--listen", "x"}, "HOST:PORT"},
    {"OpenWithoutTokens",
     {"serve", "--db", "sqlite::memory:", "--listen", "0.0.0.0:0"},
     "--token-file"},
    {"ControlOutsideTheLab",
     {"serve", "--db", "sqlite::memory:", "--coupon-strategy", "naive"},
     "--lab"},
    {"NoTokenFile", {"serve", "--db", "sqlite::memory:", "--token-file", "/nowhere"}, "/nowhere"},
    {"TenantWithSpace", {"token", "a b"}, "no space"},
    {"UnknownFlag", {"race", "--userz", "5"}, "--userz"},
    {"UnknownScenario", {"race", "lottery"}, "coupon, book, ticket or run"},
    {"TwoScenarios", {"race", "coupon", "book"}, "book"},
    {"NoUsers", {"race", "--users", "0"}, "--users"},
    {"NegativeUsers", {"race", "--users", "-5"}, "--users"},
    {"WordForANumber", {"race", "--users", "many"}, "--users"},
    {"NumberTooLarge", {"race", "--users", "99999999999999999999"}, "--users"},
    {"NoStock", {"race", "--stock", "0"}, "--stock"},
    {"NoProcesses", {"race", "--processes", "0"}, "--processes"},
    {"NoThreads", {"race", "--threads", "0"}, "--threads"},
    {"NoAttempts", {"race", "--attempts", "0"}, "--attempts"},
    {"NoTime", {"race", "--deadline", "0"}, "--deadline"},
    {"TimeThatIsNoNumber", {"race", "--deadline", "nan"}, "--deadline"},
    {"NegativeThinking", {"race", "--think", "-1"}, "--think"},
    {"NegativeSeed", {"race", "--seed", "-1"}, "--seed"},
    {"UnknownIsolation", {"race", "--isolation", "total"}, "--isolation"},
    {"UnknownStrategy", {"race", "--strategy", "luck"}, "naive, in_process"},
    {"OtherEngine", {"race", "--strategy", "insert_first"}, "MariaDB"},
    {"StrategyWithoutItsRedis", {"race", "ticket", "--strategy", "redis_cas"}, "--redis"},
    {"ControlWithoutPause", {"race", "run", "--strategy", "unfenced"}, "--pause"},
    {"UnknownTransport", {"race", "--via", "pigeon"}, "library or http"},
    {"HttpInMemory",
     {"race", "--via", "http", "--processes", "1", "--db", "sqlite::memory:"},
     "--via http"},
    {"KillCoupons", {"race", "coupon", "--kill"}, "--kill"},
    {"RedisForCoupons", {"race", "--redis", "redis://:secret@host"}, "race ticket"},
    {"NoSuchRedis",
     {"race", "ticket", "--strategy", "redis_cas", "--redis", "redis://:secret@127.0.0.1:1"},
     "no answer"},
    {"WrongRedis",
     {"race", "ticket", "--strategy", "redis_cas", "--redis", "http://:secret@host"},
     "redis://"},
    {"RateAboveOne", {"race", "ticket", "--error-rate", "2"}, "--error-rate"},
    {"FaultsWithoutProvider", {"race", "--error-rate", "0.1"}, "race ticket"},
    {"LatencyBackwards", {"race", "ticket", "--latency-ms", "9..1"}, "--latency-ms"},
    {"LatencyThatIsNoRange", {"race", "ticket", "--latency-ms", "x..1"}, "--latency-ms"},
    {"KillWithoutWorkers", {"race", "--kill"}, "race run"},
    {"UnknownEngine", {"race", "--db", "oracle:secret"}, "sqlite:FILE"},
    {"UnreachableServer", {"race", "--db", "postgresql://me:secret@127.0.0.1:1/db"}, "--db"},
    {"NoSuchFolder", {"race", "--db", "sqlite:/no/such/folder/x.db"}, "--db"},
    {"FolderForAFile", {"race", "--db", "sqlite:/"}, "--db"},
    {"ForeignPrefix", {"race", "--db", "sqlite:x.db?table_prefix=y_"}, "table_prefix"},
    {"MemoryOfSeveralProcesses", {"race", "--db", "sqlite::memory:"}, "--processes 1"},
    {"ReportNowhere", {"race", "--html", "/no/such/folder/report.html"}, "--html"},
    {"TwoOutputsInOne", {"race", "--json", "-", "--html", "-"}, "standard output"},
};

INSTANTIATE_TEST_SUITE_P(Each, RaceMistake, testing::ValuesIn(mistakes), [](auto const& one) {
    return one.param.name;
});

TEST(RaceMistakes, AFileThatIsNoDatabaseIsRefusedAndStaysAsItWas)
{
    temporary_folder const folder;
    auto const path = folder.file("letter.txt");
    std::string const text =
        "Dear database, this is a letter and not one of you. " + std::string(4'000, '.');
    std::ofstream(path) << text;
    auto const answer = run_program({"race", "--db", "sqlite:" + path});
    EXPECT_EQ(answer.exit_code, 2);
    EXPECT_EQ(lines_in(answer.err), 1U) << answer.err;
    EXPECT_NE(answer.err.find("not a SQLite database"), std::string::npos) << answer.err;
    std::ifstream file(path);
    std::string now;
    std::getline(file, now);
    EXPECT_EQ(now, text);
}

TEST(RaceMistakes, NowhereToPutTemporaryFilesNamesTheVariable)
{
    auto const answer = run_program({"race"}, {{"TMPDIR", "/no/such/folder"}});
    EXPECT_EQ(answer.exit_code, 2);
    EXPECT_NE(answer.err.find("TMPDIR"), std::string::npos) << answer.err;
}

TEST(RaceHelp, HasExamplesAndAVersion)
{
    auto const help = run_program({"race", "--help"});
    EXPECT_EQ(help.exit_code, 0);
    EXPECT_NE(help.out.find("tiebreak race run --kill --pause"), std::string::npos);
    auto const version = run_program({"--version"});
    EXPECT_EQ(version.exit_code, 0);
    EXPECT_EQ(version.out.rfind("tiebreak ", 0), 0U);
}

}  // namespace

}  // namespace tiebreak::test
