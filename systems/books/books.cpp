/// \file
/// Making, reading and changing books for clients that state the version they hold.
#include "systems/books/books.hpp"

#include "systems/books/book_rules.hpp"
#include "systems/in_unit.hpp"

namespace tiebreak::systems::books {

namespace {

// What is there now, after a write found it not as expected.
template <class Result>
Result not_as_expected(database& in, std::int64_t id, version expected)
{
    auto current = find(in, id);
    if (!current)
        return book_not_found{id};
    return stale_book{.expected = expected, .actual = current->version, .current = *current};
}

// A version that no book has yet can be stated, even the greatest: that is a mismatch and no
// exhausted version. Called in a catch clause; anything else goes on.
template <class Result>
Result answer_to(error const& failure, database& in, std::int64_t id, version expected)
{
    switch (failure.code()) {
    case errc::precondition_failed: return not_as_expected<Result>(in, id, expected);
    case errc::version_exhausted: break;
    default: throw;
    }
    auto const current = find(in, id);
    if (current && current->version == expected)
        throw;
    return not_as_expected<Result>(in, id, expected);
}

void apply(book_patch const& what, book& to)
{
    if (what.title)
        to.title = *what.title;
    if (what.author)
        to.author = *what.author;
    if (what.price)
        to.price = *what.price;
    if (what.text)
        to.text = *what.text;
}

}  // namespace

std::variant<book, invalid_field> create(database& in, book_content const& of)
{
    if (auto const broken = detail::broken_rule(of))
        return *broken;
    return inserted(
        in, book{.title = of.title, .author = of.author, .price = of.price, .text = of.text});
}

std::optional<book> find(database& in, std::int64_t id)
{
    return repository<book>(in).find(id);
}

update_result replace(database& in, std::int64_t id, version expected, book_content const& by)
{
    if (auto const broken = detail::broken_rule(by))
        return *broken;
    // A key of 0 would be taken for a new book.
    if (id == 0)
        return book_not_found{id};
    book row{
        .id = id,
        .title = by.title,
        .author = by.author,
        .price = by.price,
        .text = by.text,
        .version = expected,
    };
    try {
        repository<book>(in).save(row);
        return row;
    } catch (error const& failure) {
        return answer_to<update_result>(failure, in, id, expected);
    }
}

update_result patch(database& in, std::int64_t id, version expected, book_patch const& by)
{
    if (auto const broken = detail::broken_rule(by))
        return *broken;
    return in.transact([&](unit_of_work& work) -> update_result {
        auto* const found = work.find<book>(id);
        if (found == nullptr)
            return book_not_found{id};
        if (found->version != expected)
            return stale_book{.expected = expected, .actual = found->version, .current = *found};
        apply(by, *found);
        work.flush();
        return *found;
    });
}

remove_result remove(database& in, std::int64_t id, version expected)
{
    if (repository<book>(in).remove_if(id, expected) == outcome::won)
        return removed{};
    return not_as_expected<remove_result>(in, id, expected);
}

}  // namespace tiebreak::systems::books
