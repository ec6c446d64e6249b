// The mind of idempotency: what follows for a call from what is known of its key. Pure.
#pragma once

#include <cstdint>

namespace tiebreak::detail {

// What a look at the key's row has shown.
struct key_standing {
    bool exists = false;
    bool same_request = false;  // the fingerprints are equal
    bool answered = false;
    bool is_overdue = false;  // a claim whose deadline has passed, by the database's clock
    bool is_mine = false;     // this very call wrote it
};

enum class key_judgement : std::uint8_t {
    begin,               // nobody has it: write the row
    take_over,           // its owner is dead: raise the epoch
    go_on,               // this call has claimed it: an answer to that was lost
    answer_as_executed,  // this call has done it: an answer to that was lost
    replay,
    report_in_progress,
    refuse_as_reused,
};

[[nodiscard]] key_judgement judge(key_standing const& key) noexcept;

}  // namespace tiebreak::detail
