#include "race/tally.hpp"

namespace tiebreak::race {

namespace {

thread_local request_slot* current = nullptr;

}  // namespace

counting_for::counting_for(request_slot& slot) noexcept
{
    current = &slot;
}

counting_for::~counting_for()
{
    current = nullptr;
}

void tally::conflicted(conflict const&) noexcept
{
    if (current != nullptr)
        ++current->conflicts;
}

void tally::retried(errc why, int) noexcept
{
    if (current == nullptr)
        return;
    ++current->retries;
    if (why == errc::transaction_aborted)
        ++current->deadlocks;
}

}  // namespace tiebreak::race
