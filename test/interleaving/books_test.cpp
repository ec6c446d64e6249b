// The strategies of the book system, as they are: two clients add a line each by rewriting the
// text. With an exact one every accepted line is there, with the control one is lost at every
// level.
#include "system_strategies.hpp"
#include "systems/books/books.hpp"

#include <variant>

namespace tiebreak::test {

namespace {

namespace books = systems::books;

constexpr books::strategy book_strategies[] = {
    books::strategy::naive, books::strategy::optimistic, books::strategy::pessimistic};

claim const a_line_is_lost{"an accepted line is lost", [](order_result const& came) {
                               return came.after.balance() != came.winners();
                           }};

class BookStrategies : public system_strategies {
protected:
    void SetUp() override
    {
        system_strategies::SetUp();
        if (!HasFatalFailure())
            id_ =
                std::get<books::book>(books::create(db(), {.title = "Races", .author = "Ada"})).id;
    }

    void clear()
    {
        (void)repository<books::book>(db()).update_if(
            id_, condition<books::book>{}, field<& books::book::text> = "");
    }

    // The number of lines as a balance, each line as a booking.
    world look()
    {
        auto const now = books::find(db(), id_).value();
        auto const lines = books::lines_of(now.text);
        world result{.accounts = {{.id = 1, .balance = static_cast<std::int64_t>(lines.size())}}};
        for (auto const line : lines)
            result.bookings.push_back({.room = 1, .guest = line == "A" ? 1 : 2});
        return result;
    }

    session adds_a_line(std::string name, books::line_options const& options) const
    {
        auto const id = id_;
        return session(name, alone())
            .step("read",
                  [=](stage& on) {
                      auto how = options;
                      bool const is_between_units = books::is_negative_control(how.how);
                      how.between = [&] {
                          on.pause(is_between_units ? stage::inside::nothing
                                                    : stage::inside::a_unit);
                      };
                      auto const answer = books::add_line(on.db(), id, name, how);
                      if (auto const* failed = std::get_if<books::writing_failed>(&answer))
                          on.failed(failed->last);
                  })
            .pause("write");
    }

    std::int64_t id_ = 0;
};

TEST_P(BookStrategies, ExactOnesKeepEveryLineInEveryOrder)
{
    for (auto const how : book_strategies) {
        bool const is_control = books::is_negative_control(how);
        for (auto const level : levels())
            explore(
                {.anomaly = "books",
                 .form = std::string{name_of(how)},
                 .is_control = is_control,
                 .sessions =
                     [&] {
                         books::line_options const options{.how = how, .level = level};
                         return std::vector{adds_a_line("A", options), adds_a_line("B", options)};
                     },
                 .goes_wrong = a_line_is_lost,
                 .is_permitted = is_control,
                 .always = {somebody_wins,
                            failures_are(at(level,
                                            how == books::strategy::optimistic
                                                ? std::vector{errc::stale_version}
                                                : std::vector<errc>{}))},
                 .prepare = [&] { clear(); },
                 .look = [&] { return look(); }},
                level);
    }
}

TIEBREAK_ON_SHARED_ENGINES(BookStrategies);

}  // namespace

}  // namespace tiebreak::test
