// See recoverer.hpp.
#include "systems/tickets/recoverer.hpp"

#include <tiebreak/log.hpp>

#include <array>
#include <optional>
#include <random>
#include <stdexcept>

namespace tiebreak::systems::tickets {

namespace {

using std::chrono::milliseconds;

constexpr std::size_t owner_bytes_max = 255;

recoverer_options checked(recoverer_options options)
{
    if (options.owner.empty() || options.owner.size() > owner_bytes_max)
        throw std::invalid_argument("owner must have 1 to 255 bytes");
    if (options.lease_name.empty() || options.lease_name.size() > owner_bytes_max)
        throw std::invalid_argument("lease_name must have 1 to 255 bytes");
    if (options.period < milliseconds{1} || options.period > std::chrono::hours{24})
        throw std::invalid_argument("period must be 1 ms to 1 day");
    if (!(options.jitter >= 0 && options.jitter <= 1))
        throw std::invalid_argument("jitter must be from 0 to 1");
    if (options.older_than.count() < 0)
        throw std::invalid_argument("older_than must be 0 or more");
    if (options.orders_max < 1)
        throw std::invalid_argument("orders_max must be at least 1");
    options.lease = tiebreak::checked(options.lease);
    return options;
}

void add(recovery& to, recovery const& more)
{
    to.found += more.found;
    to.completed += more.completed;
    to.returned += more.returned;
    to.refunded += more.refunded;
    to.unanswered += more.unanswered;
    to.overtaken += more.overtaken;
}

void log_failure(std::exception const& why)
{
    auto const* const known = dynamic_cast<error const*>(&why);
    std::array const fields{
        log_field{"code", known == nullptr ? std::string_view{} : name_of(known->code())},
        log_field{"message", why.what()}};
    log(log_level::warning, "ticket_recovery_failed", fields);
}

// A round's lease: renewed in the background, given back at the end.
class held_lease {
public:
    held_lease(leases const& locks, lease held, std::chrono::steady_clock::time_point asked_at)
        : locks_(locks),
          held_(std::move(held)),
          beating_([&locks, renewed = held_]() mutable { return locks.renew(renewed); },
                   asked_at,
                   locks.options())
    {
    }

    held_lease(held_lease const&) = delete;
    held_lease& operator=(held_lease const&) = delete;

    ~held_lease()
    {
        try {
            (void)locks_.release(held_);  // lost: it is somebody else's already
        } catch (std::exception const& why) {
            log_failure(why);  // it runs out by itself
        }
    }

    [[nodiscard]] bool trusted() const noexcept { return beating_.trusted(); }

    void require(unit_of_work& work) const { locks_.require(work, held_); }

private:
    leases const& locks_;
    lease held_;
    heartbeat beating_;
};

}  // namespace

recovery_round recover_alone(database& in,
                             payment_provider& provider,
                             recoverer_options const& options,
                             std::stop_token const& stop)
{
    recover_options with{.older_than = options.older_than, .orders_max = options.orders_max};
    if (!is_recovery_due(in, with))
        return {round_end::nothing_due, {}};
    leases const locks(in, options.lease);
    auto const asked_at = std::chrono::steady_clock::now();
    auto claimed = locks.claim(options.lease_name, options.owner);
    if (!claimed)
        return {round_end::held_by_another, {}};
    held_lease const held(locks, *std::move(claimed), asked_at);
    recovery_round round{round_end::done, {}};
    with.goes_on = [&] {
        if (stop.stop_requested())
            round.end = round_end::cut_short;
        else if (!held.trusted())
            round.end = round_end::lease_lost;
        return round.end == round_end::done;
    };
    with.fence = [&](unit_of_work& work) {
        try {
            held.require(work);
        } catch (error const& why) {
            if (why.code() == errc::lease_lost)
                round.end = round_end::lease_lost;
            throw;
        }
    };
    round.counts = recover(in, provider, with);
    return round;
}

recoverer::recoverer(database& in, payment_provider& provider, recoverer_options options)
    : in_(in),
      provider_(provider),
      options_(checked(std::move(options))),
      thread_([this](std::stop_token const& stop) { run(stop); })
{
}

recoverer::~recoverer() = default;

recoverer_counts recoverer::counts() const
{
    std::scoped_lock const lock(mutex_);
    return counts_;
}

void recoverer::wait_for_rounds(std::int64_t at_least) const
{
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return counts_.rounds >= at_least; });
}

void recoverer::run(std::stop_token const& stop)
{
    std::mt19937_64 random{std::random_device{}()};
    auto const pause = [&](double least, double most) {
        auto const part = std::uniform_real_distribution<double>(least, most)(random);
        std::unique_lock lock(mutex_);
        changed_.wait_for(lock, stop, options_.period * part, [] { return false; });
    };
    pause(0, 1);
    while (!stop.stop_requested()) {
        run_round(stop);
        pause(1 - options_.jitter, 1 + options_.jitter);
    }
}

void recoverer::run_round(std::stop_token const& stop)
{
    std::optional<recovery_round> ended;
    try {
        ended = recover_alone(in_, provider_, options_, stop);
    } catch (std::exception const& why) {
        log_failure(why);
    }
    auto const round = ended.value_or(recovery_round{});
    {
        std::scoped_lock const lock(mutex_);
        ++counts_.rounds;
        counts_.failed += ended ? 0 : 1;
        counts_.elsewhere += round.end == round_end::held_by_another ? 1 : 0;
        counts_.lost += round.end == round_end::lease_lost ? 1 : 0;
        add(counts_.resolved, round.counts);
    }
    changed_.notify_all();
}

}  // namespace tiebreak::systems::tickets
