/// \file
/// The steps from any table to one with a version, tries that give way to others, and the filling
/// of rows in batches that stay short.
#include "schema/add_version.hpp"

#include "schema/version_change.hpp"

#include <algorithm>
#include <stdexcept>
#include <thread>

namespace tiebreak::schema {

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using namespace std::chrono_literals;

// Between two tries for a table or rows that others hold: doubled each time.
constexpr milliseconds pause_first = 50ms;
constexpr milliseconds pause_max = 1s;

// Whoever wants to write a row of a batch waits for its end: between these it keeps its size. The
// first is small because nothing is known yet.
constexpr milliseconds batch_short = 25ms;
constexpr milliseconds batch_long = 75ms;
constexpr std::int64_t batch_rows_first = 200;
constexpr std::int64_t batch_rows_max = 50'000;

// The default, and so the version of a row, where there is none yet.
constexpr std::int64_t first_version = 1;

version_watcher& nobody()
{
    static version_watcher none;
    return none;
}

std::unique_ptr<detail::version_change>
change_of(database& in, std::string table, add_version_options const& options)
{
    if (in.engine() == "sqlite")
        return detail::change_on_sqlite(in, std::move(table), options);
    if (in.engine() == "postgresql")
        return detail::change_on_postgresql(in, std::move(table), options);
    if (in.engine() == "mariadb")
        return detail::change_on_mariadb(in, std::move(table), options);
    throw error(errc::unsupported,
                "versions cannot be added to tables of " + std::string(in.engine()));
}

// Also refused where the engine would cut them: another table or column could be meant.
void check_name(std::string_view name, char const* what)
{
    constexpr std::size_t bytes_max = 255;
    if (name.empty() || name.size() > bytes_max || name.find('\0') != std::string_view::npos)
        throw std::invalid_argument(std::string{what} + " must have 1 to 255 bytes");
}

void check(std::string_view table, add_version_options const& options)
{
    check_name(table, "the name of a table");
    check_name(options.column, "the name of a column");
    for (auto const& name : options.unversioned) {
        check_name(name, "the name of a column");
        if (name == options.column)
            throw std::invalid_argument("the version itself cannot be unversioned");
    }
    if (!options.guard && !options.unversioned.empty())
        throw std::invalid_argument("unversioned columns are only of use to a guard");
    if (options.lock_wait < 1ms || options.lock_wait > 1h)
        throw std::invalid_argument("lock_wait must be 1 ms to 1 hour");
    if (options.patience < 0ms || options.patience > 24h * 365)
        throw std::invalid_argument("patience must be 0 to one year");
}

bool is_held_by_others(error const& failure)
{
    auto const& cause = failure.last() != nullptr ? *failure.last() : failure;
    return cause.code() == errc::lock_timeout || cause.code() == errc::transaction_aborted ||
           cause.code() == errc::deadline_exceeded;
}

bool is_violated(error const& failure)
{
    auto const& cause = failure.last() != nullptr ? *failure.last() : failure;
    return cause.code() == errc::constraint_violated;
}

class adding {
    // Again and again while others hold what it needs.
    template <class Try>
    auto patiently(Try one_try)
    {
        auto const until = steady_clock::now() + options_.patience;
        for (auto pause = pause_first;; pause = std::min(pause * 2, pause_max)) {
            try {
                return one_try();
            } catch (error const& failure) {
                if (!is_held_by_others(failure))
                    throw;
                if (steady_clock::now() + pause > until)
                    throw in_use(failure);
            }
            watcher_.waits();
            std::this_thread::sleep_for(pause);
        }
    }

public:
    adding(database& in,
           std::string table,
           add_version_options const& options,
           version_watcher& watcher)
        : table_(table),
          options_(options),
          watcher_(watcher),
          change_(change_of(in, std::move(table), options))
    {
    }

    added_version run()
    {
        auto const started = steady_clock::now();
        std::optional<version_step> taken;
        for (;;) {
            auto const facts = change_->look();
            auto const step = next_step(facts);
            result_.first = facts.first.value_or(first_version);
            if (!step)
                break;
            if (step == taken)
                throw error(errc::backend_failure, "a change of the table had no effect");
            if (*step == version_step::set_not_null && facts.nullable)
                fill();
            begin(*step);
            taken = step;
            try {
                take(*step);
            } catch (error const& failure) {
                // rows that state NULL can come until the very end
                if (!is_violated(failure) || steady_clock::now() - started > options_.patience)
                    throw;
                taken.reset();
            }
        }
        if (options_.guard)
            result_.guard = change_->guard_name();
        return std::move(result_);
    }

private:
    // Empty: everything is as it shall be.
    [[nodiscard]] std::optional<version_step> next_step(detail::table_facts const& facts) const
    {
        if (!facts.has_column)
            return version_step::add_column;
        if (!facts.first && (change_->default_comes_first() || !facts.nullable))
            return version_step::set_default;
        if (facts.nullable || facts.has_remains)
            return version_step::set_not_null;
        if (options_.guard && !facts.has_guard)
            return version_step::make_guard;
        return {};
    }

    void begin(version_step step)
    {
        if (result_.done.empty() || result_.done.back() != step)
            result_.done.push_back(step);
        watcher_.began(step);
    }

    void take(version_step step)
    {
        patiently([&] {
            switch (step) {
            case version_step::add_column: return change_->add_column();
            case version_step::set_default: return change_->set_default(first_version);
            case version_step::set_not_null: return change_->set_not_null(result_.first);
            case version_step::make_guard: return change_->make_guard();
            case version_step::fill: break;
            }
        });
    }

    [[nodiscard]] error in_use(error const& failure) const
    {
        return error(errc::lock_timeout,
                     "the table " + table_ +
                         " is in use: others held it or its rows for longer than " +
                         std::to_string(options_.patience.count()) +
                         " ms; end what runs for long and run the same again",
                     std::string{failure.server_message()});
    }

    void fill()
    {
        auto const total = change_->count_nulls();
        if (total == 0)
            return;
        begin(version_step::fill);
        std::int64_t done = 0;
        std::int64_t rows = batch_rows_first;
        change_->begin_walk();
        for (;;) {
            watcher_.filled(done, total);
            auto const began = steady_clock::now();
            auto const some = patiently([&] {
                try {
                    return change_->fill(result_.first, rows);
                } catch (error const&) {
                    rows = std::max<std::int64_t>(rows / 2, 1);  // fewer rows, held by fewer
                    throw;
                }
            });
            if (!some)
                break;
            done += *some;
            if (done >= total && !change_->default_comes_first())
                break;  // without a default old programs add rows as fast: those are the rest
            auto const took = steady_clock::now() - began;
            if (took < batch_short)
                rows = std::min(rows * 2, batch_rows_max);
            else if (took > batch_long)
                rows = std::max<std::int64_t>(rows / 2, 1);
            std::this_thread::sleep_for(took / 2);  // the others' turn
        }
        done += patiently([&] { return change_->fill_rest(result_.first); });
        watcher_.filled(done, std::max(done, total));
        result_.rows_filled += done;
    }

    std::string table_;
    add_version_options const& options_;
    version_watcher& watcher_;
    std::unique_ptr<detail::version_change> change_;
    added_version result_{};
};

}  // namespace

added_version add_version(database& in,
                          std::string_view table,
                          add_version_options const& options,
                          version_watcher* watcher)
{
    check(table, options);
    adding one(in,
               in.table_prefix() + std::string(table),
               options,
               watcher != nullptr ? *watcher : nobody());
    return one.run();
}

}  // namespace tiebreak::schema
