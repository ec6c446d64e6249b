// What a layer above writes first and last in a unit of work, so that the unit's commit is its own:
// whether its first row is there tells what became of the unit, as a commit token does.
#pragma once

#include "unit_of_work/workspace.hpp"

#include <chrono>

namespace tiebreak::detail {

class unit_guard {
public:
    unit_guard() = default;
    unit_guard(unit_guard const&) = delete;
    unit_guard& operator=(unit_guard const&) = delete;

    // In the transaction that has just begun, and in which nothing has run.
    virtual void write_first(workspace& in) = 0;

    // How long beginning and the first write may wait for others.
    [[nodiscard]] virtual std::chrono::milliseconds first_wait() const noexcept = 0;

    // Everything is flushed and the first write was answered: writes the last of it and commits.
    virtual void commit(workspace& in) = 0;

    // The answer to COMMIT was lost. The unit runs again, if the policy allows: its first write
    // waits for the old transaction and finds out.
    virtual void in_doubt() noexcept = 0;

protected:
    ~unit_guard() = default;
};

}  // namespace tiebreak::detail
