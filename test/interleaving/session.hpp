// A session of an interleaving: named steps on a connection of its own, which a runner lets go on
// one by one.
//
//     auto const mine = std::make_shared<account*>();
//     session("A", in_unit(isolation::serializable))
//         .step("read", [=](stage& on) { *mine = &on.work().load<account>(1); })
//         .step("write", [=](stage& on) { (*mine)->balance += 1; on.work().flush(); });
//
// A session in a unit of work gets "commit" as its last step. A step that calls somebody else's
// code can be cut where that code calls back: `.pause("write")` names what follows `stage::pause`.
// What steps share they hold by shared pointers, so sessions are made anew for every order.
#pragma once

#include <tiebreak/database.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tiebreak::test {

// Thrown by a step that wants its unit rolled back.
struct gives_up {};

// How a session came out.
struct session_outcome {
    std::string name{};
    std::optional<errc> failure{};  // the last cause; none: it committed
    bool lost = false;              // a step said that it was answered `lost`
    bool gave_up = false;
    std::vector<std::int64_t> saw{};
    std::string unexpected{};  // an exception that is no tiebreak::error

    [[nodiscard]] bool won() const noexcept
    {
        return !failure && !lost && !gave_up && unexpected.empty();
    }

    [[nodiscard]] bool failed_with(errc code) const noexcept { return failure == code; }
};

// "A won saw 1 2", "B stale_version"
[[nodiscard]] std::string to_text(session_outcome const& of);

// What a step works with.
class stage {
public:
    stage(database& on, session_outcome& of) noexcept : db_(on), of_(of) {}

    // The session's own, with one connection.
    [[nodiscard]] database& db() const noexcept { return db_; }

    // Throw when the session has none.
    [[nodiscard]] unit_of_work& work() const;
    [[nodiscard]] snapshot& view() const;

    // Remembers what was read, for what is claimed of the outcome.
    void saw(std::int64_t number) const { of_.saw.push_back(number); }

    // Notes an answer; says whether it was `won`.
    bool won(outcome answer) const;

    [[nodiscard]] bool has_lost() const noexcept { return of_.lost; }

    // Notes a failure that came as an answer.
    void failed(errc why) const { of_.failure = why; }

    // Where somebody else's code has called back.
    enum class inside : std::uint8_t {
        a_unit,   // it may hold what others want
        nothing,  // what it held is free again
    };

    // The step ends here and the next begins, a `pause` of the session. Goes on at once when the
    // session has none left.
    void pause(inside where) const
    {
        if (pause_)
            pause_(where);
    }

    void pause_by(std::function<void(inside)> how) { pause_ = std::move(how); }

    void enter(unit_of_work& work) noexcept { work_ = &work; }

    void enter(snapshot& view) noexcept { view_ = &view; }

private:
    database& db_;
    session_outcome& of_;
    unit_of_work* work_ = nullptr;
    snapshot* view_ = nullptr;
    std::function<void(inside)> pause_;
};

// Where the steps of a session run.
struct place_of_steps {
    enum class kind : std::uint8_t { unit, view, alone };
    kind what = kind::alone;
    transact_options options{};
};

// All in one unit of work, which is tried once.
[[nodiscard]] inline place_of_steps in_unit(isolation level = isolation::engine_default,
                                            bool pessimistic = false)
{
    return {place_of_steps::kind::unit,
            {.retry = retry_presets::once, .level = level, .pessimistic = pessimistic}};
}

// All in one `database::read`.
[[nodiscard]] inline place_of_steps in_view()
{
    return {place_of_steps::kind::view};
}

// Each on its own.
[[nodiscard]] inline place_of_steps alone()
{
    return {};
}

// See the head of this file.
class session {
public:
    using body = std::function<void(stage&)>;

    struct named_step {
        std::string name;
        body run;  // empty: it is run by the step before
    };

    session(std::string name, place_of_steps where) : name_(std::move(name)), where_(where) {}

    session&& step(std::string name, body run) &&
    {
        steps_.push_back({std::move(name), std::move(run)});
        return std::move(*this);
    }

    // The last step of a unit that is rolled back: there is no commit.
    session&& give_up() &&
    {
        gives_up_ = true;
        return std::move(*this).step("give up", [](stage&) { throw gives_up{}; });
    }

    // What the step before does after it has paused.
    session&& pause(std::string name) && { return std::move(*this).step(std::move(name), {}); }

    [[nodiscard]] std::string const& name() const noexcept { return name_; }

    [[nodiscard]] place_of_steps const& where() const noexcept { return where_; }

    [[nodiscard]] std::vector<named_step> const& steps() const noexcept { return steps_; }

    // With the commit.
    [[nodiscard]] std::size_t length() const noexcept
    {
        bool const commits = where_.what == place_of_steps::kind::unit && !gives_up_;
        return steps_.size() + (commits ? 1 : 0);
    }

    [[nodiscard]] std::string_view name_of_step(std::size_t at) const noexcept
    {
        return at < steps_.size() ? std::string_view{steps_[at].name} : "commit";
    }

private:
    std::string name_;
    place_of_steps where_;
    std::vector<named_step> steps_;
    bool gives_up_ = false;
};

}  // namespace tiebreak::test
