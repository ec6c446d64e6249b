#include "race/http/askers.hpp"

#include "race/ticket_audit.hpp"

namespace tiebreak::race {

namespace {

answer failed(request_slot& slot, http_answer const& told)
{
    slot.explain("answered " + told.shown());
    return answer::failed;
}

}  // namespace

answer ask_for_coupon(http_client& on,
                      std::string_view code,
                      request_slot& slot,
                      std::chrono::milliseconds patience)
{
    auto const told = on.post_until_answered(
        "/v1/coupons/" + std::string{code} + "/issues", {{"member_id", slot.subject}}, patience);
    if (told.status == 201) {
        slot.acknowledged = told.integer("id");
        return answer::won;
    }
    return told.slug == "sold-out" ? answer::refused : failed(slot, told);
}

answer ask_for_line(http_client& on,
                    std::int64_t book,
                    std::string const& line,
                    request_slot& slot,
                    std::chrono::milliseconds patience)
{
    auto const told = on.post_until_answered(
        "/v1/books/" + std::to_string(book) + "/lines", {{"line", line}}, patience);
    if (told.status == 201) {
        slot.acknowledged = told.integer("version");
        return answer::won;
    }
    return failed(slot, told);
}

answer ask_for_approval(http_client& on,
                        approval_wish const& wish,
                        request_slot& slot,
                        std::chrono::milliseconds patience)
{
    auto const told = on.post_until_answered("/v1/tickets",
                                             {{"lotto_publish_id", wish.lotto_publish_id},
                                              {"order_id", wish.order_id},
                                              {"payment_key", wish.payment_key},
                                              {"amount", wish.amount}},
                                             patience,
                                             wish.idempotency_key);
    if (told.status == 200) {
        slot.acknowledged = told.integer("ticket_id");
        return told.replayed ? answer::replayed : answer::won;
    }
    if (told.status == 402) {
        slot.acknowledged = told_no_payment;
        return answer::refused;
    }
    if (told.status == 409 || told.slug == "lock-timeout")
        return answer::refused;
    if (told.slug == "payment-unavailable")
        slot.acknowledged = told_no_payment;
    return failed(slot, told);
}

}  // namespace tiebreak::race
