// Who may try while the database is away, and that the service asks it so.
#include "service/api_test.hpp"
#include "service/http/availability.hpp"
#include "service/http/metrics.hpp"
#include "support/fault_proxy.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace tiebreak::test {

namespace {

using service::http::availability;
using service::http::metrics;
using std::chrono::milliseconds;

TEST(Availability, LetsEverybodyTryWhileItIsThere)
{
    availability database;
    auto const one = database.try_enter();
    auto const other = database.try_enter();
    EXPECT_TRUE(one && other);
}

TEST(Availability, LetsOneTryAtATimeWhileItIsAway)
{
    availability database(milliseconds{0});
    auto const before = database.try_enter();
    database.lost();
    {
        auto const probe = database.try_enter();
        EXPECT_TRUE(probe);
        EXPECT_FALSE(database.try_enter());
    }
    EXPECT_TRUE(database.try_enter());
    database.reached();
    auto const one = database.try_enter();
    auto const other = database.try_enter();
    EXPECT_TRUE(one && other);
}

TEST(Availability, LetsNobodyTrySoonAfterATryThatFailed)
{
    availability database(std::chrono::hours{1});
    database.lost();
    EXPECT_FALSE(database.try_enter());
    database.reached();
    EXPECT_TRUE(database.try_enter());
}

TEST(Availability, FollowsWhatUnitsOfWorkMeet)
{
    availability database;
    metrics seen(&database);
    seen.retried(errc::stale_version, 1);
    EXPECT_FALSE(database.is_away());
    seen.retried(errc::unavailable, 1);
    EXPECT_TRUE(database.is_away());
    seen.committed(2);
    EXPECT_FALSE(database.is_away());
}

class DatabaseAway : public api_test {};

TEST_P(DatabaseAway, IsAnsweredWithoutATryAndServedWhenItIsBack)
{
    availability reach(std::chrono::hours{1});
    app().reach = &reach;
    EXPECT_EQ(ask("GET", "/v1/coupons/NONE").status(), 404);
    reach.lost();
    auto const away = ask("GET", "/v1/coupons/NONE");
    EXPECT_EQ(away.status(), 503);
    EXPECT_EQ(away.slug(), "unavailable");
    EXPECT_FALSE(away.raw.header("Retry-After").empty());
    EXPECT_EQ(ask("POST", "/v1/members", R"({"name":"Ada"})").status(), 503);
    EXPECT_EQ(ask("GET", "/healthz").status(), 200);
    reach.reached();
    EXPECT_EQ(ask("POST", "/v1/members", R"({"name":"Ada"})").status(), 201);
}

TIEBREAK_ON_ALL_ENGINES(DatabaseAway);

class DatabaseLost : public api_test {
protected:
    void SetUp() override
    {
        api_test::SetUp();
        if (HasFatalFailure())
            return;
        link_ = std::make_unique<fault_proxy>(port_of(fresh().url()));
        far_ = std::make_unique<database>(link_->through(fresh().url()),
                                          database_options{.watcher = &seen_});
        app().db = far_.get();
        app().reach = &reach_;
    }

    void TearDown() override
    {
        stop();
        far_.reset();
        link_.reset();
        api_test::TearDown();
    }

    availability reach_{milliseconds{100}};
    metrics seen_{&reach_};
    std::unique_ptr<fault_proxy> link_;
    std::unique_ptr<database> far_;
};

TEST_P(DatabaseLost, IsMissedByEveryRequestAndServesTheFirstAfterItsReturn)
{
    auto const add = [&] { return ask("POST", "/v1/members", R"({"name":"Ada"})"); };
    ASSERT_EQ(add().status(), 201);
    link_->refuse();
    for (int i = 0; i < 50; ++i) {
        auto const away = add();
        EXPECT_EQ(away.status(), 503);
        EXPECT_FALSE(away.raw.header("Retry-After").empty());
    }
    EXPECT_TRUE(reach_.is_away());
    EXPECT_EQ(ask("GET", "/readyz").status(), 503);
    EXPECT_EQ(ask("GET", "/healthz").status(), 200);
    link_->accept_again();
    int refused = 0;
    while (add().status() != 201)
        ASSERT_LT(++refused, 10'000);
    EXPECT_FALSE(reach_.is_away());
    EXPECT_EQ(db().read([](snapshot& view) {
        return view.query<std::int64_t>("SELECT COUNT(*) FROM members").front();
    }),
              2);
}

TIEBREAK_ON_SERVERS(DatabaseLost);

}  // namespace

}  // namespace tiebreak::test
