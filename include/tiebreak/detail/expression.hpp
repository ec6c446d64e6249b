/// \file
/// SQL in pieces: what conditions and changes are made of until a dialect writes them down.
#pragma once

#include <tiebreak/value.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace tiebreak::detail {

/// A piece of an expression: a column, a parameter, the database's clock, or fixed SQL text.
struct token {
    enum class kind : std::uint8_t { text, column, parameter, now };
    kind what = kind::text;
    std::uint16_t column = 0;
    char const* text = "";     ///< a string literal of this library
    stored_value parameter{};  ///< for `now`: microseconds to add, NULL for none
};

/// Pieces in the order in which they are written.
struct expression {
    std::vector<token> tokens{};

    [[nodiscard]] bool empty() const noexcept { return tokens.empty(); }

    expression& text(char const* literal)
    {
        tokens.push_back({.text = literal});
        return *this;
    }

    expression& column(std::size_t index)
    {
        tokens.push_back(
            {.what = token::kind::column, .column = static_cast<std::uint16_t>(index)});
        return *this;
    }

    expression& parameter(value v)
    {
        tokens.push_back({.what = token::kind::parameter, .parameter = stored_value{v}});
        return *this;
    }

    expression& now(std::chrono::microseconds later)
    {
        tokens.push_back({.what = token::kind::now,
                          .parameter = later.count() == 0
                                           ? stored_value{}
                                           : stored_value{value{std::int64_t{later.count()}}}});
        return *this;
    }

    expression& append(expression const& other)
    {
        tokens.insert(tokens.end(), other.tokens.begin(), other.tokens.end());
        return *this;
    }
};

/// One `column = expression` of a change.
struct assignment {
    std::size_t column = 0;
    expression to{};
};

struct order_term {
    std::size_t column = 0;
    bool descending = false;
};

}  // namespace tiebreak::detail
