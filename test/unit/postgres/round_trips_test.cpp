// How often the client waits for the server: counted at a proxy between them.
#include "fixture.hpp"
#include "support/fault_proxy.hpp"

#include <vector>

namespace tiebreak::postgres {
namespace {

using begin = sql::begin_mode;

class PostgresRoundTrips : public PostgresServer {
protected:
    void SetUp() override
    {
        PostgresServer::SetUp();
        if (IsSkipped())
            return;
        make_counter();
        proxy_ = std::make_unique<test::fault_proxy>(port());
        on_ = open_engine(base::parse_url(proxy_->through(url())), nullptr)
                  ->open(in(std::chrono::seconds{20}));
        find_ = on_->prepare("SELECT n FROM counter WHERE id = 1");
        change_ = on_->prepare(add_one);
    }

    void TearDown() override
    {
        find_.reset();
        change_.reset();
        on_.reset();
        proxy_.reset();
        PostgresServer::TearDown();
    }

    template <class Call>
    [[nodiscard]] std::int64_t round_trips_of(Call&& call)
    {
        auto const before = proxy_->client_messages();
        call();
        return proxy_->client_messages() - before;
    }

    std::unique_ptr<test::fault_proxy> proxy_;
    std::unique_ptr<sql::connection> on_;
    std::unique_ptr<sql::statement> find_;
    std::unique_ptr<sql::statement> change_;
};

TEST_F(PostgresRoundTrips, FindChangeCommitAreThree)
{
    on_->set_deadline(in(std::chrono::seconds{10}));
    EXPECT_EQ(round_trips_of([&] {
                  ASSERT_TRUE(on_->alive());
                  static_cast<void>(find_->first({}));
                  on_->begin(begin::write, isolation::engine_default);
                  EXPECT_EQ(change_->execute({}), 1);
                  on_->commit();
              }),
              3);
    EXPECT_EQ(counted(), "1");
}

TEST_F(PostgresRoundTrips, ATransactionThatRanNothingIsNone)
{
    EXPECT_EQ(round_trips_of([&] {
                  on_->begin(begin::write, isolation::serializable);
                  on_->commit();
                  on_->begin(begin::read, isolation::engine_default);
                  on_->commit();
                  on_->begin(begin::write, isolation::engine_default);
                  on_->rollback();
              }),
              0);
}

TEST_F(PostgresRoundTrips, AReadingTransactionHasNoneOfItsOwnToBegin)
{
    EXPECT_EQ(round_trips_of([&] {
                  on_->begin(begin::read, isolation::engine_default);
                  static_cast<void>(find_->first({}));
                  static_cast<void>(find_->first({}));
                  on_->commit();
              }),
              3);
}

TEST_F(PostgresRoundTrips, ALimitOnLockWaitsTravelsWithTheStatement)
{
    EXPECT_EQ(round_trips_of([&] {
                  on_->begin(begin::write, isolation::engine_default);
                  on_->limit_lock_waits(std::chrono::milliseconds{50});
                  EXPECT_EQ(change_->execute({}), 1);
                  on_->limit_lock_waits(sql::connection::no_limit);
                  EXPECT_EQ(change_->execute({}), 1);
                  on_->commit();
              }),
              3);
}

TEST_F(PostgresRoundTrips, PreparingIsOne)
{
    EXPECT_EQ(round_trips_of([&] { static_cast<void>(on_->prepare("SELECT 1, $1::text")); }), 1);
}

}  // namespace
}  // namespace tiebreak::postgres
