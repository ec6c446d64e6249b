// Numbers for mapped structs, in order of first use.
#include <tiebreak/detail/plan.hpp>

#include <atomic>

namespace tiebreak::detail {

std::size_t next_plan_index() noexcept
{
    static std::atomic<std::size_t> next{0};
    return next.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace tiebreak::detail
