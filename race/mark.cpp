#include "race/mark.hpp"

#include <tiebreak/schema.hpp>

#include "race/options.hpp"
#include "race/venue.hpp"
#include "schema/schema.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <sstream>
#include <string>
#include <unistd.h>

namespace tiebreak::race {

namespace {

// Field 22 of /proc/<process>/stat; 0 when there is no such process.
std::int64_t start_of(std::int64_t process)
{
    std::ifstream file("/proc/" + std::to_string(process) + "/stat");
    std::string line;
    if (!std::getline(file, line))
        return 0;
    auto const name_end = line.rfind(')');  // the name may hold spaces and parentheses
    if (name_end == std::string::npos)
        return 0;
    std::istringstream fields(line.substr(name_end + 1));
    std::string field;
    for (int number = 3; number < 22; ++number)
        fields >> field;
    std::int64_t start = 0;
    fields >> start;
    return start;
}

std::string this_machine()
{
    std::array<char, 256> name{};
    return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

mark my_mark()
{
    return {
        .process = ::getpid(), .process_start = start_of(::getpid()), .machine = this_machine()};
}

bool still_races(mark const& of)
{
    return of.machine != this_machine() || start_of(of.process) == of.process_start;
}

std::string mark_table()
{
    return std::string{table_prefix} + "mark";
}

[[noreturn]] void refuse_running(mark const& other)
{
    throw cannot_race("process " + std::to_string(other.process) +
                      (other.machine == this_machine() ? "" : " on " + other.machine) +
                      " is racing on this database; wait for it, or use another --db");
}

}  // namespace

std::vector<std::string> race_tables(database& of)
{
    return schema::tables_named(of, table_prefix);
}

void take_mark(database& in)
{
    auto const tables = race_tables(in);
    bool const marked = std::ranges::find(tables, mark_table()) != tables.end();
    if (!tables.empty() && !marked)
        throw cannot_race("the database has a table " + tables.front() +
                          " that this program did not make; rename it, or use another --db");
    create_table<mark>(in);
    repository<mark> const marks(in);
    auto mine = my_mark();
    if (marks.insert_if_absent(mine) == outcome::won)
        return;
    auto const other = marks.find(mine.id);
    if (!other || still_races(*other))
        refuse_running(other.value_or(mark{}));
    auto const taken = marks.update_if(mine.id,
                                       field<&mark::process> == other->process &&
                                           field<&mark::process_start> == other->process_start,
                                       field<& mark::process> = mine.process,
                                       field<& mark::process_start> = mine.process_start);
    if (taken == outcome::lost)
        refuse_running(marks.find(mine.id).value_or(mark{}));
}

void remove_mark(database& in)
{
    in.transact([](unit_of_work& work) { work.execute("DROP TABLE " + work.table<mark>()); });
}

}  // namespace tiebreak::race
