// Values on their way from the server: the rows of one run of a statement.
//
// server                                      value
// TINYINT … BIGINT, YEAR, BIT, unsigned too   integer; above 2^63-1 an error that names the column
// DECIMAL without fraction (SUM of integers)  integer; outside of 64 bits an error
// DECIMAL with fraction (AVG)                 real, the nearest
// FLOAT, DOUBLE                               real
// DATETIME, TIMESTAMP, DATE                   time (UTC); '0000-00-00' is an error
// CHAR, VARCHAR, TEXT, ENUM, SET, JSON        text
// BINARY, VARBINARY, BLOB                     bytes
// TIME, GEOMETRY                              an error that names the column
#pragma once

#include <tiebreak/value.hpp>

#include <cstdint>
#include <memory>
#include <mysql.h>
#include <span>
#include <string>
#include <vector>

namespace tiebreak::mariadb {

class rows {
public:
    // Takes the whole result from the server: afterwards nothing is left on the connection. False
    // when the client library says so by its error.
    [[nodiscard]] bool take(MYSQL_STMT* from);

    // The next row, or empty; valid until the next call. Throws backend_failure for a value that
    // cannot be represented.
    [[nodiscard]] std::span<value const> next(MYSQL_STMT* from);

private:
    enum class shape : std::uint8_t {
        null,
        integer,
        real,
        single,
        decimal,
        bits,
        time,
        text,
        bytes
    };

    struct column {
        shape is = shape::null;
        bool is_unsigned = false;
        bool is_whole = false;  // a DECIMAL without fraction
        my_bool is_null = 0;
        my_bool is_cut = 0;
        unsigned long length = 0;
        std::int64_t integer = 0;
        double real = 0;
        float single = 0;
        MYSQL_TIME time{};
        std::vector<char> bytes{};
    };

    void shape_of(column& to, MYSQL_FIELD const& field);
    void bind(column& to, MYSQL_BIND& bind);
    void fetch_rest(MYSQL_STMT* from, std::size_t index);
    [[nodiscard]] value decode(column const& from, MYSQL_FIELD const& field) const;

    std::vector<column> columns_;
    std::vector<MYSQL_BIND> binds_;
    std::vector<value> row_;
};

}  // namespace tiebreak::mariadb
