// What the tests of `schema add-version` share: a table as an old program made it, programs that
// know nothing of a version, and what must be true of every row afterwards.
#pragma once

#include <tiebreak/database.hpp>

#include "schema/add_version.hpp"
#include "support/captured_log.hpp"
#include "support/engines.hpp"
#include "support/process.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <csignal>
#include <string>
#include <thread>

namespace tiebreak::test {

// What a program that does check versions sees of the table.
struct stock_item {
    std::int64_t id = 0;
    std::string name{};
    std::int64_t amount = 0;
    tiebreak::version version{};
};

BOOST_DESCRIBE_STRUCT(stock_item, (), (id, name, amount, version))

constexpr auto mapping_of(stock_item const*)
{
    return map<stock_item>("items", generated_key<&stock_item::id>);
}

class add_version_test : public engine_test {
protected:
    [[nodiscard]] static bool is(database const& in, std::string_view engine)
    {
        return in.engine() == engine;
    }

    // The table with rows, no version.
    static void make_old_table(database& in, int rows = 5)
    {
        std::string text = "CREATE TABLE items (id ";
        text += is(in, "sqlite")       ? "INTEGER PRIMARY KEY AUTOINCREMENT"
                : is(in, "postgresql") ? "bigserial PRIMARY KEY"
                                       : "BIGINT AUTO_INCREMENT PRIMARY KEY";
        text += is(in, "mariadb") ? ", name VARCHAR(100) NOT NULL, amount BIGINT NOT NULL)"
                                  : ", name TEXT NOT NULL, amount BIGINT NOT NULL)";
        in.execute(text);
        add_rows(in, rows);
    }

    static void add_rows(database& in, int rows)
    {
        in.transact([&](unit_of_work& work) {
            for (int i = 0; i < rows; ++i)
                work.execute("INSERT INTO items (name, amount) VALUES ('old', 0)");
        });
    }

    // As the migration of requirement A9 leaves it when it ends half-way: nullable, some filled.
    static void make_half_migrated_table(database& in, int rows = 5)
    {
        make_old_table(in, rows);
        in.execute("ALTER TABLE items ADD COLUMN version BIGINT");
        in.execute("UPDATE items SET version = 7 WHERE id = 2");
    }

    static std::int64_t number(database& in, std::string const& sql)
    {
        return in.read([&](snapshot& view) {
            return view.query<std::optional<std::int64_t>>(sql).at(0).value_or(-1);
        });
    }

    static std::int64_t rows_without_version(database& in)
    {
        return number(in, "SELECT count(*) FROM items WHERE version IS NULL");
    }

    static errc code_of(error const& failure)
    {
        return failure.last() != nullptr ? failure.last()->code() : failure.code();
    }

    // NOT NULL with a default, as the database itself keeps it.
    static void expect_right(database& in, std::int64_t first = 1)
    {
        EXPECT_EQ(rows_without_version(in), 0);
        try {
            in.execute("INSERT INTO items (name, amount, version) VALUES ('null', 0, NULL)");
            ADD_FAILURE() << "NULL was accepted";
        } catch (error const& refused) {
            EXPECT_EQ(code_of(refused), errc::constraint_violated) << refused.server_message();
        }
        in.execute("INSERT INTO items (name, amount) VALUES ('newest', 0)");
        EXPECT_EQ(number(in, "SELECT version FROM items WHERE name = 'newest'"), first);
        in.execute("DELETE FROM items WHERE name = 'newest'");
        auto const again = schema::add_version(in, "items");
        EXPECT_TRUE(again.done.empty()) << "the second call had something to do";
        if (is(in, "sqlite")) {
            EXPECT_EQ(in.read([](snapshot& view) {
                return view.query<std::string>("SELECT * FROM pragma_integrity_check");
            }),
                      std::vector<std::string>{"ok"});
        }
    }

    captured_log log_;
};

// A program that knows nothing of a version, on a connection of its own, until it is told to stop.
class old_program {
public:
    explicit old_program(fresh_database& of)
        : db_(of.open({.connections_max = 1})), running_([this](std::stop_token const& stopping) {
              while (!stopping.stop_requested())
                  write_once();
          })
    {
    }

    // Rows it added and units it added to the amount of row 1, acknowledged.
    [[nodiscard]] std::int64_t inserted() const { return inserted_; }

    [[nodiscard]] std::int64_t added() const { return added_; }

    // Other than for being in another's way.
    [[nodiscard]] std::int64_t refused() const { return refused_; }

    void wait_for_writes(std::int64_t more) const
    {
        auto const until = inserted_ + more;
        while (inserted_ < until)
            std::this_thread::yield();
    }

    void stop()
    {
        running_.request_stop();
        if (running_.joinable())
            running_.join();
    }

private:
    void write_once()
    {
        try {
            db_.execute("INSERT INTO items (name, amount) VALUES ('old program', 0)");
            ++inserted_;
            db_.execute("UPDATE items SET amount = amount + 1 WHERE id = 1");
            ++added_;
        } catch (error const& failure) {
            ++refused_;
            ADD_FAILURE() << "an old program was refused: " << failure.what() << " ("
                          << failure.server_message() << ")";
            std::this_thread::yield();
        }
    }

    database db_;
    std::atomic<std::int64_t> inserted_{0};
    std::atomic<std::int64_t> added_{0};
    std::atomic<std::int64_t> refused_{0};
    std::jthread running_;
};

}  // namespace tiebreak::test
