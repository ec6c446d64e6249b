// What most tests ask of a database: which rows are there, which error came, what threads did.
#pragma once

#include <tiebreak/database.hpp>

#include "support/barrier.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace tiebreak::test {

// The row with this key as the table has it now. Throws when there is none.
template <mapped_entity T>
[[nodiscard]] T stored(database& in, key_of<T> const& key)
{
    auto found = repository<T>(in).find(key);
    if (!found)
        throw std::runtime_error("the row that the test looks at is gone");
    return *std::move(found);
}

template <mapped_entity T>
[[nodiscard]] bool is_stored(database& in, key_of<T> const& key)
{
    return repository<T>(in).find(key).has_value();
}

template <mapped_entity T>
[[nodiscard]] std::int64_t rows_of(database& in)
{
    return repository<T>(in).select().count();
}

// The error that `run` throws; none, or another exception, fails the test.
template <class F>
[[nodiscard]] std::optional<error> error_of(F&& run)
{
    try {
        run();
    } catch (error const& thrown) {
        return thrown;
    } catch (std::exception const& other) {
        ADD_FAILURE() << "another exception came: " << other.what();
        return {};
    }
    ADD_FAILURE() << "no error came";
    return {};
}

// Runs `run(index)` in so many threads, all starting together, and waits for them. An exception in
// one fails the test.
inline void run_together(int threads, std::function<void(int)> const& run)
{
    barrier start(threads);
    std::vector<std::thread> running;
    for (int i = 0; i < threads; ++i) {
        running.emplace_back([&, i] {
            try {
                start.wait();
                run(i);
            } catch (std::exception const& e) {
                ADD_FAILURE() << "thread " << i << ": " << e.what();
            }
        });
    }
    for (auto& one : running)
        one.join();
}

// The placeholder of the parameter `number` in own SQL, counted from 1.
[[nodiscard]] inline std::string placeholder(database const& in, int number)
{
    return in.engine() == "postgresql" ? "$" + std::to_string(number) : "?";
}

// A name in the engine's quotes, for own SQL.
[[nodiscard]] inline std::string quoted(database const& in, std::string const& name)
{
    return in.engine() == "mariadb" ? "`" + name + "`" : "\"" + name + "\"";
}

// The quoted name of an entity's table, for own SQL.
template <mapped_entity T>
[[nodiscard]] std::string table_of(database& in)
{
    return in.transact([](unit_of_work& work) { return work.table<T>(); });
}

// Makes a number's column one of 64 bits, as somebody else's script could. SQLite's are that wide.
template <mapped_entity T>
void widen_column(database& in, std::string const& column)
{
    auto const alter = "ALTER TABLE " + table_of<T>(in) + " ";
    if (in.engine() == "postgresql")
        in.execute(alter + "ALTER COLUMN " + column + " TYPE BIGINT");
    else if (in.engine() == "mariadb")
        in.execute(alter + "MODIFY " + column + " BIGINT NOT NULL");
}

}  // namespace tiebreak::test

// The statement throws a tiebreak::error with this code.
#define EXPECT_ERRC(statement, expected)                                                           \
    do {                                                                                           \
        auto const thrown_error = tiebreak::test::error_of([&] { statement; });                    \
        if (thrown_error) {                                                                        \
            EXPECT_EQ(tiebreak::name_of(thrown_error->code()), tiebreak::name_of(expected))        \
                << thrown_error->what() << " / " << thrown_error->server_message();                \
        }                                                                                          \
    } while (false)
