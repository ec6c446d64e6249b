// Tables whose engine has no transactions: nothing is written to them, on any path.
#include "fixture.hpp"
#include "support/shop.hpp"

#include <functional>
#include <vector>

namespace tiebreak::mariadb {
namespace {

using test::coupon;
using test::setting;

class MariaStorageEngine : public MariaServer {
protected:
    void SetUp() override
    {
        MariaServer::SetUp();
        if (IsSkipped() || HasFatalFailure())
            return;
        db_ = std::make_unique<database>(url());
        create_table<coupon>(*db_);
        create_table<setting>(*db_);
        row_ = test::add_coupon(*db_, "A", 5);
        must("ALTER TABLE coupons ENGINE=MyISAM");
    }

    void TearDown() override
    {
        db_.reset();
        MariaServer::TearDown();
    }

    std::unique_ptr<database> db_;
    coupon row_{};
};

TEST_F(MariaStorageEngine, WithoutTransactionsRefusesEveryWrite)
{
    auto const quantity = field<&coupon::total_quantity>;
    repository<coupon> const coupons(*db_);
    std::vector<std::function<void()>> const writes{
        [&] { db_->transact([&](auto& work) { work.template load<coupon>(row_.id).code = "B"; }); },
        [&] { db_->transact([&](auto& work) { work.add(coupon{.code = "B"}); }); },
        [&] {
            db_->transact([&](auto& work) { work.remove(work.template load<coupon>(row_.id)); });
        },
        [&] {
            coupon fresh{.code = "B"};
            (void)coupons.insert_if_absent(fresh);
        },
        [&] { coupons.save(row_); },
        [&] { coupons.remove(row_); },
        [&] { (void)coupons.update_if(row_.id, version{1}, quantity = 9); },
        [&] { (void)coupons.update_where({}, quantity = 9); },
        [&] { (void)coupons.remove_where({}); },
    };
    for (auto const& write : writes) {
        database fresh(url());  // with connections that have written nothing yet
        std::swap(*db_, fresh);
        auto const e = error_of(write);
        EXPECT_EQ(e.code(), errc::unsafe_settings) << e.what();
        EXPECT_EQ(e.server_message(), "the storage engine of coupons is MyISAM");
    }
    EXPECT_EQ(ask("SELECT CONCAT(COUNT(*), ' ', MIN(code), ' ', MIN(total_quantity), ' ', "
                  "MIN(version)) FROM coupons"),
              "1 A 5 1");
}

TEST_F(MariaStorageEngine, OfAnotherTableIsNoHindrance)
{
    setting row{.name = "n", .value = "v"};
    repository<setting>(*db_).insert(row);
    EXPECT_EQ(repository<coupon>(*db_).find(row_.id)->code, "A") << "reading is harmless";
    EXPECT_EQ(ask("SELECT value FROM settings"), "v");
}

}  // namespace
}  // namespace tiebreak::mariadb
