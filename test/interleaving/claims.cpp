#include "claims.hpp"

#include <algorithm>
#include <stdexcept>

namespace tiebreak::test {

std::int64_t order_result::winners() const noexcept
{
    return std::ranges::count_if(sessions, &session_outcome::won);
}

bool order_result::all_won() const noexcept
{
    return std::ranges::all_of(sessions, &session_outcome::won);
}

session_outcome const& order_result::of(std::string_view name) const
{
    auto const at = std::ranges::find(sessions, name, &session_outcome::name);
    if (at == sessions.end())
        throw std::invalid_argument("no session has this name: " + std::string{name});
    return *at;
}

claim failures_are(std::vector<errc> const& codes)
{
    std::string text;
    for (auto const code : codes)
        text += (text.empty() ? "" : " or ") + std::string{name_of(code)};
    return {codes.empty() ? "nobody fails" : "who fails, fails with " + text,
            [=](order_result const& came) {
                return std::ranges::all_of(came.sessions, [&](session_outcome const& one) {
                    return !one.failure || std::ranges::find(codes, *one.failure) != codes.end();
                });
            }};
}

claim so_many_win(std::int64_t number)
{
    return {std::to_string(number) + (number == 1 ? " wins" : " win"),
            [=](order_result const& came) { return came.winners() == number; }};
}

claim const every_winner_counts{"balance and version count the winners",
                                [](order_result const& came) {
                                    return came.after.balance() == start_balance + came.winners() &&
                                           came.after.version() == 1 + came.winners();
                                }};
claim const somebody_wins{"somebody wins",
                          [](order_result const& came) { return came.winners() >= 1; }};
claim const one_loses{"one loses", [](order_result const& came) { return came.winners() == 1; }};
claim const all_win{"all win", [](order_result const& came) { return came.all_won(); }};
claim const nobody_waits{"nobody waits",
                         [](order_result const& came) { return came.held_up == 0; }};
claim const somebody_waits{"somebody waits",
                           [](order_result const& came) { return came.held_up > 0; }};
claim const somebody_is_aborted{"one is ended by the engine", [](order_result const& came) {
                                    return std::ranges::any_of(came.sessions, [](auto const& one) {
                                        return one.failed_with(errc::transaction_aborted);
                                    });
                                }};

}  // namespace tiebreak::test
