/// \file
/// What is stored of runs and of the money they cost. The schema step 04-runs makes the tables.
///
/// The fence of a run is `lease_epoch`: it is raised when ownership changes (claim, release, reap,
/// cancel), never by a heartbeat, and every write of a worker states it. The version is for edits.
/// Everybody touches the run first, then the ledger, the tenant's row last, so two units queue
/// instead of deadlocking. For the same reason `runs.tenant_id` is no foreign key: inserting a run
/// would share-lock the tenant's row before it is updated.
#pragma once

#include <tiebreak/mapping.hpp>
#include <tiebreak/time.hpp>
#include <tiebreak/version.hpp>

#include "systems/enum_text.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace tiebreak::systems::runs {

using systems::name_of;

/// Stored and shown in capitals: `systems::status_text`.
enum class run_status : std::uint8_t { queued, processing, completed, failed, cancelled };
BOOST_DESCRIBE_ENUM(run_status, queued, processing, completed, failed, cancelled)

/// How far finalising is. CLAIMED already holds outcome, result and amount and only rolls forward.
enum class finalize_stage : std::uint8_t { pending, claimed, committed };
BOOST_DESCRIBE_ENUM(finalize_stage, pending, claimed, committed)

/// How the work ended.
enum class run_outcome : std::uint8_t { completed, failed };
BOOST_DESCRIBE_ENUM(run_outcome, completed, failed)

/// Kinds of ledger entries. A run has one RESERVE; then either a CHARGE (and a RELEASE of the rest,
/// if there is one) or a VOID of all; one REFUND may follow a CHARGE. In capitals, as stored,
/// because one of them would be a keyword.
enum class entry_kind : std::uint8_t { RESERVE, CHARGE, RELEASE, VOID, REFUND };
BOOST_DESCRIBE_ENUM(entry_kind, RESERVE, CHARGE, RELEASE, VOID, REFUND)

}  // namespace tiebreak::systems::runs

template <>
struct tiebreak::field_type<tiebreak::systems::runs::run_status>
    : tiebreak::systems::stored_status<tiebreak::systems::runs::run_status> {
};

template <>
struct tiebreak::field_type<tiebreak::systems::runs::finalize_stage>
    : tiebreak::systems::stored_status<tiebreak::systems::runs::finalize_stage> {
};

template <>
struct tiebreak::field_type<tiebreak::systems::runs::run_outcome>
    : tiebreak::systems::stored_status<tiebreak::systems::runs::run_outcome> {
};

namespace tiebreak::systems::runs {

struct run {
    std::int64_t run_id = 0;
    std::string tenant_id{};
    run_status status = run_status::queued;
    std::int32_t priority = 0;  ///< higher is claimed first
    std::string payload{};
    std::int64_t reserve = 0;             ///< the most it may cost, minor units; never changes
    std::optional<std::string> worker{};  ///< who holds or last held it
    std::int64_t lease_epoch = 0;         ///< the tenure; see the head of this file
    std::optional<time_point> lease_expires_at{};  ///< by the database's clock
    tiebreak::systems::runs::finalize_stage finalize_stage =
        tiebreak::systems::runs::finalize_stage::pending;
    std::optional<run_outcome> outcome{};
    std::optional<std::string> result{};
    std::optional<std::int64_t> amount{};        ///< what it cost, at most `reserve`
    std::optional<std::int64_t> result_epoch{};  ///< the tenure that wrote outcome and result
    time_point created_at{};                     ///< by the database's clock
    time_point updated_at{};                     ///< the last write, heartbeats not counted
    tiebreak::version version{};
};
BOOST_DESCRIBE_STRUCT(run,
                      (),
                      (run_id,
                       tenant_id,
                       status,
                       priority,
                       payload,
                       reserve,
                       worker,
                       lease_epoch,
                       lease_expires_at,
                       finalize_stage,
                       outcome,
                       result,
                       amount,
                       result_epoch,
                       created_at,
                       updated_at,
                       version))

constexpr auto mapping_of(run const*)
{
    return map<run>("runs", generated_key<&run::run_id>, unversioned<&run::lease_expires_at>);
}

/// What a tenant may spend. All amounts in minor units, 0 or more, and
/// `reserved + spent − refunded <= limit`, always.
struct tenant_budget {
    std::string tenant_id{};
    std::int64_t limit = 0;
    std::int64_t reserved = 0;  ///< of runs that are not decided yet
    std::int64_t spent = 0;     ///< the sum of all charges
    std::int64_t refunded = 0;  ///< the sum of all refunds
    tiebreak::version version{};

    [[nodiscard]] std::int64_t available() const noexcept
    {
        return limit - reserved - spent + refunded;
    }
};
BOOST_DESCRIBE_STRUCT(tenant_budget, (), (tenant_id, limit, reserved, spent, refunded, version))

constexpr auto mapping_of(tenant_budget const*)
{
    return map<tenant_budget>("tenant_budgets",
                              key<&tenant_budget::tenant_id>,
                              column<&tenant_budget::limit>("budget_limit"));
}

/// One movement of money. Never changes and is never removed; the key is what makes a second
/// charge of a run impossible.
struct ledger_entry {
    std::int64_t run_id = 0;
    entry_kind kind = entry_kind::RESERVE;
    std::string tenant_id{};
    std::int64_t amount = 0;  ///< minor units, 0 or more
    time_point created_at{};  ///< by the database's clock
};
BOOST_DESCRIBE_STRUCT(ledger_entry, (), (run_id, kind, tenant_id, amount, created_at))

constexpr auto mapping_of(ledger_entry const*)
{
    return map<ledger_entry>("budget_ledger",
                             key<&ledger_entry::run_id, &ledger_entry::kind>,
                             references<&ledger_entry::run_id, run>);
}

}  // namespace tiebreak::systems::runs
