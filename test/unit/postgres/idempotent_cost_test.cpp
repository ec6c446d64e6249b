// What idempotency in one transaction costs on PostgreSQL: two statements, and no round trip. Both
// are counted between client and server.
#include "fixture.hpp"
#include "support/fault_proxy.hpp"
#include "support/idempotent.hpp"

#include <cstdint>

namespace tiebreak::test {

namespace {

class IdempotentCost : public postgres::PostgresServer {
protected:
    void SetUp() override
    {
        PostgresServer::SetUp();
        if (IsSkipped())
            return;
        proxy_ = std::make_unique<fault_proxy>(port());
        db_ = std::make_unique<database>(proxy_->through(url()),
                                         database_options{.connections_max = 1});
        install(*db_);
        create_shop(*db_);
        row_ = add_coupon(*db_, "A", 1'000);
        calls_ = std::make_unique<idempotency>(*db_);
    }

    void TearDown() override
    {
        calls_.reset();
        db_.reset();
        proxy_.reset();
        PostgresServer::TearDown();
    }

    struct cost {
        std::int64_t round_trips = 0;
        int statements = 0;

        friend bool operator==(cost const&, cost const&) = default;
    };

    // Of the third run: by then everything is prepared.
    template <class Call>
    cost cost_of(Call&& call)
    {
        call();
        call();
        static_cast<void>(proxy_->take_client_bytes());
        auto const before = proxy_->client_messages();
        call();
        return {proxy_->client_messages() - before, executed(proxy_->take_client_bytes())};
    }

    void expect_two_statements_more(std::function<void(unit_of_work&)> const& work)
    {
        auto const plain = cost_of([&] { db_->transact(work); });
        auto const guarded = cost_of([&] {
            auto const result =
                calls_->run(request_of(std::to_string(++keys_)), [&](unit_of_work& unit) {
                    work(unit);
                    return keep(answer_of("done"));
                });
            EXPECT_EQ(result.how, idempotent_outcome::executed);
        });
        EXPECT_EQ(guarded.round_trips, plain.round_trips);
        EXPECT_EQ(guarded.statements, plain.statements + 2);
        EXPECT_EQ(key_rows(*db_), keys_);
    }

    std::unique_ptr<fault_proxy> proxy_;
    std::unique_ptr<database> db_;
    std::unique_ptr<idempotency> calls_;
    coupon row_;
    int keys_ = 0;

private:
    // Messages of the protocol that run something: Execute and Query.
    static int executed(std::string_view bytes)
    {
        int count = 0;
        while (bytes.size() >= 5) {
            std::uint32_t size = 0;
            for (std::size_t i = 1; i < 5; ++i)
                size = size << 8 | static_cast<unsigned char>(bytes[i]);
            count += bytes[0] == 'E' || bytes[0] == 'Q' ? 1 : 0;
            bytes.remove_prefix(std::min<std::size_t>(bytes.size(), size + 1));
        }
        return count;
    }
};

TEST_F(IdempotentCost, OfAUnitThatReadsAndChangesIsTwoStatements)
{
    expect_two_statements_more(
        [&](unit_of_work& work) { work.load<coupon>(row_.id).issued_quantity += 1; });
}

TEST_F(IdempotentCost, OfAUnitThatInsertsAndAnswersItsKeyIsTwoStatements)
{
    int member = 0;
    expect_two_statements_more([&](unit_of_work& work) {
        auto* const found = work.find_by<&coupon::code>("A");
        found->issued_quantity += 1;
        work.insert(coupon_issue{.coupon_id = found->id, .member_id = ++member});
    });
}

TEST_F(IdempotentCost, OfAUnitThatBeginsByWritingIsTwoStatements)
{
    expect_two_statements_more([&](unit_of_work& work) {
        EXPECT_EQ(repository<coupon>(work).update_if(
                      row_.id, condition<coupon>{}, field<& coupon::issued_quantity> += 1),
                  outcome::won);
    });
}

TEST_F(IdempotentCost, OfAUnitThatFlushesOnlyAtItsCommitIsTwoStatements)
{
    int number = 0;
    expect_two_statements_more([&](unit_of_work& work) {
        for (int i = 0; i < 3; ++i)
            work.add(setting{.name = std::to_string(++number)});
    });
}

// The first statement of a repeat's work travels along with the key, but does not run when it could
// hold what others wait for.
TEST_F(IdempotentCost, OfARepeatIsNoLockOnWhatTheWorkChanges)
{
    auto const work = [&](unit_of_work& unit) {
        static_cast<void>(repository<coupon>(unit).update_if(
            row_.id, condition<coupon>{}, field<& coupon::issued_quantity> += 1));
        return keep(answer_of("done"));
    };
    static_cast<void>(calls_->run(request_of("k"), work));
    database other(url());
    other.transact([&](unit_of_work& holding) {
        holding.load<coupon>(row_.id).issued_quantity += 1;
        holding.flush();
        EXPECT_EQ(calls_->run(request_of("k"), work).how, idempotent_outcome::replayed);
    });
    EXPECT_EQ(stored<coupon>(*db_, row_.id).issued_quantity, 2);
}

}  // namespace

}  // namespace tiebreak::test
