// The coupon scenario: every member asks once for a coupon of which there are too few.
#include "race/http/askers.hpp"
#include "race/limits.hpp"
#include "race/scenario.hpp"
#include "systems/coupons/coupons.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

namespace tiebreak::race {

namespace {

namespace coupons = systems::coupons;

constexpr char const* code = "RACE";

class coupon_racer final : public racer {
public:
    coupon_racer(database& in,
                 race_setting const& setting,
                 coupons::issue_options how,
                 std::vector<std::int64_t> const& members)
        : db_(in),
          entrance_(setting.entrance),
          patience_(time_allowed(*setting.options)),
          how_(std::move(how)),
          members_(members)
    {
    }

    void race(lane& on) override
    {
        auto const requests = static_cast<std::int64_t>(members_.size());
        std::optional<http_client> client;
        if (!entrance_.empty())
            client.emplace(entrance_);
        while (auto const number = on.next(requests))
            on.run(*number, [&](request_slot& slot) {
                slot.subject = members_[static_cast<std::size_t>(*number)];
                return client ? ask_for_coupon(*client, code, slot, patience_) : ask(slot);
            });
    }

private:
    answer ask(request_slot& slot)
    {
        auto const result = coupons::issue(db_, code, slot.subject, how_);
        if (auto const* got = std::get_if<coupons::issued>(&result)) {
            slot.acknowledged = got->id;
            return answer::won;
        }
        if (std::holds_alternative<coupons::sold_out>(result))
            return answer::refused;
        if (auto const* gave_up = std::get_if<coupons::issuing_failed>(&result))
            slot.explain("gave up, last because of " + std::string{name_of(gave_up->last)});
        else
            slot.explain("an answer that no member of this race should get");
        return answer::failed;
    }

    database& db_;
    std::string entrance_;
    std::chrono::milliseconds patience_;
    coupons::issue_options how_;
    std::vector<std::int64_t> const& members_;
};

class coupon_scenario final : public scenario {
public:
    explicit coupon_scenario(race_setting const& setting)
        : setting_(setting),
          options_(*setting.options),
          how_{.how = systems::parse<coupons::strategy>(setting.what.name).value(),
               .retry = policy_of(options_),
               .level = options_.level,
               .between = thinking(options_)}
    {
    }

    [[nodiscard]] std::size_t slots() const override
    {
        return static_cast<std::size_t>(options_.users);
    }

    [[nodiscard]] std::int64_t goal() const override { return options_.users; }

    void prepare(database& in) override
    {
        coupons::new_coupon const wanted{.code = code,
                                         .name = "A coupon for the first who ask",
                                         .discount_amount = 1'000,
                                         .total_quantity = options_.stock};
        if (!std::holds_alternative<coupons::coupon>(coupons::create_coupon(in, wanted)))
            throw cannot_race("the coupon to race for could not be made");
        members_.clear();
        constexpr std::int64_t at_once = 10'000;
        while (std::ssize(members_) < options_.users)
            add_members(in, std::min(at_once, options_.users - std::ssize(members_)));
    }

    [[nodiscard]] std::unique_ptr<racer> join(database& in, board&) override
    {
        return std::make_unique<coupon_racer>(in, setting_, how_, members_);
    }

    [[nodiscard]] audit_counts audit(database& of, board const& after) override
    {
        auto const rows = coupons::audit(of, code).value();
        std::int64_t cut_off = options_.users - std::ssize(after.used());
        for (auto const& slot : after.used())
            if (slot.state.load() != slot_state::answered)
                ++cut_off;
        auto const eligible = std::min(options_.users - cut_off, options_.stock);
        return {.lost_updates = rows.lost_updates() + contradictions(of, after),
                .oversold = rows.oversold(),
                .unfilled = std::max<std::int64_t>(0, eligible - rows.rows),
                .duplicates = rows.members_with_two};
    }

private:
    void add_members(database& in, std::int64_t number)
    {
        auto const ids = in.transact([&](unit_of_work& work) {
            std::vector<coupons::member*> added;
            added.reserve(static_cast<std::size_t>(number));
            for (std::int64_t i = 0; i < number; ++i)
                added.push_back(&work.add(coupons::member{.name = "member"}));
            work.flush();
            std::vector<std::int64_t> made;
            made.reserve(added.size());
            for (auto const* each : added)
                made.push_back(each->id);
            return made;
        });
        members_.insert(members_.end(), ids.begin(), ids.end());
    }

    // Answers that the rows deny: a coupon promised that is not there, or one that is there
    // although its member was told no.
    [[nodiscard]] static std::int64_t contradictions(database& of, board const& after)
    {
        std::unordered_map<std::int64_t, std::int64_t> issue_of;
        for (auto const& issue : repository<coupons::coupon_issue>(of).select().all())
            issue_of[issue.member_id] = issue.id;
        std::int64_t denied = 0;
        for (auto const& slot : after.used()) {
            if (slot.state.load() != slot_state::answered || slot.unknown)
                continue;
            auto const found = issue_of.find(slot.subject);
            bool const has = found != issue_of.end();
            bool const won = slot.outcome == answer::won;
            if (has != won || (won && found->second != slot.acknowledged))
                ++denied;
        }
        return denied;
    }

    race_setting setting_;
    race_options const& options_;
    coupons::issue_options how_;
    std::vector<std::int64_t> members_;
};

}  // namespace

std::unique_ptr<scenario> make_coupon_scenario(race_setting const& setting)
{
    return std::make_unique<coupon_scenario>(setting);
}

}  // namespace tiebreak::race
