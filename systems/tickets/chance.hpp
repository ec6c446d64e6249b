/// \file
/// Chance that can be repeated: whether something happens is a pure function of a seed, a name and
/// a number, the same in every process and on every machine.
///
/// The name is hashed with FNV-1a (64 bits), and seed, purpose, hash and number are mixed one after
/// the other with splitmix64's finaliser, whose output bits are independent enough to be compared
/// with a rate.
#pragma once

#include <cstdint>
#include <string_view>

namespace tiebreak::systems::tickets {

/// What is decided; separate purposes get separate, unrelated chances.
enum class chance_purpose : std::uint64_t { decline = 1, error = 2, lost_reply = 3, latency = 4 };

/// splitmix64 (Steele, Lea, Flood 2014): one step and its finaliser.
[[nodiscard]] constexpr std::uint64_t splitmix64(std::uint64_t state) noexcept
{
    state += 0x9e3779b97f4a7c15U;
    state = (state ^ (state >> 30U)) * 0xbf58476d1ce4e5b9U;
    state = (state ^ (state >> 27U)) * 0x94d049bb133111ebU;
    return state ^ (state >> 31U);
}

/// FNV-1a, 64 bits.
[[nodiscard]] constexpr std::uint64_t fnv1a(std::string_view text) noexcept
{
    std::uint64_t hash = 0xcbf29ce484222325U;
    for (char const letter : text) {
        hash ^= static_cast<unsigned char>(letter);
        hash *= 0x100000001b3U;
    }
    return hash;
}

/// 64 bits that depend on all four. `number` is 0 for what is decided once for a name.
[[nodiscard]] constexpr std::uint64_t chance_bits(std::uint64_t seed,
                                                  chance_purpose purpose,
                                                  std::string_view name,
                                                  std::uint64_t number) noexcept
{
    auto bits = splitmix64(seed);
    bits = splitmix64(bits ^ static_cast<std::uint64_t>(purpose));
    bits = splitmix64(bits ^ fnv1a(name));
    return splitmix64(bits ^ number);
}

/// Uniform in [0, 1).
[[nodiscard]] constexpr double chance(std::uint64_t seed,
                                      chance_purpose purpose,
                                      std::string_view name,
                                      std::uint64_t number = 0) noexcept
{
    return static_cast<double>(chance_bits(seed, purpose, name, number) >> 11U) * 0x1.0p-53;
}

}  // namespace tiebreak::systems::tickets
