// The ticket scenario: every order is approved five times at once; one approval may go ahead, and
// the payment provider, which keeps books of its own, may be called once.
#include "race/http/askers.hpp"
#include "race/http/fleet.hpp"
#include "race/interrupt.hpp"
#include "race/limits.hpp"
#include "race/scenario.hpp"
#include "race/ticket_audit.hpp"
#include "systems/tickets/audit.hpp"
#include "systems/tickets/tickets.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <thread>
#include <variant>
#include <vector>

namespace tiebreak::race {

namespace {

namespace tickets = systems::tickets;
using namespace std::chrono_literals;

std::string key_of_payment(std::int64_t order)
{
    return "payment-" + std::to_string(order);
}

tickets::stand_in_options stand_in_of(race_options const& options)
{
    return {.seed = options.seed,
            .decline_rate = options.faults.decline_rate,
            .error_rate = options.faults.error_rate,
            .drop_reply_rate = options.faults.drop_reply_rate,
            .latency_min = options.faults.latency_min,
            .latency_max = options.faults.latency_max};
}

// What an approval's answer means for the race.
struct answer_of {
    request_slot& slot;

    answer operator()(tickets::approved const& yes) const
    {
        slot.acknowledged = yes.ticket_id;
        return yes.replayed ? answer::replayed : answer::won;
    }

    answer operator()(tickets::already_processed const&) const { return answer::refused; }

    answer operator()(tickets::in_progress const&) const { return answer::refused; }

    answer operator()(tickets::lock_wait_exceeded const&) const { return answer::refused; }

    answer operator()(tickets::payment_declined const&) const
    {
        slot.acknowledged = told_no_payment;
        return answer::refused;
    }

    answer operator()(tickets::payment_unavailable const& away) const
    {
        slot.acknowledged = told_no_payment;
        slot.explain(away.outcome_known ? "the payment provider failed; the order waits again"
                                        : "the payment provider's reply was lost; recovery finds "
                                          "out");
        return answer::failed;
    }

    answer operator()(tickets::attempts_exhausted const&) const
    {
        slot.explain("gave up: the attempts are used up and the order still waits");
        return answer::failed;
    }

    template <class Other>
    answer operator()(Other const&) const
    {
        slot.explain("an answer that no approval of this race should get");
        return answer::failed;
    }
};

class ticket_racer final : public racer {
public:
    ticket_racer(database& in,
                 std::string const& books_url,
                 race_setting const& setting,
                 tickets::approve_options how,
                 std::vector<tickets::order> const& orders)
        : db_(in),
          entrance_(setting.entrance),
          patience_(time_allowed(*setting.options)),
          provider_(books_url, stand_in_of(*setting.options)),
          rivals_(std::min(approvals_of_an_order,
                           setting.options->processes * setting.options->threads)),
          how_(std::move(how)),
          orders_(orders)
    {
        if (!tickets::needs_redis(how_.how))
            return;
        cache_.emplace(redis_url_of(*setting.options, setting.what.name, setting.folder),
                       redis_options{.connections_max = setting.options->threads + 1});
        how_.cache = &*cache_;
    }

    void race(lane& on) override
    {
        std::optional<http_client> client;
        if (!entrance_.empty())
            client.emplace(entrance_);
        while (auto const number = on.next(std::ssize(orders_) * approvals_of_an_order)) {
            auto const order = static_cast<std::size_t>(*number / approvals_of_an_order);
            meet_rivals(on, order);
            on.run(*number, [&](request_slot& slot) {
                slot.subject = orders_[order].id;
                return client ? ask_by(*client, orders_[order], slot) : ask(orders_[order], slot);
            });
        }
    }

private:
    // The five approvals of an order start together, in as many threads of whatever processes.
    void meet_rivals(lane& on, std::size_t order) const
    {
        auto& arrived = on.on().own()[order];
        arrived.fetch_add(1);
        while (arrived.load() < rivals_ && on.on().head().racers_lost.load() == 0 && !on.stopped())
            std::this_thread::sleep_for(20us);
    }

    [[nodiscard]] answer
    ask_by(http_client& client, tickets::order const& of, request_slot& slot) const
    {
        return ask_for_approval(client,
                                {.order_id = of.id,
                                 .lotto_publish_id = of.lotto_publish_id,
                                 .amount = of.amount,
                                 .payment_key = key_of_payment(of.id)},
                                slot,
                                patience_);
    }

    answer ask(tickets::order const& of, request_slot& slot)
    {
        tickets::approval_request const request{.lotto_publish_id = of.lotto_publish_id,
                                                .order_id = of.id,
                                                .payment_key = key_of_payment(of.id),
                                                .amount = of.amount};
        return std::visit(answer_of{slot}, tickets::approve(db_, provider_, request, how_));
    }

    database& db_;
    std::string entrance_;
    std::chrono::milliseconds patience_;
    tickets::stand_in_provider provider_;
    std::int64_t rivals_;
    tickets::approve_options how_;
    std::vector<tickets::order> const& orders_;
    std::optional<redis> cache_;
};

class ticket_scenario final : public scenario {
public:
    explicit ticket_scenario(race_setting const& setting)
        : setting_(setting),
          options_(*setting.options),
          books_url_(books_url_of(setting.folder, setting.what, options_.threads + 1)),
          how_{.how = tickets::strategy_named(setting.what.name),
               .retry = policy_of(options_),
               .level = options_.level}
    {
    }

    [[nodiscard]] std::size_t slots() const override
    {
        return static_cast<std::size_t>(options_.users) * approvals_of_an_order;
    }

    [[nodiscard]] std::size_t own_words() const override
    {
        return static_cast<std::size_t>(options_.users);
    }

    [[nodiscard]] std::int64_t goal() const override
    {
        return options_.users * approvals_of_an_order;
    }

    void prepare(database& in) override
    {
        tickets::stand_in_provider const books(books_url_, stand_in_of(options_));
        orders_.clear();
        while (std::ssize(orders_) < options_.users && interrupted() == 0) {
            auto const made = tickets::create_order(
                in, {.member_id = 1, .lines = {{.numbers = {4, 8, 15, 16, 23, 42}}}});
            auto const* order = std::get_if<tickets::order>(&made);
            if (order == nullptr)
                throw cannot_race("the orders to race for could not be made");
            orders_.push_back(*order);
        }
        think();
    }

    [[nodiscard]] std::unique_ptr<racer> join(database& in, board&) override
    {
        return std::make_unique<ticket_racer>(in, books_url_, setting_, how_, orders_);
    }

    // What is left PENDING (a lost reply, a dead racer) is resolved as the service would.
    void settle(database& in) override
    {
        tickets::stand_in_provider provider(books_url_, stand_in_of(options_));
        constexpr int rounds_max = 100;  // it needs two; a mistake must not keep the lab forever
        for (int round = 0; round < rounds_max && interrupted() == 0; ++round)
            if (tickets::recover(in, provider, {.older_than = 0ms}).found == 0)
                return;
    }

    [[nodiscard]] audit_counts audit(database& of, board const& after) override
    {
        tickets::stand_in_provider provider(books_url_, stand_in_of(options_));
        auto const rows = tickets::audit(of, provider);
        audit_ = audit_tickets(rows, after.used(), options_.faults, options_.kill);
        return audit_.counts;
    }

    [[nodiscard]] std::map<std::string, std::int64_t> per_order() const override
    {
        return audit_.per_order;
    }

private:
    void think() const
    {
        auto const until = std::chrono::steady_clock::now() + options_.think;
        while (std::chrono::steady_clock::now() < until && interrupted() == 0)
            std::this_thread::sleep_for(
                std::min<std::chrono::nanoseconds>(10ms, until - std::chrono::steady_clock::now()));
    }

    race_setting setting_;
    race_options const& options_;
    std::string books_url_;
    tickets::approve_options how_;
    std::vector<tickets::order> orders_;
    ticket_findings audit_;
};

}  // namespace

std::unique_ptr<scenario> make_ticket_scenario(race_setting const& setting)
{
    return std::make_unique<ticket_scenario>(setting);
}

}  // namespace tiebreak::race
