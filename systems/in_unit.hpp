/// \file
/// Operations that are a part of the caller's unit when they are called inside one, and whole
/// transactions of their own otherwise.
#pragma once

#include <tiebreak/database.hpp>

#include <optional>
#include <utility>

namespace tiebreak::systems {

/// What `transact` may be asked for here: inside a unit nothing, as the outermost decides.
[[nodiscard]] inline transact_options
own_or_joined(database const& in, std::optional<retry_policy> const& retry, isolation level)
{
    if (in.in_unit())
        return {};
    return {.retry = retry, .level = level};
}

/// Runs `ask(repository<T>)` for one statement: in the unit that runs here, else on its own.
template <class T, class Ask>
auto with_rows(database& in, Ask&& ask)
{
    if (in.in_unit())
        return in.transact([&](unit_of_work& work) { return ask(repository<T>(work)); });
    return ask(repository<T>(in));
}

/// Inserts a row, and answers it with its key: in the unit that runs here, else on its own.
template <class T>
[[nodiscard]] T inserted(database& in, T row)
{
    if (in.in_unit())
        return in.transact([&](unit_of_work& work) { return T{work.insert(std::move(row))}; });
    repository<T>(in).insert(row);
    return row;
}

}  // namespace tiebreak::systems
