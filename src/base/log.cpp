// Where log records go. The sink is replaced under a mutex and called outside of it, so a slow
// sink keeps nobody from replacing it; the default one writes one line a record to standard error.
#include <tiebreak/log.hpp>

#include <atomic>
#include <cstdio>
#include <memory>
#include <mutex>
#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <string>
#include <utility>

namespace tiebreak {

namespace {

std::atomic<log_level> least_level{log_level::warning};

struct shared_sink {
    std::mutex mutex{};
    std::shared_ptr<log_sink const> replaced{};
};

// Never destroyed: destructors of other static objects may still log.
shared_sink& current()
{
    static auto& sink = *new shared_sink;
    return sink;
}

spdlog::level::level_enum level_of(log_level level) noexcept
{
    switch (level) {
    case log_level::debug: return spdlog::level::debug;
    case log_level::info: return spdlog::level::info;
    case log_level::warning: return spdlog::level::warn;
    case log_level::error: return spdlog::level::err;
    }
    return spdlog::level::err;
}

// Values may come from users: quoting keeps one record on one line and its fields apart.
void append_value(std::string& line, std::string_view text)
{
    if (!text.empty() && text.find_first_of(" \"=\\\n\r\t") == std::string_view::npos &&
        text.find('\x1b') == std::string_view::npos) {
        line += text;
        return;
    }
    line += '"';
    for (char const c : text) {
        if (c == '"' || c == '\\')
            line += '\\';
        if (c == '\n')
            line += "\\n";
        else if (static_cast<unsigned char>(c) < ' ')
            line += '?';
        else
            line += c;
    }
    line += '"';
}

spdlog::logger& default_logger()
{
    static auto& logger = *[] {
        auto sink = std::make_shared<spdlog::sinks::stderr_color_sink_mt>();
        auto* const made = new spdlog::logger("tiebreak", std::move(sink));
        made->set_level(spdlog::level::trace);  // the level is decided before a record is made
        made->set_pattern("%Y-%m-%dT%H:%M:%S.%f%z %^%l%$ %n %v");
        return made;
    }();
    return logger;
}

void write(log_record const& record)
{
    std::string line{record.event};
    for (auto const& field : record.fields) {
        line += ' ';
        line += field.name;
        line += '=';
        append_value(line, field.value);
    }
    default_logger().log(level_of(record.level), spdlog::string_view_t{line.data(), line.size()});
}

}  // namespace

void set_log_sink(log_sink sink)
{
    auto next = sink ? std::make_shared<log_sink const>(std::move(sink)) : nullptr;
    std::scoped_lock const hold(current().mutex);
    current().replaced.swap(next);
}

void set_log_level(log_level least) noexcept
{
    least_level.store(least, std::memory_order_relaxed);
}

void log(log_level level, std::string_view event, std::span<log_field const> fields) noexcept
try {
    if (level < least_level.load(std::memory_order_relaxed))
        return;
    std::shared_ptr<log_sink const> sink;
    {
        std::scoped_lock const hold(current().mutex);
        sink = current().replaced;
    }
    log_record const record{.level = level, .event = event, .fields = fields};
    if (sink)
        (*sink)(record);
    else
        write(record);

} catch (...) {
    std::fputs("tiebreak: a log record was lost\n", stderr);
}

}  // namespace tiebreak
