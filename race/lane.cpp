// One thread's way through the race: taking requests, and recording what became of them.
#include <tiebreak/error.hpp>

#include "race/scenario.hpp"
#include "race/tally.hpp"

#include <exception>
#include <string>

namespace tiebreak::race {

namespace {

std::string text_of(error const& failed)
{
    std::string text{name_of(failed.code())};
    if (failed.last() != nullptr)
        text += " after " + std::string{name_of(failed.last()->code())};
    return text + ": " + failed.what();
}

answer ask_safely(request_slot& slot, std::function<answer(request_slot&)> const& ask) noexcept
{
    try {
        return ask(slot);
    } catch (error const& failed) {
        slot.unknown = failed.code() == errc::commit_unknown;
        slot.explain(text_of(failed));
    } catch (std::exception const& failed) {
        slot.explain(failed.what());
    }
    return answer::failed;
}

}  // namespace

std::optional<std::int64_t> lane::next(std::int64_t requests) noexcept
{
    if (stopped() || board_->head().next.load() >= requests)
        return {};
    auto const number = board_->head().next.fetch_add(1);
    if (number < requests)
        return number;
    board_->head().next.fetch_sub(1);  // so that `next` stays the number of requests taken
    return {};
}

void lane::run(std::int64_t number, std::function<answer(request_slot&)> const& ask) noexcept
{
    auto& slot = board_->slots()[static_cast<std::size_t>(number)];
    slot.process = static_cast<std::uint16_t>(process_);
    slot.started_us = monotonic_us();
    slot.state.store(slot_state::running);
    {
        counting_for const counted{slot};
        slot.outcome = ask_safely(slot, ask);
    }
    slot.latency_us = monotonic_us() - slot.started_us;
    slot.state.store(slot_state::answered);
    board_->head().answered.fetch_add(1);
}

}  // namespace tiebreak::race
