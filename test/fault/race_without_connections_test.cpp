// A race whose threads cannot all connect says so; it does not wait for those that could not.
#include "race/race.hpp"
#include "support/captured_log.hpp"
#include "support/checks.hpp"
#include "support/engines.hpp"
#include "support/fault_proxy.hpp"
#include "support/process.hpp"

namespace tiebreak::test {

namespace {

// From the start of a strategy on, so many connections are taken and no more.
class refusing final : public race::race_watcher {
public:
    explicit refusing(fault_proxy& between) : between_(between) {}

    void started(race::strategy const&, std::size_t, std::size_t) override
    {
        between_.refuse_after(10);
    }

private:
    fault_proxy& between_;
};

class RaceWithoutConnections : public engine_test {
protected:
    captured_log log_;
};

TEST_P(RaceWithoutConnections, IsRefusedWithTheReason)
{
    if (!may_have_threads_after_fork)  // the proxy's are here when the racers are forked
        GTEST_SKIP() << no_threads_after_fork;
    fault_proxy between(port_of(fresh().url()));
    refusing watcher(between);
    race::race_options const options{.url = between.through(fresh().url()),
                                     .strategies = {"optimistic"},
                                     .users = 50,
                                     .stock = 20,
                                     .processes = 1,
                                     .threads = 20,
                                     .deadline = std::chrono::seconds{2}};
    std::string refusal;
    try {
        (void)race::run_race(options, watcher);
    } catch (race::cannot_race const& why) {
        refusal = why.what();
    }
    EXPECT_NE(refusal, "") << "a race of all its threads was told";
}

TIEBREAK_ON_SERVERS(RaceWithoutConnections);

}  // namespace

}  // namespace tiebreak::test
