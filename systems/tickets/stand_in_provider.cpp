// The stand-in's books: one row for each payment key, one for each charge. What is counted is
// derived from the charges, so that there is no counter to get wrong.
#include "systems/tickets/stand_in_provider.hpp"

#include <tiebreak/log.hpp>
#include <tiebreak/schema.hpp>

#include "systems/tickets/chance.hpp"

#include <array>
#include <stdexcept>
#include <thread>

namespace tiebreak::systems::tickets {

namespace provider_books {

struct payment {
    std::string payment_key{};
    std::int64_t order_id = 0;  ///< of the first call; 0: cancelled before any call
    std::int64_t calls = 0;
    bool declined = false;
    bool cancelled = false;
    tiebreak::version version{};
};
BOOST_DESCRIBE_STRUCT(payment, (), (payment_key, order_id, calls, declined, cancelled, version))

constexpr auto mapping_of(payment const*)
{
    return map<payment>("provider_payments", key<&payment::payment_key>);
}

struct recorded_charge {
    std::int64_t id = 0;
    std::string payment_key{};
    std::optional<std::string> idempotency_key{};
    std::int64_t order_id = 0;
    std::int64_t amount = 0;
    bool refunded = false;
};
BOOST_DESCRIBE_STRUCT(recorded_charge,
                      (),
                      (id, payment_key, idempotency_key, order_id, amount, refunded))

constexpr auto mapping_of(recorded_charge const*)
{
    return map<recorded_charge>("provider_charges",
                                generated_key<&recorded_charge::id>,
                                unique<&recorded_charge::idempotency_key>,
                                references<&recorded_charge::payment_key, payment>);
}

}  // namespace provider_books

namespace {

using provider_books::payment;
using provider_books::recorded_charge;

// The books belong to whoever tests or races: that a stalled disk holds them up is no failure of
// the provider, which would be one more fault than was asked for. Whoever calls has a deadline of
// their own; this one ends what would never end.
constexpr std::chrono::seconds books_patience{60};

void check_rate(double rate, char const* name)
{
    if (!(rate >= 0 && rate <= 1))
        throw std::invalid_argument(std::string{name} + " must be from 0 to 1");
}

stand_in_options checked(stand_in_options options)
{
    check_rate(options.decline_rate, "decline_rate");
    check_rate(options.error_rate, "error_rate");
    check_rate(options.drop_reply_rate, "drop_reply_rate");
    if (options.latency_min.count() < 0)
        throw std::invalid_argument("latency_min must be 0 or more");
    if (options.latency_max < options.latency_min)
        throw std::invalid_argument("latency_max must be at least latency_min");
    return options;
}

std::string charge_name(std::int64_t id)
{
    return "charge-" + std::to_string(id);
}

// Holds the row until the end of the unit: calls with one payment key are done one after the other.
payment& hold(unit_of_work& work, std::string const& key)
{
    if (auto* const known = work.find<payment>(key, lock_mode::pessimistic_write))
        return *known;
    payment fresh{.payment_key = key};
    (void)repository<payment>(work).insert_if_absent(fresh);  // lost: another call was first
    return work.load<payment>(key, lock_mode::pessimistic_write);
}

payment_record record_of(payment const& from, std::vector<recorded_charge> const& charges)
{
    payment_record record{.calls = from.calls};
    for (auto const& one : charges) {
        if (one.payment_key != from.payment_key)
            continue;
        ++record.charges;
        record.refunds += one.refunded ? 1 : 0;
        if (!one.refunded && record.charge_id.empty())
            record.charge_id = charge_name(one.id);
    }
    if (from.cancelled)
        record.state = payment_state::cancelled;
    else if (record.standing() > 0)
        record.state = payment_state::charged;
    else if (from.declined)
        record.state = payment_state::declined;
    return record;
}

struct handled_call {
    charge_reply reply{};
    std::int64_t number = 0;  // counted from 1 for each payment key
};

handled_call handle(unit_of_work& work, charge_request const& wish, stand_in_options const& with)
{
    std::string const key{wish.payment_key};
    auto& account = hold(work, key);
    account.calls += 1;
    if (account.order_id == 0)
        account.order_id = wish.order_id;
    auto const answer = [&](charge_outcome how, std::string id = {}) {
        return handled_call{{how, std::move(id)}, account.calls};
    };
    if (account.cancelled)
        return answer(charge_outcome::declined);
    std::optional<std::string> once;
    if (wish.idempotency_key) {
        once.emplace(*wish.idempotency_key);
        auto const earlier = repository<recorded_charge>(work)
                                 .select()
                                 .where(field<&recorded_charge::idempotency_key> == *once)
                                 .first();
        if (earlier) {
            bool const same = earlier->payment_key == key && earlier->order_id == wish.order_id &&
                              earlier->amount == wish.amount && !earlier->refunded;
            return same ? answer(charge_outcome::approved, charge_name(earlier->id))
                        : answer(charge_outcome::declined);
        }
    }
    if (account.declined || chance(with.seed, chance_purpose::decline, key) < with.decline_rate) {
        account.declined = true;
        return answer(charge_outcome::declined);
    }
    auto const number = static_cast<std::uint64_t>(account.calls);
    if (chance(with.seed, chance_purpose::error, key, number) < with.error_rate)
        return answer(charge_outcome::error);
    auto const& made = work.insert(recorded_charge{.payment_key = key,
                                                   .idempotency_key = once,
                                                   .order_id = wish.order_id,
                                                   .amount = wish.amount});
    return answer(charge_outcome::approved, charge_name(made.id));
}

void pause_half(stand_in_options const& with, std::string_view key, std::int64_t number)
{
    if (with.latency_max.count() == 0)
        return;
    std::chrono::duration<double, std::milli> const spread = with.latency_max - with.latency_min;
    auto const part =
        chance(with.seed, chance_purpose::latency, key, static_cast<std::uint64_t>(number));
    std::this_thread::sleep_for((with.latency_min + spread * part) / 2);
}

void log_failure(error const& why)
{
    std::array const fields{log_field{"code", name_of(why.code())},
                            log_field{"message", why.what()}};
    log(log_level::warning, "stand_in_provider_failed", fields);
}

}  // namespace

stand_in_provider::stand_in_provider(std::string_view books_url, stand_in_options options)
    : books_(books_url, {.connection_wait = books_patience, .retry = {.deadline = books_patience}}),
      options_(checked(options))
{
    create_table<payment>(books_);
    create_table<recorded_charge>(books_);
}

charge_reply stand_in_provider::charge(charge_request const& wish)
try {
    pause_half(options_, wish.payment_key, 0);
    auto call = books_.transact([&](unit_of_work& work) { return handle(work, wish, options_); },
                                {.pessimistic = true});
    pause_half(options_, wish.payment_key, call.number);
    auto const number = static_cast<std::uint64_t>(call.number);
    if (chance(options_.seed, chance_purpose::lost_reply, wish.payment_key, number) <
        options_.drop_reply_rate)
        return {};
    return std::move(call.reply);

} catch (error const& why) {
    log_failure(why);
    return {why.code() == errc::commit_unknown ? charge_outcome::no_answer : charge_outcome::error};
}

std::optional<payment_record> stand_in_provider::find(std::string_view payment_key)
try {
    std::string const key{payment_key};
    return books_.read([&](snapshot& view) {
        auto const known = repository<payment>(view).find(key);
        if (!known)
            return payment_record{};
        auto const charges = repository<recorded_charge>(view)
                                 .select()
                                 .where(field<&recorded_charge::payment_key> == key)
                                 .order_by(field<&recorded_charge::id>.ascending())
                                 .all();
        return record_of(*known, charges);
    });

} catch (error const& why) {
    log_failure(why);
    return std::nullopt;
}

cancel_outcome stand_in_provider::cancel(std::string_view payment_key)
try {
    std::string const key{payment_key};
    books_.transact(
        [&](unit_of_work& work) {
            hold(work, key).cancelled = true;
            repository<recorded_charge>(work).update_where(
                field<&recorded_charge::payment_key> == key &&
                    field<&recorded_charge::refunded> == false,
                field<& recorded_charge::refunded> = true);
        },
        {.pessimistic = true});
    return cancel_outcome::cancelled;

} catch (error const& why) {
    log_failure(why);
    return cancel_outcome::no_answer;
}

std::vector<payment_account> stand_in_provider::accounts()
{
    return books_.read([&](snapshot& view) {
        auto const payments = repository<payment>(view)
                                  .select()
                                  .order_by(field<&payment::payment_key>.ascending())
                                  .all();
        auto const charges = repository<recorded_charge>(view)
                                 .select()
                                 .order_by(field<&recorded_charge::payment_key>.ascending(),
                                           field<&recorded_charge::id>.ascending())
                                 .all();
        std::vector<payment_account> accounts;
        std::vector<recorded_charge> own;
        auto next = charges.begin();
        for (auto const& one : payments) {
            own.clear();
            for (; next != charges.end() && next->payment_key == one.payment_key; ++next)
                own.push_back(*next);
            accounts.push_back({one.payment_key, one.order_id, record_of(one, own)});
        }
        return accounts;
    });
}

}  // namespace tiebreak::systems::tickets
