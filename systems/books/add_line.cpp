/// \file
/// The strategies of adding a line: who decides whose text stays.
#include "systems/books/book_rules.hpp"
#include "systems/books/books.hpp"
#include "systems/in_unit.hpp"
#include "systems/own_sql.hpp"

#include <algorithm>
#include <mutex>

namespace tiebreak::systems::books {

namespace {

transact_options transaction_of(database const& in, line_options const& options)
{
    return own_or_joined(in, options.retry, options.level);
}

void reach_between(line_options const& options)
{
    if (options.between)
        options.between();
}

void append(std::string& text, std::string_view line)
{
    text += line;
    text += '\n';
}

// The version check decides; with a lock nobody else can come between, so it always holds.
line_result add_checked(database& in,
                        std::int64_t id,
                        std::string_view line,
                        line_options const& options,
                        lock_mode mode)
{
    return in.transact(
        [&](unit_of_work& work) -> line_result {
            auto* const found = work.find<book>(id, mode);
            if (found == nullptr)
                return book_not_found{id};
            if (auto const full = detail::broken_length_rule(found->text, line))
                return *full;
            reach_between(options);
            append(found->text, line);
            work.flush();
            return accepted{found->version};
        },
        transaction_of(in, options));
}

// A negative control: what was read may be old when it is written, and nobody looks.
line_result
add_unchecked(database& in, std::int64_t id, std::string_view line, line_options const& options)
{
    auto read = in.transact([&](unit_of_work& work) { return repository<book>(work).find(id); },
                            transaction_of(in, options));
    if (!read)
        return book_not_found{id};
    if (auto const full = detail::broken_length_rule(read->text, line))
        return *full;
    reach_between(options);
    append(read->text, line);
    auto const matched = in.transact(
        [&](unit_of_work& work) {
            return work.execute(own_sql(in,
                                        "UPDATE " + work.table<book>() +
                                            " SET text = ?, version = version + 1"
                                            " WHERE id = ?"),
                                read->text,
                                id);
        },
        transaction_of(in, options));
    if (matched == 0)
        return book_not_found{id};
    return accepted{version{read->version.value() + 1}};
}

// A negative control: right with one process, and only then.
line_result
add_in_process(database& in, std::int64_t id, std::string_view line, line_options const& options)
{
    static std::mutex one_at_a_time;
    std::lock_guard const alone(one_at_a_time);
    return add_unchecked(in, id, line, options);
}

line_result
decide(database& in, std::int64_t id, std::string_view line, line_options const& options)
{
    switch (options.how) {
    case strategy::naive: return add_unchecked(in, id, line, options);
    case strategy::in_process: return add_in_process(in, id, line, options);
    case strategy::optimistic: return add_checked(in, id, line, options, lock_mode::none);
    case strategy::pessimistic:
        return add_checked(in, id, line, options, lock_mode::pessimistic_write);
    }
    throw std::invalid_argument("line_options::how is no strategy");
}

// Called in a catch clause. An end of attempts is an answer; anything else goes on.
line_result answer_to(error const& failure)
{
    switch (failure.code()) {
    case errc::stale_version:
    case errc::transaction_aborted:
    case errc::lock_timeout: return writing_failed{1, failure.code()};
    case errc::attempts_exhausted:
    case errc::deadline_exceeded:
        return writing_failed{std::max(failure.attempts(), 1),
                              failure.last() != nullptr ? failure.last()->code() : failure.code()};
    default: throw;
    }
}

}  // namespace

line_result
add_line(database& in, std::int64_t id, std::string_view line, line_options const& options)
{
    if (auto const broken = detail::broken_line_rule(line))
        return *broken;
    if (in.in_unit())
        return decide(in, id, line, options);  // a conflict leaves: only the outermost runs again
    try {
        return decide(in, id, line, options);
    } catch (error const& failure) {
        return answer_to(failure);
    }
}

std::vector<std::string_view> lines_of(std::string_view text)
{
    std::vector<std::string_view> lines;
    while (!text.empty()) {
        auto const end = text.find('\n');
        lines.push_back(text.substr(0, end));
        if (end == std::string_view::npos)
            break;
        text.remove_prefix(end + 1);
    }
    return lines;
}

}  // namespace tiebreak::systems::books
