// The arena: aligned, apart from each other, and used again.
#include "unit_of_work/arena.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

namespace tiebreak::detail {

namespace {

TEST(Arena, PiecesAreAlignedAndDoNotOverlap)
{
    arena memory;
    for (int round = 0; round < 3; ++round) {
        std::vector<std::pair<std::byte*, std::size_t>> pieces;
        for (std::size_t i = 0; i < 4000; ++i) {
            auto const size = 1 + i * 37 % 300;
            auto const align = std::size_t{1} << i % 7;
            auto* const at = static_cast<std::byte*>(memory.take(size, align));
            ASSERT_EQ(reinterpret_cast<std::uintptr_t>(at) % align, 0u);
            std::memset(at, static_cast<int>(i % 251), size);
            pieces.emplace_back(at, size);
        }
        for (std::size_t i = 0; i < pieces.size(); ++i) {
            auto const [at, size] = pieces[i];
            ASSERT_TRUE(std::all_of(
                at, at + size, [&](std::byte b) { return b == static_cast<std::byte>(i % 251); }));
        }
        memory.release();
    }
}

TEST(Arena, APieceLargerThanAChunkIsWhole)
{
    arena memory;
    for (std::size_t const size : {std::size_t{16 * 1024 - 1},
                                   std::size_t{16 * 1024},
                                   std::size_t{16 * 1024 + 1},
                                   std::size_t{5'000'000}}) {
        auto* const at = static_cast<std::byte*>(memory.take(size, 64));
        std::memset(at, 1, size);
        auto* const small = static_cast<std::byte*>(memory.take(1, 1));
        *small = std::byte{2};
        EXPECT_EQ(at[size - 1], std::byte{1});
        EXPECT_EQ(at[0], std::byte{1});
    }
    memory.release();
    std::memset(memory.take(16 * 1024, 8), 3, 16 * 1024);
}

TEST(Arena, ReleasingAnEmptyOneDoesNothing)
{
    arena memory;
    memory.release();
    memory.release();
    EXPECT_NE(memory.take(1, 1), nullptr);
}

}  // namespace

}  // namespace tiebreak::detail
