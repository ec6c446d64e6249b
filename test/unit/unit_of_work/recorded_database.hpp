// A database in memory that writes down every statement it is given, in order.
#pragma once

#include <tiebreak/database.hpp>

#include "database/core.hpp"
#include "sql/connection.hpp"
#include "sqlite/sqlite.hpp"

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tiebreak::test {

using statements = std::vector<std::string>;

// What was sent, in order.
struct record {
    statements texts{};
    bool has_bound_a_time = false;  // to a statement other than INSERT
    std::chrono::steady_clock::time_point last_sent_at{};

    void add(std::string_view text, std::span<value const> parameters = {})
    {
        texts.emplace_back(text);
        for (auto const& one : parameters)
            has_bound_a_time =
                has_bound_a_time || (one.kind() == value_kind::time && !text.starts_with("INSERT"));
        last_sent_at = std::chrono::steady_clock::now();
    }
};

class recording_statement final : public sql::statement {
public:
    recording_statement(std::unique_ptr<sql::statement> real, std::string_view text, record& log)
        : real_(std::move(real)), text_(text), log_(log)
    {
    }

    std::int64_t execute(std::span<value const> parameters) override
    {
        log_.add(text_, parameters);
        return real_->execute(parameters);
    }

    std::optional<std::int64_t> insert(std::span<value const> parameters) override
    {
        log_.add(text_, parameters);
        return real_->insert(parameters);
    }

    std::span<value const> first(std::span<value const> parameters) override
    {
        log_.add(text_, parameters);
        return real_->first(parameters);
    }

    std::span<value const> next() override { return real_->next(); }

    void reset() noexcept override { real_->reset(); }

    [[nodiscard]] std::size_t column_count() const noexcept override
    {
        return real_->column_count();
    }

    [[nodiscard]] std::string_view column_name(std::size_t index) const override
    {
        return real_->column_name(index);
    }

    [[nodiscard]] bool reads_only() const noexcept override { return real_->reads_only(); }

private:
    std::unique_ptr<sql::statement> real_;
    std::string text_;
    record& log_;
};

class recording_connection final : public sql::connection {
public:
    recording_connection(std::unique_ptr<sql::connection> real, record& log)
        : real_(std::move(real)), log_(log)
    {
    }

    [[nodiscard]] sql::dialect const& speaks() const noexcept override { return real_->speaks(); }

    [[nodiscard]] std::unique_ptr<sql::statement> prepare(std::string_view text,
                                                          sql::taken_key then) override
    {
        return std::make_unique<recording_statement>(real_->prepare(text, then), text, log_);
    }

    void begin(sql::begin_mode mode, isolation level) override
    {
        log_.add(mode == sql::begin_mode::write ? "BEGIN" : "BEGIN READING");
        real_->begin(mode, level);
    }

    void commit() override
    {
        log_.add("COMMIT");
        real_->commit();
    }

    void rollback() noexcept override
    {
        if (real_->in_transaction())
            log_.add("ROLLBACK");
        real_->rollback();
    }

    [[nodiscard]] bool in_transaction() const noexcept override { return real_->in_transaction(); }

    void set_deadline(sql::deadline at) noexcept override { real_->set_deadline(at); }

    void limit_lock_waits(std::chrono::milliseconds to) noexcept override
    {
        real_->limit_lock_waits(to);
    }

    [[nodiscard]] bool alive() noexcept override { return real_->alive(); }

    [[nodiscard]] std::string engine_version() override { return real_->engine_version(); }

private:
    std::unique_ptr<sql::connection> real_;
    record& log_;
};

class recorded_database {
public:
    recorded_database()
    {
        detail::workspace* space = nullptr;
        db.transact([&](unit_of_work&) { space = detail::database_core::running; });
        space->connect(
            std::make_unique<recording_connection>(sqlite::open({.path = ":memory:"}), log_));
    }

    // What was sent since the last call: the first words of each statement up to the table, for
    // example "UPDATE authors".
    [[nodiscard]] statements sent()
    {
        statements short_forms;
        for (auto const& one : std::exchange(log_.texts, {}))
            short_forms.push_back(short_form(one));
        return short_forms;
    }

    // The same, word for word.
    [[nodiscard]] statements sent_in_full() { return std::exchange(log_.texts, {}); }

    // How many of the statements since the last call take a time from the database.
    [[nodiscard]] std::ptrdiff_t told_by_the_database()
    {
        return std::ranges::count_if(std::exchange(log_.texts, {}), [](std::string const& text) {
            return text.find("tiebreak_now()") != std::string::npos;
        });
    }

    void forget() { log_ = {}; }

    // True when a statement was given a time of this process, INSERTs apart.
    [[nodiscard]] bool has_bound_a_time() const noexcept { return log_.has_bound_a_time; }

    // When the last statement was on its way.
    [[nodiscard]] std::chrono::steady_clock::time_point last_sent_at() const noexcept
    {
        return log_.last_sent_at;
    }

private:
    static std::string short_form(std::string const& text)
    {
        auto const verb = text.substr(0, text.find(' '));
        if (verb != "SELECT" && verb != "INSERT" && verb != "UPDATE" && verb != "DELETE")
            return text;
        auto const from = verb == "SELECT" ? text.find(" FROM ") : 0;
        if (from == std::string::npos)
            return text;
        auto const open = text.find('"', from);
        return verb + " " + text.substr(open + 1, text.find('"', open + 1) - open - 1);
    }

    record log_;  // before db: its connection writes here until it is closed

public:
    database db{"sqlite::memory:"};
};

}  // namespace tiebreak::test
