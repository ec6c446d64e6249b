/// \file
/// The SQL scripts of this folder as they were when the program was built.
#pragma once

#include <string_view>
#include <vector>

namespace tiebreak::schema::detail {

struct script {
    std::string_view engine;
    int number;
    std::string_view name;
    std::string_view text;
};

/// All scripts of all engines, by engine and number. Defined in a source made by embed.cmake.
[[nodiscard]] std::vector<script> const& scripts();

}  // namespace tiebreak::schema::detail
