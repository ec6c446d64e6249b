// Resolving what was left PENDING: take the order over, ask the provider, roll forward or back.
#include "systems/tickets/tenure.hpp"

#include <stdexcept>

namespace tiebreak::systems::tickets {

namespace {

condition<order> is_overdue(recover_options const& options)
{
    return field<&order::status> == order_status::pending &&
           field<&order::pending_since> <= database_now() - options.older_than;
}

// Raises the epoch, so that the former holder changes nothing from here on.
outcome take_over(database& in, order& found, recover_options const& options)
{
    auto const raise_epoch = [&](auto& where) {
        return repository<order>(where).update_if(found.id,
                                                  is_overdue(options) &&
                                                      field<&order::epoch> == found.epoch,
                                                  field<&order::epoch> += 1,
                                                  field<&order::pending_since> = database_now());
    };
    auto const taken = !options.fence ? raise_epoch(in) : in.transact([&](unit_of_work& work) {
        options.fence(work);
        return raise_epoch(work);
    });
    if (taken == outcome::won)
        found.epoch += 1;
    return taken;
}

void count_refund(refund_outcome how, order_status to, recovery& counts)
{
    switch (how) {
    case refund_outcome::unanswered: ++counts.unanswered; return;
    case refund_outcome::overtaken: ++counts.overtaken; return;
    case refund_outcome::refunded: break;
    }
    ++(to == order_status::cancelled ? counts.refunded : counts.returned);
}

class resolver {
public:
    resolver(database& in, payment_provider& provider, recover_options const& options)
        : in_(in), provider_(provider), options_(options)
    {
    }

    recovery resolve(std::vector<order> pending)
    {
        for (auto& one : pending) {
            if (options_.goes_on && !options_.goes_on())
                break;
            if (!resolve_one(one))
                break;
        }
        return counts_;
    }

private:
    // False: the fence is lost.
    bool resolve_one(order& one)
    {
        ++counts_.found;
        try {
            if (take_over(in_, one, options_) == outcome::lost) {
                ++counts_.overtaken;
                return true;
            }
        } catch (error const& why) {
            if (why.code() != errc::lease_lost)
                throw;
            ++counts_.overtaken;
            return false;
        }
        reach(options_.reached, step::taken_over);
        resolve_held(one);
        return true;
    }

    void resolve_held(order const& held)
    {
        auto const tenure = tenure_of(held);
        if (held.refund_to)
            return roll_back(tenure, *held.refund_to);
        if (options_.refund_all)
            return roll_back(tenure, order_status::cancelled);
        auto const record = provider_.find(tenure.payment_key);
        if (!record) {
            ++counts_.unanswered;
        } else if (record->standing() > 0) {
            roll_forward(tenure, record->charge_id);
        } else {
            // Also when the provider knows of nothing: the charge may still be on its way, and
            // only a cancellation makes sure that it is declined when it arrives.
            roll_back(tenure, order_status::waiting);
        }
    }

    void roll_forward(tenure const& held, std::string const& charge_id)
    {
        try {
            auto const done = complete(in_, held, charge_id, options_.reached);
            ++(done ? counts_.completed : counts_.overtaken);
            return;
        } catch (error const& why) {
            if (!never_completes(why))
                throw;
        }
        roll_back(held, order_status::cancelled);
    }

    void roll_back(tenure const& held, order_status to)
    {
        count_refund(refund(in_, provider_, held, to, options_.reached), to, counts_);
    }

    database& in_;
    payment_provider& provider_;
    recover_options const& options_;
    recovery counts_{};
};

void validate(recover_options const& options)
{
    if (options.older_than.count() < 0)
        throw std::invalid_argument("older_than must be 0 or more");
    if (options.orders_max < 1)
        throw std::invalid_argument("orders_max must be at least 1");
}

}  // namespace

bool is_recovery_due(database& in, recover_options const& options)
{
    validate(options);
    return repository<order>(in).select().where(is_overdue(options)).first().has_value();
}

recovery recover(database& in, payment_provider& provider, recover_options const& options)
{
    validate(options);
    auto pending = repository<order>(in)
                       .select()
                       .where(is_overdue(options))
                       .order_by(field<&order::pending_since>.ascending())
                       .limit(options.orders_max)
                       .all();
    return resolver(in, provider, options).resolve(std::move(pending));
}

}  // namespace tiebreak::systems::tickets
