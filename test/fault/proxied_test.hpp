// A coupon on a server, and a database that reaches it through a fault proxy.
#pragma once

#include "support/captured_log.hpp"
#include "support/checks.hpp"
#include "support/engines.hpp"
#include "support/fault_proxy.hpp"
#include "support/shop.hpp"

#include <memory>

namespace tiebreak::test {

class proxied_test : public engine_test {
protected:
    void SetUp() override
    {
        engine_test::SetUp();
        create_shop(db());
        install(db());
        row_ = add_coupon(db(), "A", 1'000'000);
        proxy_ = std::make_unique<fault_proxy>(port_of(fresh().url()));
        far_ = std::make_unique<database>(proxy_->through(fresh().url()),
                                          database_options{.connections_max = 2});
    }

    void TearDown() override
    {
        far_.reset();
        proxy_.reset();
        engine_test::TearDown();
    }

    void issue(transact_options const& how)
    {
        far_->transact([&](unit_of_work& work) { work.load<coupon>(row_.id).issued_quantity += 1; },
                       how);
    }

    std::int64_t issued() { return stored<coupon>(db(), row_.id).issued_quantity; }

    // What is sent next with this text meets the fault.
    void lose(fault_rule rule, char const* when = "COMMIT")
    {
        rule.when_sent = when;
        proxy_->arm(std::move(rule));
    }

    static transact_options certain() { return {.certainty = commit_token}; }

    coupon row_;
    std::unique_ptr<fault_proxy> proxy_;
    std::unique_ptr<database> far_;
    captured_log log_;
};

}  // namespace tiebreak::test
