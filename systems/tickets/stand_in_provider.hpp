/// \file
/// A payment provider to test and race against: it keeps its books in a database of its own, so
/// that the charges of all processes are counted in one place, and misbehaves as it is told.
///
/// | fault      | decided by                     | what happens                           |
/// |------------|--------------------------------|----------------------------------------|
/// | decline    | seed, payment key; remembered  | nothing is charged, now or ever        |
/// | error      | seed, payment key, call number | this call charges nothing and says so  |
/// | lost reply | seed, payment key, call number | the work is done; answers `no_answer`  |
/// | latency    | seed, payment key, call number | half before the work, half after       |
///
/// A call under an idempotency key that has been charged is answered `approved` again: it neither
/// errs nor charges, but its reply can be lost. `find` and `cancel` have no faults.
#pragma once

#include <tiebreak/database.hpp>

#include "systems/tickets/payment_provider.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tiebreak::systems::tickets {

/// How the stand-in misbehaves. Every process that shares its books gives the same.
struct stand_in_options {
    std::uint64_t seed = 1;
    double decline_rate = 0;                   ///< 0 to 1, of payment keys
    double error_rate = 0;                     ///< 0 to 1, of calls
    double drop_reply_rate = 0;                ///< 0 to 1, of calls
    std::chrono::milliseconds latency_min{0};  ///< at least 0
    std::chrono::milliseconds latency_max{0};  ///< at least `latency_min`
};

/// The books of one payment key.
struct payment_account {
    std::string payment_key{};
    std::int64_t order_id = 0;
    payment_record record{};
};

/// Thread-safe. Not to be used across `fork`: each process makes its own on the same URL.
class stand_in_provider final : public payment_provider {
public:
    /// Opens the books, and makes them if there are none.
    /// \param books_url  a database of its own, for example `sqlite:provider.db`
    /// \throws std::invalid_argument: an option is out of range, with a sentence that names it
    /// \throws error as opening a database does
    explicit stand_in_provider(std::string_view books_url, stand_in_options options = {});

    /// One transaction on the books.
    [[nodiscard]] charge_reply charge(charge_request const& wish) override;

    [[nodiscard]] std::optional<payment_record> find(std::string_view payment_key) override;

    /// One transaction on the books.
    [[nodiscard]] cancel_outcome cancel(std::string_view payment_key) override;

    /// The books of every payment key, ordered by key: what an audit compares with the orders.
    [[nodiscard]] std::vector<payment_account> accounts();

    [[nodiscard]] stand_in_options const& options() const noexcept { return options_; }

private:
    database books_;
    stand_in_options options_;
};

}  // namespace tiebreak::systems::tickets
