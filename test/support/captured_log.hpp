// Records what the library logs while it lives, instead of printing it.
#pragma once

#include <tiebreak/log.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tiebreak::test {

// A copy of one record.
struct logged {
    log_level level = log_level::debug;
    std::string event{};
    std::vector<std::pair<std::string, std::string>> fields{};

    // The value of a field; empty when the record has no such field.
    [[nodiscard]] std::string_view field(std::string_view name) const;
};

// One at a time. Thread-safe.
class captured_log {
public:
    explicit captured_log(log_level least = log_level::warning);
    captured_log(captured_log const&) = delete;
    captured_log& operator=(captured_log const&) = delete;
    // Restores the default sink and level.
    ~captured_log();

    [[nodiscard]] std::vector<logged> records() const;
    // Only those of one event.
    [[nodiscard]] std::vector<logged> records(std::string_view event) const;
    // True when some event or field contains the text: to show that a secret does not leak.
    [[nodiscard]] bool mentions(std::string_view text) const;

private:
    struct state;
    std::shared_ptr<state> state_;  // shared with the sink, which may still run in another thread
};

}  // namespace tiebreak::test
