/// \file
/// SHA-256 digests: of requests, tokens and whatever else is compared without being kept.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace tiebreak {

/// 32 bytes.
using sha256_digest = std::array<std::byte, 32>;

/// The digest of some bytes.
[[nodiscard]] sha256_digest sha256(std::string_view bytes);

/// 64 hexadecimal digits, in lower case.
[[nodiscard]] std::string to_hex(sha256_digest const& of);

/// True when both are the same; takes the same time wherever they differ.
[[nodiscard]] bool same_digest(sha256_digest const& a, sha256_digest const& b) noexcept;

/// A digest of several fields, each with its length, so that no two lists of fields are mistaken
/// for each other: ("ab", "c") is not ("a", "bc"). Not thread-safe.
class sha256_of_fields {
public:
    sha256_of_fields();
    /// Takes the state.
    sha256_of_fields(sha256_of_fields&&) noexcept;
    /// Takes the state.
    sha256_of_fields& operator=(sha256_of_fields&&) noexcept;
    ~sha256_of_fields();

    /// Adds one field; its bytes are not kept.
    sha256_of_fields& add(std::string_view field);

    /// The digest of all fields; call it once, at the end.
    [[nodiscard]] sha256_digest finish();

private:
    struct state;
    std::unique_ptr<state> state_;
};

}  // namespace tiebreak
