/// \file
/// The strategies. What they share is in issue_checks.hpp; here is who decides.
#include "systems/coupons/coupons.hpp"
#include "systems/coupons/issue_checks.hpp"
#include "systems/in_unit.hpp"
#include "systems/own_sql.hpp"

#include <algorithm>
#include <mutex>
#include <type_traits>

namespace tiebreak::systems::coupons {

namespace {

using detail::issue_request;

transact_options transaction_of(database const& in, issue_options const& options)
{
    return own_or_joined(in, options.retry, options.level);
}

void reach_between(issue_options const& options)
{
    if (options.between)
        options.between();
}

// The version check decides: at the flush that `insert` begins with, before the record is written.
// With a lock nobody else can come between, so the same check always holds.
issue_result issue_checked(database& in,
                           issue_request const& asked,
                           issue_options const& options,
                           lock_mode mode)
{
    return in.transact(
        [&](unit_of_work& work) -> issue_result {
            coupon* mine = nullptr;
            auto const seen = detail::look(work, asked, [&](std::string const& code) {
                return mine = work.find_by<&coupon::code>(code, mode);
            });
            if (seen.refusal)
                return *seen.refusal;
            reach_between(options);
            mine->issued_quantity += 1;
            auto const& record = work.insert(detail::record_of(asked, *mine, seen.now));
            return detail::answer_of(record, *mine);
        },
        transaction_of(in, options));
}

// As the first description had it: the record first. Its foreign key share-locks the coupon's row,
// so two requests that come together wait for each other when both want to write it: right in the
// end, at the price of a deadlock each time.
issue_result
issue_insert_first(database& in, issue_request const& asked, issue_options const& options)
{
    // a herd that deadlocks thins out only by waiting
    constexpr std::chrono::milliseconds base{5};
    constexpr std::chrono::milliseconds cap{500};
    auto how = transaction_of(in, options);
    if (!in.in_unit())
        how.retry = options.retry.value_or(retry_policy{});
    if (how.retry && how.retry->spread == jitter::full) {
        how.retry->base = std::max<std::chrono::microseconds>(how.retry->base, base);
        how.retry->cap = std::max<std::chrono::microseconds>(how.retry->cap, cap);
    }
    return in.transact(
        [&](unit_of_work& work) -> issue_result {
            coupon* mine = nullptr;
            auto const seen = detail::look(work, asked, [&](std::string const& code) {
                return mine = work.find_by<&coupon::code>(code);
            });
            if (seen.refusal)
                return *seen.refusal;
            reach_between(options);
            auto const& record = work.insert(detail::record_of(asked, *mine, seen.now));
            mine->issued_quantity += 1;
            return detail::answer_of(record, *mine);
        },
        how);
}

// The condition decides, in the statement that takes one; what was read before only saves the
// statement when it cannot succeed.
issue_result
issue_by_condition(database& in, issue_request const& asked, issue_options const& options)
{
    return in.transact(
        [&](unit_of_work& work) -> issue_result {
            repository<coupon> const coupons(work);
            std::optional<coupon> read;
            auto const seen = detail::look(work, asked, [&](std::string const& code) {
                read = coupons.find_by<&coupon::code>(code);
                return read ? &*read : nullptr;
            });
            if (seen.refusal)
                return *seen.refusal;
            reach_between(options);
            auto const taken =
                coupons.update_if(read->id,
                                  field<&coupon::issued_quantity> < field<&coupon::total_quantity>,
                                  field<& coupon::issued_quantity> += 1);
            if (taken == outcome::lost)
                return sold_out{asked.code, read->total_quantity};
            auto const& record = work.insert(detail::record_of(asked, *read, seen.now));
            return detail::answer_of(record, *read);
        },
        transaction_of(in, options));
}

// A negative control: what was read may be old when it is written, and nobody looks.
issue_result issue_unchecked(database& in, issue_request const& asked, issue_options const& options)
{
    std::optional<coupon> read;
    auto const seen = in.transact(
        [&](unit_of_work& work) {
            return detail::look(work, asked, [&](std::string const& code) {
                read = repository<coupon>(work).find_by<&coupon::code>(code);
                return read ? &*read : nullptr;
            });
        },
        transaction_of(in, options));
    if (seen.refusal)
        return *seen.refusal;
    reach_between(options);
    return in.transact(
        [&](unit_of_work& work) -> issue_result {
            work.execute(own_sql(in,
                                 "UPDATE " + work.table<coupon>() +
                                     " SET issued_quantity = ?, version = version + 1"
                                     " WHERE id = ?"),
                         read->issued_quantity + 1,
                         read->id);
            auto const& record = work.insert(detail::record_of(asked, *read, seen.now));
            return detail::answer_of(record, *read);
        },
        transaction_of(in, options));
}

// A negative control: right with one process, and only then.
issue_result
issue_in_process(database& in, issue_request const& asked, issue_options const& options)
{
    static std::mutex one_at_a_time;
    std::lock_guard const alone(one_at_a_time);
    return issue_unchecked(in, asked, options);
}

issue_result decide(database& in, issue_request const& asked, issue_options const& options)
{
    switch (options.how) {
    case strategy::naive: return issue_unchecked(in, asked, options);
    case strategy::in_process: return issue_in_process(in, asked, options);
    case strategy::optimistic: return issue_checked(in, asked, options, lock_mode::none);
    case strategy::conditional: return issue_by_condition(in, asked, options);
    case strategy::pessimistic:
        return issue_checked(in, asked, options, lock_mode::pessimistic_write);
    case strategy::insert_first:
        if (is_offered(options.how, in))
            return issue_insert_first(in, asked, options);
        break;
    }
    throw error(errc::unsupported,
                "the strategy insert_first needs MariaDB: there the record's "
                "foreign key takes a shared lock on the coupon's row");
}

// Called in a catch clause. An end of attempts, or the request of the same member that was first,
// is an answer; anything else goes on.
issue_result answer_to(error const& failure, issue_request const& asked)
{
    switch (failure.code()) {
    case errc::already_exists: return already_issued{asked.code, asked.member_id};
    case errc::stale_version:
    case errc::transaction_aborted:
    case errc::lock_timeout: return issuing_failed{1, failure.code()};
    case errc::attempts_exhausted:
    case errc::deadline_exceeded:
        return issuing_failed{std::max(failure.attempts(), 1),
                              failure.last() != nullptr ? failure.last()->code() : failure.code()};
    default: throw;
    }
}

}  // namespace

bool is_offered(strategy how, database const& on) noexcept
{
    return how != strategy::insert_first || on.engine() == "mariadb";
}

issue_result
issue(database& in, std::string_view code, std::int64_t member_id, issue_options const& options)
{
    issue_request const asked{.code = std::string(code), .member_id = member_id};
    if (in.in_unit())
        return decide(in, asked, options);  // a conflict leaves: only the outermost runs again
    try {
        return decide(in, asked, options);
    } catch (error const& failure) {
        return answer_to(failure, asked);
    }
}

}  // namespace tiebreak::systems::coupons
