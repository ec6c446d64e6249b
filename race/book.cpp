// The book scenario: every client adds a line of its own by rewriting the whole text.
#include "race/http/askers.hpp"
#include "race/limits.hpp"
#include "race/scenario.hpp"
#include "systems/books/books.hpp"

#include <cstdlib>
#include <optional>
#include <string>
#include <unordered_map>
#include <variant>

namespace tiebreak::race {

namespace {

namespace books = systems::books;

std::string line_of(std::int64_t client)
{
    return "line of client " + std::to_string(client);
}

class book_racer final : public racer {
public:
    book_racer(database& in,
               race_setting const& setting,
               books::line_options how,
               std::int64_t book)
        : db_(in),
          entrance_(setting.entrance),
          patience_(time_allowed(*setting.options)),
          how_(std::move(how)),
          book_(book),
          clients_(setting.options->users)
    {
    }

    void race(lane& on) override
    {
        std::optional<http_client> client;
        if (!entrance_.empty())
            client.emplace(entrance_);
        while (auto const number = on.next(clients_))
            on.run(*number, [&](request_slot& slot) {
                slot.subject = *number;
                return client ? ask_for_line(*client, book_, line_of(*number), slot, patience_)
                              : ask(slot);
            });
    }

private:
    answer ask(request_slot& slot)
    {
        auto const result = books::add_line(db_, book_, line_of(slot.subject), how_);
        if (auto const* done = std::get_if<books::accepted>(&result)) {
            slot.acknowledged = done->version.value();
            return answer::won;
        }
        if (auto const* gave_up = std::get_if<books::writing_failed>(&result))
            slot.explain("gave up, last because of " + std::string{name_of(gave_up->last)});
        else
            slot.explain("an answer that no client of this race should get");
        return answer::failed;
    }

    database& db_;
    std::string entrance_;
    std::chrono::milliseconds patience_;
    books::line_options how_;
    std::int64_t book_;
    std::int64_t clients_;
};

class book_scenario final : public scenario {
public:
    explicit book_scenario(race_setting const& setting)
        : setting_(setting),
          options_(*setting.options),
          how_{.how = systems::parse<books::strategy>(setting.what.name).value(),
               .retry = policy_of(options_),
               .level = options_.level,
               .between = thinking(options_)}
    {
    }

    [[nodiscard]] std::size_t slots() const override
    {
        return static_cast<std::size_t>(options_.users);
    }

    [[nodiscard]] std::int64_t goal() const override { return options_.users; }

    void prepare(database& in) override
    {
        auto const made =
            books::create(in, {.title = "The book of lines", .author = "everybody", .price = 0});
        auto const* book = std::get_if<books::book>(&made);
        if (book == nullptr)
            throw cannot_race("the book to race for could not be made");
        book_ = book->id;
        first_version_ = book->version.value();
    }

    [[nodiscard]] std::unique_ptr<racer> join(database& in, board&) override
    {
        return std::make_unique<book_racer>(in, setting_, how_, book_);
    }

    [[nodiscard]] audit_counts audit(database& of, board const& after) override
    {
        auto const book = books::find(of, book_).value();
        std::unordered_map<std::string_view, std::int64_t> times;
        for (auto const line : books::lines_of(book.text))
            ++times[line];
        audit_counts counts;
        std::int64_t written = 0;
        for (auto const& slot : after.used()) {
            auto const line = line_of(slot.subject);
            auto const found = times.find(line);
            auto const number = found == times.end() ? 0 : found->second;
            bool const answered = slot.state.load() == slot_state::answered;
            bool const won = answered && slot.outcome == answer::won;
            if (won && number == 0)
                ++counts.lost_updates;
            if (number > 1)
                ++counts.duplicates;
            // A request that was cut off, or never knew, may have written its line before.
            bool const is_open = !answered || slot.unknown;
            if (won || (is_open && number > 0))
                ++written;
        }
        counts.duplicates += std::abs(book.version.value() - first_version_ - written);
        return counts;
    }

private:
    race_setting setting_;
    race_options const& options_;
    books::line_options how_;
    std::int64_t book_ = 0;
    std::int64_t first_version_ = 0;
};

}  // namespace

std::unique_ptr<scenario> make_book_scenario(race_setting const& setting)
{
    return std::make_unique<book_scenario>(setting);
}

}  // namespace tiebreak::race
