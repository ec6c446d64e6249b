#include "race/progress.hpp"

#include "race/words.hpp"

#include <algorithm>
#include <iostream>

namespace tiebreak::race {

namespace {

using namespace std::chrono_literals;

constexpr auto redraw_every = 80ms;
constexpr std::int64_t bar_width = 24;

std::string bar(std::int64_t answered, std::int64_t goal)
{
    auto const full = goal == 0 ? 0 : std::min(answered, goal) * bar_width / goal;
    std::string text = "[";
    for (std::int64_t i = 0; i < bar_width; ++i)
        text += i < full ? '#' : '.';
    return text + "] ";
}

}  // namespace

progress_line::~progress_line()
{
    clear();
}

void progress_line::started(strategy const& what, std::size_t number, std::size_t count)
{
    title_ = std::to_string(number) + "/" + std::to_string(count) + " " + std::string{what.name};
    title_.resize(std::max<std::size_t>(title_.size(), 24), ' ');
    show("preparing");
}

void progress_line::advanced(std::int64_t answered, std::int64_t goal)
{
    if (std::chrono::steady_clock::now() - shown_at_ < redraw_every)
        return;
    show(bar(answered, goal) + number_text(answered) + " of " + number_text(goal));
}

void progress_line::finished(strategy_result const&)
{
    clear();
}

void progress_line::show(std::string const& rest)
{
    shown_at_ = std::chrono::steady_clock::now();
    visible_ = true;
    std::cerr << "\r\x1b[K" << title_ << ' ' << rest << std::flush;
}

void progress_line::clear()
{
    if (visible_)
        std::cerr << "\r\x1b[K" << std::flush;
    visible_ = false;
}

}  // namespace tiebreak::race
