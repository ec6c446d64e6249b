// What an error code is meant to say, looked up in a list that a test has written down by itself.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <vector>

namespace tiebreak::test {

// The line whose `codes` hold this one. Fails the test when none or several do.
template <class Line, class Code>
[[nodiscard]] Line line_that_names(Code code, std::vector<Line> const& all)
{
    Line found{};
    std::ptrdiff_t lines = 0;
    for (auto const& line : all) {
        auto const named = std::ranges::count(line.codes, code);
        lines += named;
        if (named != 0)
            found = line;
    }
    EXPECT_EQ(lines, 1) << code;
    return found;
}

}  // namespace tiebreak::test
