// What the tests of finalising share: runs in work, their ledger in one line, and other owners.
#pragma once

#include "run_test.hpp"

namespace tiebreak::test {

class A5 : public run_test {
protected:
    runs::run claimed(std::int64_t budget = 100)
    {
        static_cast<void>(submit_run(db(), budget));
        return claim_run(db());
    }

    // The ledger as "CHARGE 60, RELEASE 40, RESERVE 100".
    std::string ledger(runs::run const& of)
    {
        std::string text;
        for (auto const& entry : runs::ledger_of(db(), "acme", of.run_id)) {
            text += text.empty() ? "" : ", ";
            text += name_of(entry.kind);
            text += ' ' + std::to_string(entry.amount);
        }
        return text;
    }

    // Another worker has the run by the rules.
    runs::run taken_over(runs::run const& of)
    {
        expire(db(), of.run_id);
        EXPECT_EQ(runs::reap(db()), 1);
        return claim_run(db(), "second");
    }
};

}  // namespace tiebreak::test
