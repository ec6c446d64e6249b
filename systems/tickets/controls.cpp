// The negative controls. What is missing here, on purpose: every condition in every write.
#include "systems/tickets/controls.hpp"

#include "systems/tickets/decide.hpp"

#include <mutex>
#include <set>
#include <utility>

namespace tiebreak::systems::tickets {

namespace {

condition<order> only(std::int64_t id)
{
    return field<&order::id> == id;
}

void write_waiting(database& in, std::int64_t id)
{
    repository<order>(in).update_where(only(id),
                                       field<& order::status> = order_status::waiting,
                                       field<& order::payment_key> = std::nullopt,
                                       field<& order::pending_since> = std::nullopt);
}

// A second approval finds the bill and ticket of the first and takes them for its own.
approved write_complete(database& in, approval_request const& request, std::string const& charge_id)
{
    return in.transact([&](unit_of_work& work) {
        repository<order>(work).update_where(only(request.order_id),
                                             field<& order::status> = order_status::complete,
                                             field<& order::pending_since> = std::nullopt,
                                             field<& order::approvals> += 1);
        repository<bill> const bills(work);
        bill paid{.order_id = request.order_id,
                  .payment_key = request.payment_key,
                  .charge_id = charge_id,
                  .amount = request.amount};
        (void)bills.insert_if_absent(paid);
        paid = bills.find_by<&bill::order_id>(request.order_id).value();
        repository<ticket> const tickets(work);
        ticket bought{.order_id = request.order_id,
                      .bill_id = paid.id,
                      .lotto_publish_id = request.lotto_publish_id};
        (void)tickets.insert_if_absent(bought);
        bought = tickets.find_by<&ticket::order_id>(request.order_id).value();
        return approved{paid.id, bought.id, request.order_id, request.amount, request.payment_key};
    });
}

approval approve_naively(database& in,
                         payment_provider& provider,
                         approval_request const& request,
                         approve_options const& options)
{
    if (auto refusal = refusal_of(in, request))
        return *std::move(refusal);
    if (options.between)
        options.between();
    repository<order>(in).update_where(only(request.order_id),
                                       field<& order::status> = order_status::pending,
                                       field<& order::payment_key> =
                                           std::optional{request.payment_key},
                                       field<& order::epoch> += 1,
                                       field<& order::pending_since> = database_now());
    reach(options.reached, step::decided);
    auto const reply = provider.charge({request.payment_key, request.order_id, request.amount});
    reach(options.reached, step::charged);
    switch (reply.outcome) {
    case charge_outcome::approved: return write_complete(in, request, reply.charge_id);
    case charge_outcome::declined: write_waiting(in, request.order_id); return payment_declined{};
    case charge_outcome::error:
        write_waiting(in, request.order_id);
        return payment_unavailable{true};
    case charge_outcome::no_answer: break;
    }
    return payment_unavailable{false};
}

// Compare-and-set in the memory of this process: holds against its own threads only.
class held_here {
public:
    explicit held_here(database const& in, std::int64_t order_id) : name_(in.shown_url(), order_id)
    {
        std::scoped_lock const lock(mutex());
        held_ = orders().insert(name_).second;
    }

    held_here(held_here const&) = delete;
    held_here& operator=(held_here const&) = delete;

    ~held_here()
    {
        std::scoped_lock const lock(mutex());
        if (held_)
            orders().erase(name_);
    }

    explicit operator bool() const noexcept { return held_; }

private:
    using name = std::pair<std::string, std::int64_t>;

    static std::mutex& mutex()
    {
        static std::mutex one;
        return one;
    }

    static std::set<name>& orders()
    {
        static std::set<name> all;
        return all;
    }

    name name_;
    bool held_ = false;
};

}  // namespace

approval approve_unchecked(database& in,
                           payment_provider& provider,
                           approval_request const& request,
                           approve_options const& options)
try {
    if (options.how == strategy::naive)
        return approve_naively(in, provider, request, options);
    held_here const held(in, request.order_id);
    if (!held)
        return in_progress{};
    return approve_naively(in, provider, request, options);

} catch (error const& why) {
    if (why.code() == errc::already_exists)
        return payment_key_in_use{};
    throw;
}

}  // namespace tiebreak::systems::tickets
