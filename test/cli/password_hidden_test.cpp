// Commands that succeed on a server: its password is in no output, no file and no list of
// processes.
#include "cli/canary_user.hpp"
#include "cli/started_program.hpp"
#include "support/engines.hpp"
#include "support/temporary_folder.hpp"
#include "systems/runs/runs.hpp"

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace tiebreak::test {

namespace {

class PasswordOfAServer : public engine_test {
protected:
    void SetUp() override
    {
        engine_test::SetUp();
        if (HasFatalFailure())
            return;
        canary_.emplace(GetParam());
        canary_->own(fresh());
        url_ = canary_->way_to(fresh().url()).url();
    }

    void TearDown() override
    {
        engine_test::TearDown();  // first the tables that the user owns
        canary_.reset();
    }

    [[nodiscard]] std::vector<std::string> on_server(std::vector<std::string> words) const
    {
        words.insert(words.end(), {"--db", url_});
        return words;
    }

    // Runs it to its good end.
    program_answer succeed(std::vector<std::string> const& words) const
    {
        auto answer = run_program(on_server(words));
        EXPECT_EQ(answer.exit_code, 0) << answer.err;
        expect_hidden(answer.out);
        expect_hidden(answer.err);
        return answer;
    }

    static void expect_hidden(std::string_view text)
    {
        EXPECT_FALSE(text.find(canary_user::password) != std::string_view::npos) << text;
    }

    // Somebody may know where the program works, and as whom.
    void expect_shown_without_it(std::string const& text) const
    {
        EXPECT_TRUE(contains(text, "***")) << text;
        EXPECT_TRUE(contains(text, canary_->name())) << text;
        expect_hidden(text);
    }

    std::string url_;

private:
    std::optional<canary_user> canary_;
};

std::string text_in(std::filesystem::path const& path)
{
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

TEST_P(PasswordOfAServer, IsInNoReportOfARace)
{
    temporary_folder const folder;
    auto const answer = succeed({"race",
                                 "--users",
                                 "20",
                                 "--stock",
                                 "5",
                                 "--strategy",
                                 "naive,optimistic",
                                 "--processes",
                                 "2",
                                 "--threads",
                                 "2",
                                 "--json",
                                 folder.file("race.json"),
                                 "--html",
                                 folder.file("race.html")});
    expect_shown_without_it(answer.out);
    for (auto const* name : {"race.json", "race.html"}) {
        auto const report = text_in(folder.file(name));
        EXPECT_TRUE(contains(report, "optimistic")) << name;
        expect_hidden(report);
    }
}

TEST_P(PasswordOfAServer, IsNotAmongTheArgumentsOfARaceAndItsRacers)
{
    started_program race(on_server({"race",
                                    "--users",
                                    "5000",
                                    "--threads",
                                    "2",
                                    "--strategy",
                                    "conditional",
                                    "--think",
                                    "200"}));
    race.wait_for_children(4);
    auto processes = race.children();
    EXPECT_GE(processes.size(), 4U);
    processes.push_back(race.id());
    for (auto const process : processes)
        expect_shown_without_it(arguments_of(process));
    race.send(SIGINT);
    auto const answer = race.wait();
    EXPECT_EQ(answer.exit_code, 128 + SIGINT);
    expect_hidden(answer.out);
    expect_hidden(answer.err);
}

TEST_P(PasswordOfAServer, IsNotSaidWhenTheSchemaIsAppliedAndChecked)
{
    succeed({"schema", "apply"});
    auto const checked = run_program(on_server({"schema", "check"}));
    EXPECT_TRUE(checked.exit_code == 0 || checked.exit_code == 1) << checked.err;
    EXPECT_TRUE(contains(checked.out, "schema: all")) << "a server may be weak, the schema not";
    expect_shown_without_it(checked.out);
    expect_hidden(checked.err);
}

TEST_P(PasswordOfAServer, IsNeitherSaidByAWorkerNorKnownToItsCommand)
{
    succeed({"schema", "apply"});
    std::int64_t run = 0;
    {
        database in(url_, {.connections_max = 1});
        ASSERT_EQ(std::get<outcome>(systems::runs::open_budget(in, "acme", 100)), outcome::won);
        run = std::get<systems::runs::run>(
                  systems::runs::submit(in, {.tenant_id = "acme", .payload = "x", .budget = 100}))
                  .run_id;
    }
    // The result is the arguments of the worker and the command's environment.
    auto const answer = succeed({"work",
                                 "--once",
                                 "--tenant",
                                 "acme",
                                 "--exec",
                                 "cat /proc/$PPID/cmdline /proc/self/environ | tr '\\0' '\\n'"});
    EXPECT_EQ(answer.out, "1 run: 1 COMPLETED\n");
    database in(url_, {.connections_max = 1});
    auto const row = repository<systems::runs::run>(in).find(run);
    expect_shown_without_it(row->result.value_or(""));
}

TIEBREAK_ON_SERVERS(PasswordOfAServer);

}  // namespace

}  // namespace tiebreak::test
