// CREATE TABLE from plans, the library's own tables, and what is guaranteed here.
#include <tiebreak/schema.hpp>

#include "database/core.hpp"
#include "database/own_tables.hpp"

namespace tiebreak {

namespace detail {

std::string create_table_sql(database const& in, plan const& of)
{
    return render_create_table(core_of(in).speaks(), in.table_prefix(), of);
}

void create_table(database& in, plan const& of)
{
    // IF NOT EXISTS does not see what another starter is just making
    constexpr int tries = 3;
    auto const statement = create_table_sql(in, of);
    for (int left = tries;; --left) {
        try {
            in.execute(statement);
            return;
        } catch (error const& other_starter) {
            if (other_starter.code() != errc::already_exists || left == 1)
                throw;
        }
    }
}

}  // namespace detail

void install(database& in)
{
    create_table<detail::lease_row>(in);
    create_table<detail::commit_row>(in);
    create_table<detail::idempotency_row>(in);
    create_table<detail::answer_part_row>(in);
}

std::vector<guarantee> check_guarantees(database& of)
{
    auto& core = detail::core_of(of);
    core.refuse_second_connection();
    detail::held_workspace held(core);
    std::vector<guarantee> result;
    auto& on = held.ready(sql::deadline::max()).connection();
    for (auto& one : core.engine().check(on))
        result.push_back({one.weakens, std::move(one.text)});
    return result;
}

}  // namespace tiebreak
