// Counts what the library tells of the request that a thread is making, in that request's slot.
#pragma once

#include <tiebreak/observer.hpp>

#include "race/board.hpp"

namespace tiebreak::race {

/// Between construction and destruction, what this thread meets is counted for this slot.
class counting_for {
public:
    explicit counting_for(request_slot& slot) noexcept;
    counting_for(counting_for const&) = delete;
    counting_for& operator=(counting_for const&) = delete;
    ~counting_for();
};

/// The observer that racers give to their databases. Holds nothing itself. Thread-safe.
class tally final : public observer {
public:
    void conflicted(conflict const& what) noexcept override;
    void retried(errc why, int attempts_so_far) noexcept override;
};

}  // namespace tiebreak::race
