// The log: levels, replacement, and a sink that misbehaves.
#include <tiebreak/log.hpp>

#include <gtest/gtest.h>

#include <array>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace tiebreak {
namespace {

class Log : public testing::Test {
protected:
    ~Log() override
    {
        set_log_sink({});
        set_log_level(log_level::warning);
    }

    static void write(log_level level, std::string_view event, std::string_view text = "7")
    {
        std::array const fields{log_field{.name = "run_id", .value = text}};
        log(level, event, fields);
    }
};

TEST_F(Log, RecordsReachTheReplacedSinkWithTheirFields)
{
    std::vector<std::string> lines;
    set_log_sink([&](log_record const& record) {
        lines.push_back(std::string{record.event} + "/" + std::string{record.fields[0].name} + "=" +
                        std::string{record.fields[0].value});
    });
    write(log_level::warning, "lost");
    EXPECT_EQ(lines, std::vector<std::string>{"lost/run_id=7"});
}

TEST_F(Log, RecordsBelowTheLevelAreNotMade)
{
    int records = 0;
    set_log_sink([&](log_record const&) { ++records; });
    write(log_level::info, "quiet");
    EXPECT_EQ(records, 0);
    set_log_level(log_level::info);
    write(log_level::info, "loud");
    EXPECT_EQ(records, 1);
}

TEST_F(Log, ASinkThatThrowsHarmsNobody)
{
    set_log_sink([](log_record const&) { throw std::runtime_error("disk full"); });
    testing::internal::CaptureStderr();
    EXPECT_NO_THROW(write(log_level::error, "lost"));
    EXPECT_NE(testing::internal::GetCapturedStderr().find("a log record was lost"),
              std::string::npos);
}

TEST_F(Log, DefaultSinkWritesOneLineToStandardError)
{
    testing::internal::CaptureStderr();
    write(log_level::warning, "lost", "7\nfaked \x1b[31m\"line\"");
    auto const text = testing::internal::GetCapturedStderr();
    EXPECT_NE(text.find("lost run_id=\"7\\nfaked ?[31m\\\"line\\\"\""), std::string::npos) << text;
    EXPECT_EQ(text.find('\n'), text.size() - 1);
}

TEST_F(Log, SinkCanBeReplacedWhileOthersWrite)
{
    set_log_sink([](log_record const&) {});
    std::jthread const writer([](std::stop_token const& stopping) {
        while (!stopping.stop_requested())
            write(log_level::warning, "lost");
    });
    for (int i = 0; i < 1000; ++i)
        set_log_sink([](log_record const&) {});
}

}  // namespace
}  // namespace tiebreak
