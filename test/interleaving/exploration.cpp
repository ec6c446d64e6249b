#include "exploration.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <map>
#include <set>

namespace tiebreak::test {

namespace {

// More of the same would only be longer.
constexpr int shown_failures_max = 3;

std::string to_text(order_result const& of)
{
    std::string text;
    for (auto const& one : of.sessions)
        text += to_text(one) + "; ";
    return text + "rows " + to_text(of.after);
}

// "2 × 3", or "3 + 2" when the sessions differ in length.
std::string shape_of(std::vector<std::size_t> const& lengths)
{
    if (std::ranges::adjacent_find(lengths, std::not_equal_to{}) == lengths.end())
        return std::to_string(lengths.size()) + " × " + std::to_string(lengths.at(0));
    std::string text;
    for (auto const length : lengths)
        text += (text.empty() ? "" : " + ") + std::to_string(length);
    return text;
}

std::vector<std::size_t> lengths_of(std::vector<session> const& sessions)
{
    std::vector<std::size_t> lengths;
    lengths.reserve(sessions.size());
    for (auto const& one : sessions)
        lengths.push_back(one.length());
    return lengths;
}

// "stale_version", "lost"; empty when it won.
std::string loss_of(session_outcome const& one)
{
    if (one.failure)
        return std::string{name_of(*one.failure)};
    return one.lost ? "lost" : "";
}

std::string to_text(std::map<std::string, int> const& counted)
{
    std::string text;
    for (auto const& [what, times] : counted)
        text += (text.empty() ? "" : ", ") + what + ": " + std::to_string(times);
    return text;
}

// What all orders of a case have come to so far.
class findings {
public:
    explicit findings(interleaving const& of) : of_(of) {}

    void add(order_run const& run, world const& after)
    {
        ++orders_;
        held_up_ += run.held_up > 0 ? 1 : 0;
        order_result const result{run.outcomes, after, run.held_up};
        auto const text = to_text(result);
        outcomes_.insert(text);
        auto const shown = "\n  in the order: " + run.steps + "\n  came: " + text;
        if (!run.stuck.empty())
            return fail("an order did not end", "\n  at the end: " + run.stuck + shown);
        std::set<std::string> losses;
        for (auto const& one : run.outcomes) {
            if (!one.unexpected.empty())
                fail("a session failed in an unexpected way", shown);
            if (auto const loss = loss_of(one); !loss.empty())
                losses.insert(loss);
        }
        lost_ += losses.empty() ? 0 : 1;
        for (auto const& loss : losses)
            ++losses_[loss];
        judge(result, shown);
    }

    void finish()
    {
        for (auto const& [what, times] : failures_)
            if (times > shown_failures_max)
                ADD_FAILURE() << of_.name() << ": " << what << " (in " << times << " orders)";
        if (of_.is_permitted) {
            EXPECT_GT(wrong_, 0) << of_.name() << ": was not seen: " << of_.goes_wrong.says;
        }
        for (auto const& [what, times] : seen_)
            EXPECT_GT(times, 0) << of_.name() << ": never: " << what;
        if (of_.has_one_outcome_because.empty())
            EXPECT_GT(outcomes_.size(), 1U)
                << of_.name() << ": every order has the same outcome, which proves nothing: "
                << *outcomes_.begin();
        else
            EXPECT_EQ(outcomes_.size(), 1U)
                << of_.name() << ": one outcome was expected: " << of_.has_one_outcome_because;
    }

    // See the head of tools/anomalies.py.
    void print(std::string_view engine, isolation level, std::string const& shape) const
    {
        std::cout << "| " << of_.anomaly << " | " << of_.form << " | "
                  << (of_.is_control ? "control" : "") << " | " << engine << " | " << name_of(level)
                  << " | " << shape << " | " << orders_ << " | " << held_up_ << " | "
                  << outcomes_.size() << " | " << wrong_ << " | " << lost_ << " | "
                  << to_text(losses_) << " | " << to_text(seen_) << " |" << std::endl;
    }

    [[nodiscard]] bool is_hopeless() const noexcept { return stuck_; }

private:
    void judge(order_result const& result, std::string const& shown)
    {
        if (of_.goes_wrong.holds(result)) {
            ++wrong_;
            if (!of_.is_permitted)
                fail(of_.goes_wrong.says, shown);
        }
        for (auto const& one : of_.always)
            if (!one.holds(result))
                fail("not always: " + one.says, shown);
        for (auto const& one : of_.sometimes)
            seen_[one.says] += one.holds(result) ? 1 : 0;
    }

    void fail(std::string const& what, std::string const& shown)
    {
        stuck_ = stuck_ || what == "an order did not end";
        if (++failures_[what] <= shown_failures_max)
            ADD_FAILURE() << of_.name() << ": " << what << shown;
    }

    interleaving const& of_;
    int orders_ = 0;
    int held_up_ = 0;  // orders in which somebody had to wait
    int wrong_ = 0;    // orders in which the anomaly came about
    int lost_ = 0;     // orders in which somebody was told that he lost
    bool stuck_ = false;
    std::set<std::string> outcomes_;
    std::map<std::string, int> losses_;  // orders in which somebody was told so
    std::map<std::string, int> seen_;
    std::map<std::string, int> failures_;
};

}  // namespace

std::vector<std::vector<std::size_t>> every_order(std::vector<std::size_t> const& lengths)
{
    std::vector<std::size_t> one;
    for (std::size_t i = 0; i < lengths.size(); ++i)
        one.insert(one.end(), lengths[i], i);
    std::vector<std::vector<std::size_t>> all;
    do
        all.push_back(one);
    while (std::ranges::next_permutation(one).found);
    return all;
}

void interleaving_test::SetUp()
{
    engine_test::SetUp();
    if (!HasFatalFailure())
        create_world(db());
}

void interleaving_test::TearDown()
{
    runner_.reset();
    db_.reset();
    engine_test::TearDown();
}

database& interleaving_test::db()
{
    if (!db_)
        db_ = std::make_unique<database>(fresh().open({}, quick_parameters(GetParam().name)));
    return *db_;
}

std::vector<isolation> interleaving_test::levels()
{
    if (is_sqlite())
        return {isolation::read_committed, isolation::serializable};
    return {isolation::read_committed, isolation::repeatable_read, isolation::serializable};
}

std::string interleaving_test::select_balance(std::int64_t id)
{
    return "SELECT balance FROM " + table_of<account>(db()) + " WHERE id = " + std::to_string(id);
}

std::string interleaving_test::update_balance(std::int64_t id)
{
    return "UPDATE " + table_of<account>(db()) + " SET balance = " + placeholder(db(), 1) +
           " WHERE id = " + std::to_string(id);
}

bool interleaving_test::runs_all()
{
    char const* const asked = std::getenv("TIEBREAK_INTERLEAVINGS");
    return asked != nullptr && std::string_view{asked} == "all";
}

void interleaving_test::explore(interleaving const& what, isolation level)
{
    auto const lengths = lengths_of(what.sessions());
    if (!runner_ || runner_->seats() < lengths.size())
        runner_ = std::make_unique<runner>(fresh(), db().engine(), lengths.size());
    findings found(what);
    for (auto const& order : every_order(lengths)) {
        set_world(db(), what.before);
        if (what.prepare)
            what.prepare();
        auto const run = runner_->run(what.sessions(), order);
        found.add(run, what.look ? what.look() : world_in(db()));
        if (found.is_hopeless())
            break;
    }
    found.finish();
    found.print(db().engine(), level, shape_of(lengths));
}

}  // namespace tiebreak::test
