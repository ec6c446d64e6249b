#include "cli/worker/verdict.hpp"

#include <charconv>
#include <string_view>

namespace tiebreak::cli {

namespace {

namespace runs = systems::runs;

std::string_view trimmed(std::string_view text)
{
    constexpr std::string_view blank = " \t\r\n";
    auto const first = text.find_first_not_of(blank);
    if (first == std::string_view::npos)
        return {};
    return text.substr(first, text.find_last_not_of(blank) - first + 1);
}

// Empty when it cannot be used. Nothing written is the whole reserve.
std::optional<std::int64_t> amount_of(std::optional<std::string> const& written,
                                      std::int64_t reserve)
{
    auto const text = trimmed(written ? std::string_view{*written} : std::string_view{});
    if (text.empty())
        return reserve;
    std::int64_t amount = 0;
    auto const [end, failure] = std::from_chars(text.data(), text.data() + text.size(), amount);
    if (failure != std::errc{} || end != text.data() + text.size() || amount < 0 ||
        amount > reserve)
        return {};
    return amount;
}

runs::finalize_request failed(runs::finalize_request as, std::string why)
{
    as.outcome = runs::run_outcome::failed;
    as.result = std::move(why);
    as.amount = 0;
    return as;
}

}  // namespace

runs::finalize_request
verdict_on(runs::run const& work, command_result ended, std::optional<std::string> const& written)
{
    runs::finalize_request decided{
        .tenant_id = work.tenant_id, .run_id = work.run_id, .epoch = work.lease_epoch};
    if (ended.how == command_end::too_long || ended.output.size() > runs::text_bytes_max)
        return failed(std::move(decided),
                      "the command wrote more than " + std::to_string(runs::text_bytes_max) +
                          " bytes to its standard output");
    if (!systems::is_storable_text(ended.output, runs::text_bytes_max))
        return failed(std::move(decided), "the command's standard output is not UTF-8 without NUL");
    decided.result = std::move(ended.output);
    auto const code = std::to_string(ended.code);
    if (ended.how == command_end::signalled)
        return failed(decided,
                      decided.result.empty() ? "the command was ended by signal " + code
                                             : decided.result);
    if (ended.code != 0)
        return failed(decided,
                      decided.result.empty() ? "the command exited with " + code : decided.result);
    auto const amount = amount_of(written, work.reserve);
    if (!amount)
        return failed(std::move(decided),
                      "the command's amount file holds no whole number from 0 to " +
                          std::to_string(work.reserve));
    decided.outcome = runs::run_outcome::completed;
    decided.amount = *amount;
    return decided;
}

}  // namespace tiebreak::cli
