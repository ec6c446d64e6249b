// The mark on a user's database: says that the tables beside it are the lab's, and who races.
#pragma once

#include <tiebreak/database.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace tiebreak::race {

/// The only row of its table. A process is named by number and start time, because numbers are
/// used again.
struct mark {
    std::int32_t id = 1;
    std::int64_t process = 0;
    std::int64_t process_start = 0;  ///< in clock ticks since the machine started
    std::string machine{};           ///< its name; of others it cannot be seen what runs there
    std::int64_t flushes = 0;        ///< counts the commits that measure what one costs
};
BOOST_DESCRIBE_STRUCT(mark, (), (id, process, process_start, machine, flushes))

constexpr auto mapping_of(mark const*)
{
    return map<mark>("mark", key<&mark::id>);
}

/// Makes the mark this process's, unless `tiebreak_race_…` tables are there without one or another
/// race runs there. Safe against others who try at the same time.
/// \throws cannot_race: as above, and nothing was changed
void take_mark(database& in);

/// Removes the mark. Call it last.
void remove_mark(database& in);

/// The names of all tables that start with the lab's prefix.
[[nodiscard]] std::vector<std::string> race_tables(database& of);

}  // namespace tiebreak::race
