// The first shape: one call of `run`, from the first attempt to its answer.
#pragma once

#include "database/unit_guard.hpp"
#include "idempotency/key_row.hpp"

namespace tiebreak::detail {

// The key row of a unit: written first, completed with its COMMIT.
class key_guard final : public unit_guard, private sql::first_step {
public:
    // `wait`: for whoever has the key.
    key_guard(idempotent_request const& request,
              idempotency_options const& options,
              std::chrono::milliseconds wait);

    [[nodiscard]] key_tenure const& mine() const noexcept { return mine_; }

    // How the next unit begins: with a new row, or with the row of a dead owner.
    void begin_with_new_row() noexcept;
    void begin_with_row_of_dead(std::int64_t epoch) noexcept;

    // For whoever has the key, from now on.
    void limit_wait(std::chrono::milliseconds to) noexcept { wait_ = to; }

    // What will be stored; outlives the commit.
    void store(idempotent_answer const& answer) noexcept { answer_ = &answer; }

    // The first write of the running unit was answered: the key is this call's.
    [[nodiscard]] bool has_key() const noexcept { return has_key_; }

    // Before another unit.
    void forget_key() noexcept { has_key_ = false; }

    // A COMMIT is unanswered, and nothing has been found out since.
    [[nodiscard]] bool is_in_doubt() const noexcept { return is_in_doubt_; }

    // --- unit_guard ----------------------------------------------------------------------------
    void write_first(workspace& in) override;

    [[nodiscard]] std::chrono::milliseconds first_wait() const noexcept override { return wait_; }

    void commit(workspace& in) override;

    void in_doubt() noexcept override { is_in_doubt_ = true; }

private:
    [[nodiscard]] sql::step send(bool fails) override;
    void matched(std::int64_t rows) override;
    void failed(error const& why) override;

    idempotent_request const& request_;
    idempotency_options const& options_;
    std::chrono::milliseconds wait_;
    key_tenure mine_;
    std::int64_t epoch_of_dead_ = 0;  // 0: none
    idempotent_answer const* answer_ = nullptr;
    bool has_key_ = false;
    bool is_in_doubt_ = false;
    session* on_ = nullptr;
    bound_statement passing_;
    bound_statement failing_;
};

// Not an error: the key's row is there. Ends the unit.
struct key_is_taken {};

[[nodiscard]] idempotent_result run_in_one_transaction(database& in,
                                                       idempotent_request const& request,
                                                       idempotency_options const& options,
                                                       idempotency::work_body const& body);

}  // namespace tiebreak::detail
