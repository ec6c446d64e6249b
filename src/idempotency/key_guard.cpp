// The key row's part in a unit: what is written first, and what goes with COMMIT.
#include "database/commit_token.hpp"
#include "idempotency/one_transaction.hpp"

namespace tiebreak::detail {

key_guard::key_guard(idempotent_request const& request,
                     idempotency_options const& options,
                     std::chrono::milliseconds wait)
    : request_(request), options_(options), wait_(wait), mine_{.owner = random_token()}
{
}

void key_guard::begin_with_new_row() noexcept
{
    mine_.epoch = 1;
    epoch_of_dead_ = 0;
}

void key_guard::begin_with_row_of_dead(std::int64_t epoch) noexcept
{
    mine_.epoch = epoch + 1;
    epoch_of_dead_ = epoch;
}

void key_guard::write_first(workspace& in)
{
    has_key_ = false;
    on_ = &in.statements();
    // a row that is ever seen with this deadline belongs to nobody: see wrote_without_begin of the
    // MariaDB driver
    constexpr std::chrono::milliseconds at_once{0};
    if (epoch_of_dead_ != 0) {
        passing_ = failing_ = {};
        passing_ = taking_over(*on_, request_, epoch_of_dead_, mine_, at_once);
    } else {
        passing_ = inserting(*on_, request_, mine_, at_once, options_.retention, true);
        failing_ = inserting(*on_, request_, mine_, at_once, options_.retention, false);
    }
    in.connection().run_first(*this);
}

sql::step key_guard::send(bool fails)
{
    return (fails && failing_.run != nullptr ? failing_ : passing_).step();
}

void key_guard::matched(std::int64_t rows)
{
    if (rows != 1)
        throw key_is_taken{};
    has_key_ = true;
    is_in_doubt_ = false;  // an older transaction of this call has ended without it
}

void key_guard::failed(error const& why)
{
    if (why.code() == errc::already_exists)
        throw key_is_taken{};
    throw why;
}

void key_guard::commit(workspace& in)
{
    auto const last = completing(in.statements(), request_, mine_, *answer_, options_, true);
    in.connection().commit_with(last.step());
}

}  // namespace tiebreak::detail
