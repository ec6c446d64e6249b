// How long to wait before the next try, and when to say so: a trouble is told once, and once that
// it is over.
#pragma once

#include <algorithm>
#include <chrono>
#include <iostream>
#include <string>

namespace tiebreak::cli {

// One line on standard error, in one piece also when threads write at once.
inline void say_line(std::string line)
{
    std::ranges::replace(line, '\n', ' ');
    std::cerr << line + '\n';
}

class backoff {
public:
    // `doing`: "claiming runs".
    explicit backoff(std::string doing) : doing_(std::move(doing)) {}

    // It failed: how long to wait now.
    std::chrono::milliseconds failed(char const* why)
    {
        if (pause_.count() == 0)
            say_line("tiebreak: " + doing_ + " fails, trying again: " + why);
        pause_ = std::clamp(pause_ * 2, first, most);
        return pause_;
    }

    void worked()
    {
        if (pause_.count() != 0)
            say_line("tiebreak: " + doing_ + " works again");
        pause_ = {};
    }

private:
    static constexpr std::chrono::milliseconds first{100};
    static constexpr std::chrono::milliseconds most{5'000};

    std::string doing_;
    std::chrono::milliseconds pause_{0};
};

}  // namespace tiebreak::cli
