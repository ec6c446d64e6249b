// The one table that says what follows from an error; nobody else classifies.
#include <tiebreak/error.hpp>

#include <array>
#include <cstddef>

namespace tiebreak {

namespace {

struct row {
    errc code;
    std::string_view name;
    reaction connecting;
    reaction in_transaction;
    reaction commit_sent;
};

using enum reaction;

// In the last column only a definite answer of the engine keeps its own reaction: a connection
// that was lost or given up on after COMMIT was sent tells nothing about the commit.
constexpr std::array table{
    row{errc::stale_version, "stale_version", give_up, rerun, rerun},
    row{errc::precondition_failed, "precondition_failed", give_up, give_up, give_up},
    row{errc::not_found, "not_found", give_up, give_up, give_up},
    row{errc::already_exists, "already_exists", give_up, give_up, give_up},
    row{errc::constraint_violated, "constraint_violated", give_up, give_up, give_up},
    row{errc::transaction_aborted,
        "transaction_aborted",
        rerun_after_pause,
        rerun_after_pause,
        rerun_after_pause},
    row{errc::lock_timeout,
        "lock_timeout",
        rerun_after_pause,
        rerun_after_pause,
        rerun_after_pause},
    row{errc::unavailable, "unavailable", reconnect_and_rerun, reconnect_and_rerun, resolve},
    row{errc::commit_unknown, "commit_unknown", resolve, resolve, resolve},
    row{errc::deadline_exceeded, "deadline_exceeded", give_up, give_up, resolve},
    row{errc::attempts_exhausted, "attempts_exhausted", give_up, give_up, give_up},
    row{errc::lease_lost, "lease_lost", stop_work, stop_work, stop_work},
    row{errc::version_exhausted, "version_exhausted", give_up, give_up, give_up},
    row{errc::unsupported, "unsupported", give_up, give_up, give_up},
    row{errc::unsafe_settings, "unsafe_settings", give_up, give_up, give_up},
    row{errc::backend_failure, "backend_failure", give_up, give_up, give_up},
};

constexpr bool in_order()
{
    for (std::size_t i = 0; i < table.size(); ++i)
        if (static_cast<std::size_t>(table[i].code) != i + 1)
            return false;
    return static_cast<std::size_t>(errc::backend_failure) == table.size();
}

static_assert(in_order(), "one row for each code, in the order of the enumeration");

constexpr row const* row_of(errc code) noexcept
{
    auto const at = static_cast<std::size_t>(code) - 1;
    return at < table.size() ? &table[at] : nullptr;
}

}  // namespace

std::string_view name_of(errc code) noexcept
{
    auto const* found = row_of(code);
    return found != nullptr ? found->name : "unknown";
}

reaction reaction_to(errc code, phase when) noexcept
{
    auto const* found = row_of(code);
    if (found == nullptr)
        return give_up;
    switch (when) {
    case phase::connecting: return found->connecting;
    case phase::in_transaction: return found->in_transaction;
    case phase::commit_sent: return found->commit_sent;
    }
    return give_up;
}

}  // namespace tiebreak
