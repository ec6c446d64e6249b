#include "idempotency/judgement.hpp"

namespace tiebreak::detail {

// The request is compared before anything else: another one never learns how far the first is.
key_judgement judge(key_standing const& key) noexcept
{
    if (!key.exists)
        return key_judgement::begin;
    if (!key.same_request)
        return key_judgement::refuse_as_reused;
    if (key.answered)
        return key.is_mine ? key_judgement::answer_as_executed : key_judgement::replay;
    if (key.is_overdue)
        return key_judgement::take_over;
    return key.is_mine ? key_judgement::go_on : key_judgement::report_in_progress;
}

}  // namespace tiebreak::detail
