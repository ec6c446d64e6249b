/// \file
/// Text of a script: table names with their prefix, and where one statement ends.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tiebreak::schema {

/// The script with every `{prefix}name` replaced by the quoted name behind the prefix; the names
/// of indexes and triggers are written so, too.
/// \param quote  what the engine puts around a name: `"`, or a backtick on MariaDB
/// \throws std::invalid_argument: the prefix has a character that is no letter, digit or `_`, or
///   is longer than 40
[[nodiscard]] std::string
with_prefix(std::string_view script, std::string_view table_prefix, char quote);

/// The names behind `CREATE TABLE {prefix}`, in the order of the script.
[[nodiscard]] std::vector<std::string> tables_made_by(std::string_view script);

/// The statements of a script, without comments around them, empty ones and the semicolon at the
/// end. A semicolon inside a text, a quoted name, a comment, a `$tag$` body or the body of a
/// trigger ends nothing.
[[nodiscard]] std::vector<std::string> statements_of(std::string_view script);

}  // namespace tiebreak::schema
