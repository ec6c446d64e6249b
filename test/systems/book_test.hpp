// What the tests of the book system share.
#pragma once

#include "system_test.hpp"
#include "systems/books/books.hpp"

#include <gtest/gtest.h>

#include <string>

namespace tiebreak::test {

namespace books = systems::books;

inline books::book make_book(database& in, std::string text = {})
{
    return std::get<books::book>(books::create(in,
                                               {
                                                   .title = "Sorting",
                                                   .author = "Ada",
                                                   .price = 2500,
                                                   .text = std::move(text),
                                               }));
}

inline books::book_content content_of(books::book const& from)
{
    return {.title = from.title, .author = from.author, .price = from.price, .text = from.text};
}

template <class Answer, class Result>
bool is_answer(Result const& result)
{
    return std::holds_alternative<Answer>(result);
}

}  // namespace tiebreak::test
