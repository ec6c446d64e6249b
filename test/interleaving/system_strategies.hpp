// What the interleavings of the systems share: their tables beside the world's.
//
// The strategies run as they are, cut where they call back. Mutexes of a process are unknown to the
// engine, so `in_process` cannot be run: it would hold up the one that is to let it go.
#pragma once

#include "exploration.hpp"
#include "schema/schema.hpp"

namespace tiebreak::test {

class system_strategies : public interleaving_test {
protected:
    void SetUp() override
    {
        interleaving_test::SetUp();
        if (!HasFatalFailure())
            schema::apply(db());
    }
};

}  // namespace tiebreak::test
