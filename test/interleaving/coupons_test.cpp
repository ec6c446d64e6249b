// The strategies of the coupon system, as they are: each exact one issues the stock and no more in
// every order, the control breaks that in one at every level.
#include "system_strategies.hpp"
#include "systems/coupons/coupons.hpp"

#include <variant>

namespace tiebreak::test {

namespace {

namespace coupons = systems::coupons;

constexpr coupons::strategy coupon_strategies[] = {coupons::strategy::naive,
                                                   coupons::strategy::optimistic,
                                                   coupons::strategy::conditional,
                                                   coupons::strategy::pessimistic,
                                                   coupons::strategy::insert_first};

constexpr auto code = "TEN";

claim const issued_beyond_the_stock{
    "more is issued than there is, or not counted", [](order_result const& came) {
        auto const rows = static_cast<std::int64_t>(came.after.bookings.size());
        return rows > 1 || rows != came.after.balance();
    }};

class CouponStrategies : public system_strategies {
protected:
    void SetUp() override
    {
        system_strategies::SetUp();
        if (HasFatalFailure())
            return;
        static_cast<void>(
            coupons::create_coupon(db(), {.code = code, .name = "Ten off", .total_quantity = 1}));
        for (auto& each : members_)
            each = std::get<coupons::member>(coupons::create_member(db(), "Ada")).id;
    }

    void take_back_all()
    {
        db().transact([](unit_of_work& work) {
            work.execute("DELETE FROM " + work.table<coupons::coupon_issue>());
            work.execute("UPDATE " + work.table<coupons::coupon>() +
                         " SET issued_quantity = 0, version = 1");
        });
    }

    // The counter as an account, the records as bookings.
    world look()
    {
        auto const now = coupons::find_coupon(db(), code).value();
        world result{
            .accounts = {{.id = 1, .balance = now.issued_quantity, .version = now.version}}};
        for (auto const& one : repository<coupons::coupon_issue>(db()).select().all())
            result.bookings.push_back({.room = 1, .guest = one.member_id == members_[0] ? 1 : 2});
        return result;
    }

    session asks(std::string name, std::int64_t member, coupons::issue_options const& options)
    {
        return session(std::move(name), alone())
            .step("read",
                  [=](stage& on) {
                      auto how = options;
                      bool const is_between_units = coupons::is_negative_control(how.how);
                      how.between = [&] {
                          on.pause(is_between_units ? stage::inside::nothing
                                                    : stage::inside::a_unit);
                      };
                      auto const answer = coupons::issue(on.db(), code, member, how);
                      if (auto const* failed = std::get_if<coupons::issuing_failed>(&answer))
                          on.failed(failed->last);
                      else if (!std::holds_alternative<coupons::issued>(answer))
                          (void)on.won(outcome::lost);
                  })
            .pause("write");
    }

    std::int64_t members_[2]{};
};

TEST_P(CouponStrategies, ExactOnesIssueTheStockInEveryOrder)
{
    for (auto const how : coupon_strategies) {
        if (!coupons::is_offered(how, db()))
            continue;
        bool const is_control = coupons::is_negative_control(how);
        for (auto const level : levels()) {
            bool const is_checked =
                how == coupons::strategy::optimistic || how == coupons::strategy::insert_first;
            auto failures =
                at(level, is_checked ? std::vector{errc::stale_version} : std::vector<errc>{});
            if (how == coupons::strategy::insert_first)
                failures.push_back(errc::transaction_aborted);
            std::vector<claim> always{failures_are(failures),
                                      {"every winner has one", [](order_result const& came) {
                                           return static_cast<std::int64_t>(
                                                      came.after.bookings.size()) == came.winners();
                                       }}};
            if (!is_control)
                always.push_back(so_many_win(1));
            explore({.anomaly = "coupons",
                     .form = std::string{name_of(how)},
                     .is_control = is_control,
                     .sessions =
                         [&] {
                             coupons::issue_options const options{.how = how, .level = level};
                             return std::vector{asks("A", members_[0], options),
                                                asks("B", members_[1], options)};
                         },
                     .goes_wrong = issued_beyond_the_stock,
                     .is_permitted = is_control,
                     .always = std::move(always),
                     .prepare = [&] { take_back_all(); },
                     .look = [&] { return look(); }},
                    level);
        }
    }
}

TIEBREAK_ON_SHARED_ENGINES(CouponStrategies);

}  // namespace

}  // namespace tiebreak::test
