// Numbers that look random and are the same for the same seed, in every process.
#pragma once

#include <chrono>
#include <cstdint>

namespace tiebreak::race {

/// splitmix64's finaliser (Steele, Lea, Flood 2014) over seed and number.
[[nodiscard]] constexpr std::uint64_t seeded(std::uint64_t seed, std::int64_t number) noexcept
{
    auto mixed = seed + 0x9e3779b97f4a7c15U * (static_cast<std::uint64_t>(number) + 1);
    mixed = (mixed ^ (mixed >> 30U)) * 0xbf58476d1ce4e5b9U;
    mixed = (mixed ^ (mixed >> 27U)) * 0x94d049bb133111ebU;
    return mixed ^ (mixed >> 31U);
}

/// A duration from `least` to `most`, both included. `least` is at most `most`.
[[nodiscard]] constexpr std::chrono::milliseconds
seeded_between(std::uint64_t seed,
               std::int64_t number,
               std::chrono::milliseconds least,
               std::chrono::milliseconds most) noexcept
{
    auto const width = static_cast<std::uint64_t>((most - least).count()) + 1;
    return least +
           std::chrono::milliseconds{static_cast<std::int64_t>(seeded(seed, number) % width)};
}

}  // namespace tiebreak::race
