// The public face of a unit: each call is one guarded operation of its workspace.
#include "unit_of_work/workspace.hpp"

namespace tiebreak {

void* unit_of_work::find_by_key(detail::plan const& of, value const* key, lock_request const& lock)
{
    return space_.guarded([&] { return space_.find(of, key, lock); });
}

void* unit_of_work::find_by_column(detail::plan const& of,
                                   std::size_t column,
                                   value is,
                                   lock_request const& lock)
{
    return space_.guarded([&] { return space_.find_by(of, column, is, lock); });
}

void unit_of_work::throw_not_found(detail::plan const& of, value const* key)
{
    throw detail::not_found(of, key);
}

void* unit_of_work::add_row(detail::plan const& of, void* from)
{
    space_.require_usable();
    return space_.add(of, from);
}

void* unit_of_work::insert_row(detail::plan const& of, void* from)
{
    return space_.guarded([&] { return space_.insert(of, from); });
}

void unit_of_work::remove_row(void* row)
{
    space_.require_usable();
    space_.remove(row);
}

void* unit_of_work::merge_row(detail::plan const& of, void* from)
{
    return space_.guarded([&] { return space_.merge(of, from); });
}

void* unit_of_work::merge_fields(detail::plan const& of,
                                 void const* original,
                                 void const* mine,
                                 merge_policy how)
{
    return space_.guarded([&] { return space_.merge(of, original, mine, how); });
}

void unit_of_work::lock_row(void* row, lock_request how)
{
    space_.guarded([&] { space_.lock(row, how); });
}

void unit_of_work::run_select(detail::query const& what,
                              void* to,
                              void (*found)(void* to, void* row))
{
    space_.guarded([&] { space_.select(what, to, found); });
}

std::int64_t unit_of_work::run_count(detail::query const& what)
{
    return space_.guarded([&] { return space_.count(what); });
}

bool unit_of_work::run_exists(detail::query const& what)
{
    return space_.guarded([&] { return space_.exists(what); });
}

void unit_of_work::flush()
{
    space_.guarded([&] { space_.flush(); });
}

void unit_of_work::run_query(std::string_view sql,
                             std::span<value const> parameters,
                             detail::row_plan const& of,
                             void* to,
                             void* (*make)(void* to))
{
    detail::refuse_transaction_control(sql);
    space_.guarded([&] {
        space_.flush();
        std::string const text{sql};
        if (!space_.statements().prepared(text).reads_only())
            space_.begin_other_write();
        detail::read_rows(space_.statements(), text, parameters, of, {to, make});
    });
}

std::int64_t unit_of_work::run_statement(std::string_view sql, std::span<value const> parameters)
{
    detail::refuse_transaction_control(sql);
    return space_.guarded([&] {
        space_.flush();
        auto& statement = space_.statements().prepared(std::string{sql});
        if (!statement.reads_only())
            space_.begin_other_write();
        return statement.execute(parameters);
    });
}

std::string unit_of_work::table_of(detail::plan const& of) const
{
    return space_.statements().text().table(of).text();
}

time_point unit_of_work::database_time()
{
    return space_.guarded([&] {
        std::string text = "SELECT ";
        space_.connection().speaks().now(text);
        auto& statement = space_.statements().prepared(text);
        sql::reading const until_end(statement);
        time_point now{};
        auto const row = statement.first({});
        if (row.empty() || !field_type<time_point>::decode(row[0], now))
            throw error(errc::backend_failure, "the database does not tell its time");
        return now;
    });
}

void unit_of_work::queue_call(detail::queued_call then)
{
    space_.require_usable();
    space_.run_after_commit(std::move(then));
}

}  // namespace tiebreak
