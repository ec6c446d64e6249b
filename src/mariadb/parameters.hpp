// Values on their way to the server: of one run of a statement, or of many at once.
#pragma once

#include <tiebreak/value.hpp>

#include <cstdint>
#include <mysql.h>
#include <span>
#include <string>
#include <vector>

namespace tiebreak::mariadb {

// Throws constraint_violated for a year outside of 1 to 9999.
[[nodiscard]] MYSQL_TIME to_server_time(std::int64_t microseconds);

// What the values add to a message, at most.
[[nodiscard]] std::size_t size_in_message(std::span<value const> values) noexcept;

// The parameters of one run. Nothing is copied but numbers and times.
class parameters {
public:
    explicit parameters(std::size_t count) : slots_(count), binds_(count) {}

    [[nodiscard]] std::size_t count() const noexcept { return slots_.size(); }

    // Throws std::invalid_argument when there are more or fewer values than parameters.
    void bind(MYSQL_STMT* to, std::span<value const> values);

    // The statement was bound by somebody else.
    void forget() noexcept { bound_ = false; }

private:
    struct slot {
        std::int64_t integer = 0;
        double real = 0;
        unsigned long length = 0;
        my_bool is_null = 0;
        MYSQL_TIME time{};
    };

    void point(std::size_t index, enum_field_types type, void* to);

    std::vector<slot> slots_;
    std::vector<MYSQL_BIND> binds_;
    bool bound_ = false;
};

// The parameters of many runs, column by column, copied.
class parameter_table {
public:
    // False when a value does not go with those of its column: another type.
    [[nodiscard]] bool accepts(std::span<value const> values) const noexcept;
    void add(std::span<value const> values);
    void clear(std::size_t columns);

    [[nodiscard]] std::size_t rows() const noexcept { return rows_; }

    [[nodiscard]] std::size_t size_in_bytes() const noexcept { return bytes_; }

    // Valid until the next call of anything here.
    [[nodiscard]] std::span<value const> row(std::size_t index);
    // Binds all rows; the statement keeps pointers to this object until it has run.
    void bind(MYSQL_STMT* to);

private:
    struct column {
        value_kind kind = value_kind::null;    // the first that is not NULL; integers for all three
        std::vector<std::int64_t> integers{};  // times, too
        std::vector<double> reals{};
        std::vector<MYSQL_TIME> times{};
        std::string bytes{};
        std::vector<std::size_t> ends{};  // of each row's bytes
        std::vector<char> indicators{};
        std::vector<void*> pointers{};
        std::vector<unsigned long> lengths{};
    };

    [[nodiscard]] static value_kind class_of(value v) noexcept;
    [[nodiscard]] static value value_in(column const& of, std::size_t row) noexcept;
    void bind(column& from, MYSQL_BIND& to);

    std::vector<column> columns_;
    std::size_t used_ = 0;  // columns of the statement at hand; the others keep their memory
    std::vector<value> row_;
    std::vector<MYSQL_BIND> binds_;
    std::size_t rows_ = 0;
    std::size_t bytes_ = 0;
};

}  // namespace tiebreak::mariadb
