#include "exploration.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <map>
#include <set>
#include <stdexcept>

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

// What all orders of a case have come to so far.
class findings {
public:
    explicit findings(interleaving const& of) : of_(of) {}

    void add(order_run const& run, world const& after)
    {
        ++orders_;
        held_up_ += run.held_up;
        order_result const result{run.outcomes, after};
        auto const text = to_text(result);
        outcomes_.insert(text);
        auto const shown = "\n  in the order: " + run.steps + "\n  came: " + text;
        if (!run.stuck.empty())
            return fail("an order did not end", "\n  at the end: " + run.stuck + shown);
        for (auto const& one : run.outcomes)
            if (!one.unexpected.empty())
                fail("a session failed in an unexpected way", shown);
        for (auto const& one : of_.always)
            if (!one.holds(result))
                fail("not always: " + one.says, shown);
        for (auto const& one : of_.sometimes)
            seen_[one.says] += one.holds(result) ? 1 : 0;
    }

    void finish()
    {
        for (auto const& [what, times] : failures_)
            if (times > shown_failures_max)
                ADD_FAILURE() << of_.name << ": " << what << " (in " << times << " orders)";
        for (auto const& [what, times] : seen_)
            EXPECT_GT(times, 0) << of_.name << ": never: " << what;
        if (of_.has_one_outcome_because.empty())
            EXPECT_GT(outcomes_.size(), 1U)
                << of_.name << ": every order has the same outcome, which proves nothing: "
                << *outcomes_.begin();
        else
            EXPECT_EQ(outcomes_.size(), 1U)
                << of_.name << ": one outcome was expected: " << of_.has_one_outcome_because;
    }

    // | case | engine | level | sessions × steps | orders | held up | outcomes | seen |
    void print(std::string_view engine, isolation level, std::string const& shape) const
    {
        std::string seen;
        for (auto const& [what, times] : seen_)
            seen += (seen.empty() ? "" : ", ") + what + ": " + std::to_string(times);
        std::cout << "| " << of_.name << " | " << engine << " | " << name_of(level) << " | "
                  << shape << " | " << orders_ << " | " << held_up_ << " | " << outcomes_.size()
                  << " | " << seen << " |" << std::endl;
    }

    [[nodiscard]] bool is_hopeless() const noexcept { return stuck_; }

private:
    void fail(std::string const& what, std::string const& shown)
    {
        stuck_ = stuck_ || what == "an order did not end";
        if (++failures_[what] <= shown_failures_max)
            ADD_FAILURE() << of_.name << ": " << what << shown;
    }

    interleaving const& of_;
    int orders_ = 0;
    int held_up_ = 0;
    bool stuck_ = false;
    std::set<std::string> outcomes_;
    std::map<std::string, int> seen_;
    std::map<std::string, int> failures_;
};

}  // namespace

std::int64_t order_result::winners() const noexcept
{
    return std::ranges::count_if(sessions, &session_outcome::won);
}

bool order_result::all_won() const noexcept
{
    return std::ranges::all_of(sessions, &session_outcome::won);
}

session_outcome const& order_result::of(std::string_view name) const
{
    auto const at = std::ranges::find(sessions, name, &session_outcome::name);
    if (at == sessions.end())
        throw std::invalid_argument("no session has this name: " + std::string{name});
    return *at;
}

claim failures_are(std::initializer_list<errc> codes)
{
    std::string text;
    for (auto const code : codes)
        text += (text.empty() ? "" : " or ") + std::string{name_of(code)};
    return {"who fails, fails with " + text,
            [allowed = std::set<errc>{codes}](order_result const& came) {
                return std::ranges::all_of(came.sessions, [&](session_outcome const& one) {
                    return !one.failure || allowed.contains(*one.failure);
                });
            }};
}

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
    engine_test::TearDown();
}

std::vector<isolation> interleaving_test::levels()
{
    if (is_sqlite())
        return {isolation::read_committed, isolation::serializable};
    return {isolation::read_committed, isolation::repeatable_read, isolation::serializable};
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
        auto const run = runner_->run(what.sessions(), order);
        found.add(run, world_in(db()));
        if (found.is_hopeless())
            break;
    }
    found.finish();
    found.print(db().engine(), level, shape_of(lengths));
}

}  // namespace tiebreak::test
