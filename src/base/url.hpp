// The parts of the URL of a database or of Redis, decoded; each driver says which of them it knows.
//
//   sqlite:shop.db?synchronous=normal
//   postgresql://app:secret@db1:5432,db2/shop?sslmode=verify-full&pool=20
//   mariadb://app@localhost/shop?socket=/run/mysqld/mysqld.sock&password_file=/run/secrets/db
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tiebreak::base {

// What stands after '?', in order.
using url_parameters = std::vector<std::pair<std::string, std::string>>;

struct url {
    std::string scheme{};  // in lower case
    std::string path{};    // of an embedded database: all between ':' and '?', as it is
    // Of a server; what is not named stays empty.
    std::optional<std::string> user{};
    std::optional<std::string> password{};
    std::vector<std::pair<std::string, std::string>> hosts{};  // name and port
    std::string database{};
    url_parameters parameters{};
};

// Splits and decodes (%41). Throws std::invalid_argument with a sentence that says what to change
// and holds no part of user or password.
[[nodiscard]] url parse_url(std::string_view text);

// The URL with passwords masked, whatever else is wrong with it: "postgresql://app:***@db/shop".
[[nodiscard]] std::string masked(std::string_view text);

// Takes a parameter out; the last one counts when it is given twice.
[[nodiscard]] std::optional<std::string> take(url_parameters& from, std::string_view name);

// The first line of a file with a password, without the line's end. Throws std::invalid_argument
// when it cannot be read, is empty or longer than 4096 bytes.
[[nodiscard]] std::string password_in_file(std::string const& path);

}  // namespace tiebreak::base
