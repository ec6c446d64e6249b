// The place of one key in Redis, for one call. It never decides: what it says only chooses which
// question the database is asked first, and spares it the body of an answer that it confirms.
//
// | Redis says            | the call                                                             |
// |-----------------------|----------------------------------------------------------------------|
// | nothing, or is away   | writes the key's row first, as without Redis                         |
// | in progress           | waits for a change there, holding no connection; then looks at the row
// | | done, or another request | looks at the row first | | done, with the answer | looks at who
// wrote the row; if it is the answer's writer, repeats it |
#pragma once

#include "idempotency/early_entry.hpp"
#include "idempotency/key_row.hpp"
#include "redis/client.hpp"

#include <chrono>

namespace tiebreak::detail {

class early_answer {
public:
    using deadline = std::chrono::steady_clock::time_point;

    // `owner` is this call's; all of them outlive it.
    early_answer(idempotent_request const& request,
                 idempotency_options const& options,
                 std::string const& owner);
    early_answer(early_answer const&) = delete;
    early_answer& operator=(early_answer const&) = delete;

    ~early_answer() { unmark(); }

    // The entry that was read holds an answer.
    [[nodiscard]] bool has_answer() const noexcept { return found_ && found_->answer; }

    enum class hint : std::uint8_t { none, in_progress, look };

    // Reads the entry; leaves a mark that this call is at it if there was none, for as long as the
    // work may take. One round trip.
    [[nodiscard]] hint read_and_mark(std::chrono::milliseconds work_takes);

    // Waits while the entry says that another call is at it; `none` when the entry is gone.
    [[nodiscard]] hint wait_for_change(deadline until);

    // The answer, if the entry has one that was written by this owner of the key's row for this
    // request.
    [[nodiscard]] idempotent_answer const* answer_by(std::string_view owner) const noexcept;

    // The row is answered.
    void tell(std::string_view owner, idempotent_answer const& answer);

    // The mark stays when this call ends: the work goes on.
    void leave_mark() noexcept { mark_.clear(); }

    // The mark that an earlier call of this owner has left is this call's to take away.
    void adopt_mark();

private:
    [[nodiscard]] hint understood(redis_reply const& value);
    void put(early_entry const& entry, std::chrono::milliseconds lasts);
    // Takes the mark away, if there is one: the call ended without an answer to keep.
    void unmark() noexcept;

    redis_client* in_;
    idempotent_request const& request_;
    idempotency_options const& options_;
    std::string const& owner_;
    std::string place_;
    std::string mark_;  // as it was left; empty: none
    std::optional<early_entry> found_;
};

// The key's row, without the answer when the entry has the one that it holds.
[[nodiscard]] std::optional<seen_key>
look_early(session& on, idempotent_request const& at, early_answer const& early);

// The answer of a row that was looked at so; one that came from the row is told to Redis.
[[nodiscard]] idempotent_answer answer_of(session& on, seen_key const& row, early_answer& early);

}  // namespace tiebreak::detail
