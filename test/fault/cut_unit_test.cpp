// A connection that is lost in the middle of a unit: the unit is run again as a whole, on another
// connection, and never goes on from where it was.
#include "proxied_test.hpp"

#include <thread>

namespace tiebreak::test {

namespace {

std::int64_t occurrences(std::string_view text, std::string_view word)
{
    std::int64_t found = 0;
    for (auto at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1))
        ++found;
    return found;
}

class CutUnit : public proxied_test {
protected:
    // Two statements, both writing.
    void issue_to(std::int64_t member)
    {
        far_->transact([&](unit_of_work& work) {
            ++runs_;
            work.execute("UPDATE coupons SET issued_quantity = issued_quantity + 1, "
                         "version = version + 1");
            work.execute("INSERT INTO coupon_issues (coupon_id, member_id) SELECT id, " +
                         std::to_string(member) + " FROM coupons");
        });
    }

    int runs_ = 0;
};

TEST_P(CutUnit, AtItsSecondStatementIsRunAgainAsAWhole)
{
    proxy_->arm({.when_sent = "INSERT INTO coupon_issues", .what = fault::hang_up});
    static_cast<void>(proxy_->take_client_bytes());
    issue_to(7);
    EXPECT_EQ(proxy_->fired(), 1);
    EXPECT_EQ(runs_, 2);
    auto const row = stored<coupon>(db(), row_.id);
    EXPECT_EQ(row.issued_quantity, 1);
    EXPECT_EQ(row.version.value(), row_.version.value() + 1);
    EXPECT_EQ(rows_of<coupon_issue>(db()), 1);

    far_.reset();
    while (proxy_->bytes_after_hang_up() < 0)
        std::this_thread::yield();
    EXPECT_EQ(proxy_->bytes_after_hang_up(), 0) << "nothing was said on the lost connection";
    auto const sent = proxy_->take_client_bytes();
    EXPECT_EQ(occurrences(sent, "UPDATE coupons"), 2) << "from the beginning";
    EXPECT_EQ(occurrences(sent, "INSERT INTO coupon_issues"), 2);
}

TIEBREAK_ON_SERVERS(CutUnit);

}  // namespace

}  // namespace tiebreak::test
