/// \file
/// What the resources share: the database, the payment provider, who may call, and how races are
/// decided.
#pragma once

#include <tiebreak/database.hpp>

#include "service/api/tenants.hpp"
#include "service/http/availability.hpp"
#include "service/http/metrics.hpp"
#include "systems/books/books.hpp"
#include "systems/coupons/coupons.hpp"
#include "systems/runs/runs.hpp"
#include "systems/tickets/tickets.hpp"

#include <chrono>
#include <functional>
#include <string>

namespace tiebreak::service::api {

/// How the systems decide. The defaults are the right ones for a service.
struct decisions {
    systems::coupons::strategy coupons = systems::coupons::strategy::optimistic;
    systems::books::strategy books = systems::books::strategy::optimistic;
    systems::tickets::strategy tickets = systems::tickets::strategy::conditional;
    systems::runs::strategy runs = systems::runs::strategy::fenced;
    /// How long an approval may take before another server, or a repeat, takes it over.
    std::chrono::milliseconds recover_after{60'000};
    int attempts_max = 0;  ///< total runs of a request's transaction; 0: no limit
    isolation level = isolation::engine_default;
    /// A pause between reading and writing, with whatever the strategy holds then held: for races.
    std::chrono::milliseconds think{0};
};

/// What a person who opens the page wants to know of this process.
struct page_facts {
    std::string version{};  ///< of the program
    std::string engine{};   ///< name and version
    bool is_lab = false;
    std::string reports{};  ///< a folder with reports of races (`race --json`); empty: none
    std::chrono::steady_clock::time_point started = std::chrono::steady_clock::now();
};

/// Constant while the server runs; every handler works on it from any thread.
struct application {
    std::string name{};                                      ///< what `/ping` answers
    database* db = nullptr;                                  ///< never null; outlives the server
    systems::tickets::payment_provider* payments = nullptr;  ///< never null; outlives the server
    /// Who may call. Null: everybody, as tenant `default`.
    tenants const* tokens = nullptr;
    redis const* cache = nullptr;  ///< for the ticket strategies that need it; outlives the server
    decisions decide{};
    /// Whether the database can be reached. Null: every request tries.
    http::availability* reach = nullptr;
    /// What `/metrics` and the page tell; outlives the server. Null: nothing is counted.
    http::metrics* counted = nullptr;
    /// What the page at `/` says of this process beside what stands here.
    page_facts page{};
};

/// `decisions::think` as a callback for the systems; empty when there is none.
[[nodiscard]] std::function<void()> pause_of(decisions const& how);

}  // namespace tiebreak::service::api
