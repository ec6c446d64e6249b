// The public face of a database: everything but the loop of transact.
#include <tiebreak/schema.hpp>

#include "database/core.hpp"

namespace tiebreak {

namespace detail {

struct core_access {
    static database_core& core(database const& db) noexcept { return *db.core_; }
};

database_core& core_of(database const& db) noexcept
{
    return core_access::core(db);
}

}  // namespace detail

std::string shown_url(std::string_view url)
{
    return base::masked(url);
}

database::database(std::string_view url, database_options options)
    : core_(std::make_unique<detail::database_core>(detail::parse_url(url, std::move(options))))
{
}

database::database(database&&) noexcept = default;
database& database::operator=(database&&) noexcept = default;
database::~database() = default;

bool database::supports(capability what) const noexcept
{
    return core_->speaks().supports(what);
}

std::string_view database::engine() const noexcept
{
    return core_->speaks().engine();
}

std::string database::engine_version()
{
    core_->refuse_second_connection();
    detail::held_workspace held(*core_);
    return held.ready(sql::deadline::max()).connection().engine_version();
}

std::string const& database::shown_url() const noexcept
{
    return core_->url().shown;
}

std::string const& database::table_prefix() const noexcept
{
    return core_->options().table_prefix;
}

bool database::in_unit() const noexcept
{
    return core_->running_here() != nullptr;
}

pool_use database::connections() const
{
    return core_->use();
}

namespace {

detail::workspace& take_for_reading(detail::database_core& core)
{
    core.refuse_second_connection();
    detail::held_workspace taken(core);
    detail::attempt_series attempts{core.options().retry, std::chrono::steady_clock::now()};
    auto const until = detail::deadline_after(attempts.started, attempts.policy);
    for (;;) {
        ++attempts.begun;
        try {
            auto& space = taken.ready(until);
            space.connection().begin(sql::begin_mode::read, isolation::engine_default);
            return taken.keep();
        } catch (error const& failure) {
            taken.get().rollback();
            detail::retry_or_throw(core, taken.get(), attempts, failure);
        }
    }
}

}  // namespace

database::reading_scope::reading_scope(database& on)
    : on_(on), space_(take_for_reading(*on.core_)), view_(space_)
{
}

database::reading_scope::~reading_scope()
{
    space_.rollback();
    on_.core_->give(space_);
}

void snapshot::run_query(std::string_view sql,
                         std::span<value const> parameters,
                         detail::row_plan const& of,
                         void* to,
                         void* (*add)(void* to))
{
    detail::refuse_transaction_control(sql);
    detail::read_rows(space_.statements(), std::string{sql}, parameters, of, {to, add});
}

std::string snapshot::table_of(detail::plan const& of) const
{
    return space_.statements().text().table(of).text();
}

}  // namespace tiebreak
