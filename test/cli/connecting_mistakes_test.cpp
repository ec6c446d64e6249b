// A server that cannot be had: one clear line that says why, exit code 2, and never the password.
#include "cli/canary_user.hpp"
#include "cli/started_program.hpp"
#include "support/engines.hpp"
#include "support/loopback.hpp"

#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace tiebreak::test {

namespace {

class ConnectingMistake : public testing::TestWithParam<engine_case> {
protected:
    void SetUp() override
    {
        if (GetParam().url.empty())
            GTEST_FAIL() << "no " << GetParam().name << " server is named, and all are required";
        canary_.emplace(GetParam());
        right_ = canary_->way_to(GetParam().url);
    }

    [[nodiscard]] bool is_mariadb() const { return canary_->is_on_mariadb(); }

    using commands = std::vector<std::vector<std::string>>;

    // What every command that needs the database says.
    static void expect_one_line(server_address const& wrong,
                                std::string const& says,
                                commands const& of = {
                                    {"race", "--quiet"}, {"schema", "check"}, {"schema", "apply"}})
    {
        for (auto const& command : of) {
            auto arguments = command;
            arguments.insert(arguments.end(), {"--db", wrong.url()});
            auto const answer = run_program(arguments);
            SCOPED_TRACE(command.front() + " " + command.back() + ": " + answer.err);
            EXPECT_EQ(answer.exit_code, 2);
            EXPECT_EQ(answer.out, "");
            EXPECT_EQ(lines_in(answer.err), 1U);
            EXPECT_NE(answer.err.find(says), std::string::npos);
            EXPECT_EQ(answer.err.find(canary_user::password), std::string::npos);
        }
    }

    std::optional<canary_user> canary_;
    server_address right_;
};

TEST_P(ConnectingMistake, OfAnUnknownHostNamesIt)
{
    right_.place = "no-such-host.invalid:5000";
    expect_one_line(right_, "no-such-host.invalid");
}

TEST_P(ConnectingMistake, OfAPortWhereNobodyListensNamesTheMachine)
{
    right_.place = "127.0.0.1:1";
    expect_one_line(right_, "cannot be reached");
}

TEST_P(ConnectingMistake, OfTheWrongPasswordNamesTheUser)
{
    right_.password += "x";
    expect_one_line(right_, right_.user);
}

TEST_P(ConnectingMistake, OfAMissingDatabaseNamesIt)
{
    right_.name = "no_such_database";
    expect_one_line(right_, "no_such_database");
}

TEST_P(ConnectingMistake, OfAMissingSchemaSaysSo)
{
    if (is_mariadb())
        right_.name = "no_such_schema";  // a schema is a database there
    else
        right_.parameters = "options=-csearch_path%3Dno_such_schema";
    expect_one_line(right_, "schema", {{"race", "--quiet"}, {"schema", "apply"}});
}

TEST_P(ConnectingMistake, OfAServerThatNeverAnswersEndsAtTheConnectLimit)
{
    loopback_port const silent(loopback_port::kind::listens);
    right_.place = silent.place();
    right_.parameters = "connect_timeout=1";
    expect_one_line(right_, "did not answer in time");
}

TEST_P(ConnectingMistake, OfAServerWithoutAFreeConnectionSaysSo)
{
    canary_->administer(is_mariadb() ? "ALTER USER " + right_.user + " WITH MAX_USER_CONNECTIONS 1"
                                     : "ALTER ROLE " + right_.user + " CONNECTION LIMIT 1");
    database const only(right_.url(), {.connections_max = 1});
    expect_one_line(right_, right_.user);
}

TEST_P(ConnectingMistake, DoesNotShowThePasswordAmongTheProgramsArguments)
{
    loopback_port const silent(loopback_port::kind::listens);
    right_.place = silent.place();
    started_program const running({"race", "--db", right_.url()});
    std::string shown;
    while (shown.find("***") == std::string::npos) {
        shown = arguments_of(running.id());
        // empty for a moment while the program is being started
        ASSERT_EQ(running.written(), "") << "the program has ended";
        std::this_thread::yield();
    }
    EXPECT_EQ(shown.find(canary_user::password), std::string::npos) << shown;
    EXPECT_NE(shown.find(right_.user), std::string::npos) << shown;
}

TIEBREAK_ON_SERVERS(ConnectingMistake);

}  // namespace

}  // namespace tiebreak::test
