// What the tests of the systems share: a fresh database with the schema's tables, and other
// clients that come in between.
#pragma once

#include "schema/schema.hpp"
#include "support/captured_log.hpp"
#include "support/engines.hpp"

#include <functional>
#include <future>
#include <vector>

namespace tiebreak::test {

class system_test : public engine_test {
protected:
    void SetUp() override
    {
        engine_test::SetUp();
        if (!HasFatalFailure())
            schema::apply(db());
    }
};

// Runs what another client does, on a thread of its own, and waits for its end.
template <class F>
auto as_another_client(F&& run)
{
    return std::async(std::launch::async, std::forward<F>(run)).get();
}

// For the `between` of a strategy: runs `then` the first time only, so that the attempt after a
// conflict goes through.
inline std::function<void()> only_once(std::function<void()> then)
{
    return [then = std::move(then), done = false]() mutable {
        if (!std::exchange(done, true))
            then();
    };
}

}  // namespace tiebreak::test
