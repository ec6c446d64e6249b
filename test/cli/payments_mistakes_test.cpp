// `tiebreak payments`: help, and one clear line for each mistake.
#include "cli/program.hpp"
#include "support/scripted_server.hpp"
#include "support/temporary_folder.hpp"

#include <gtest/gtest.h>

namespace tiebreak::test {

namespace {

class PaymentsMistakes : public testing::Test {
protected:
    program_answer run(std::vector<std::string> more, std::string const& listen = "127.0.0.1:0")
    {
        std::vector<std::string> all{"payments", "--listen", listen, "--db", url()};
        all.insert(all.end(), more.begin(), more.end());
        return run_program(all);
    }

    std::string url() { return "sqlite:" + folder_.file("books.db"); }

    static void expect_usage_error(program_answer const& answer, std::string_view word)
    {
        EXPECT_EQ(answer.exit_code, 2);
        EXPECT_TRUE(answer.out.empty()) << answer.out;
        EXPECT_EQ(lines_in(answer.err), 1U) << answer.err;
        EXPECT_NE(answer.err.find(word), std::string::npos) << answer.err;
    }

private:
    temporary_folder folder_;
};

TEST_F(PaymentsMistakes, HelpShowsExamples)
{
    auto const answer = run_program({"payments", "--help"});
    EXPECT_EQ(answer.exit_code, 0);
    for (auto const* word : {"Examples:",
                             "--listen",
                             "--db",
                             "--latency-ms",
                             "--decline-rate",
                             "--error-rate",
                             "--drop-reply-rate",
                             "--seed"})
        EXPECT_NE(answer.out.find(word), std::string::npos) << word;
}

TEST_F(PaymentsMistakes, EachIsOneLineAndTwo)
{
    expect_usage_error(run_program({"payments", "--db", url()}), "--listen");
    expect_usage_error(run_program({"payments", "--listen", "127.0.0.1:0"}), "--db");
    for (auto const* listen :
         {"8080", ":8080", "127.0.0.1", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:99999", "::1:80"})
        expect_usage_error(run({}, listen), "--listen");
    expect_usage_error(run({"--decline-rate", "1.5"}), "decline_rate");
    expect_usage_error(run({"--error-rate", "-1"}), "error_rate");
    expect_usage_error(run({"--drop-reply-rate", "nan"}), "drop_reply_rate");
    expect_usage_error(run({"--latency-ms", "fast"}), "--latency-ms");
    expect_usage_error(run({"--latency-ms", "500..100"}), "latency");
    expect_usage_error(run({"--seed", "-1"}), "--seed");
    expect_usage_error(run({"--fast"}), "--fast");
    expect_usage_error(
        run_program({"payments", "--listen", "127.0.0.1:0", "--db", "sqlite:/nowhere/x.db"}),
        "does not exist");
}

TEST_F(PaymentsMistakes, AnAddressThatIsTakenIsNamed)
{
    scripted_server const taken;
    expect_usage_error(run({}, "127.0.0.1:" + std::to_string(taken.port())),
                       std::to_string(taken.port()));
}

TEST_F(PaymentsMistakes, APasswordIsNeverShown)
{
    auto const answer = run_program({"payments",
                                     "--listen",
                                     "127.0.0.1:0",
                                     "--db",
                                     "postgresql://ada:s3cret@127.0.0.1:1/books"});
    EXPECT_EQ(answer.exit_code, 2);
    EXPECT_EQ((answer.out + answer.err).find("s3cret"), std::string::npos);
}

}  // namespace

}  // namespace tiebreak::test
