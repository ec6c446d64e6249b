// What Redis holds of a key: that a call is at it, or the answer that it got. Pure.
//
// An entry is only ever believed as far as it goes: its digest is over the place where it stands
// and everything in it, so one that was cut, altered or moved is no entry.
#pragma once

#include <tiebreak/idempotency.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace tiebreak::detail {

struct early_entry {
    sha256_digest fingerprint{};
    std::string owner{};                        // who wrote the key's row, or is about to
    std::optional<idempotent_answer> answer{};  // headers as stored
    bool is_done = false;                       // without an answer: too large to be here
};

// `place`: the key in Redis.
[[nodiscard]] std::string encoded(early_entry const& entry, std::string_view place);
[[nodiscard]] std::optional<early_entry> decoded(std::string_view bytes, std::string_view place);

}  // namespace tiebreak::detail
