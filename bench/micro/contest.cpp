#include "bench/micro/contest.hpp"

#include <tiebreak/schema.hpp>

namespace bench {

namespace {

using baseline::rows;
using tiebreak::field;
using tiebreak::unit_of_work;

constexpr std::string_view prefix = "tiebreak_bench_";

engine engine_of(std::string const& url)
{
    if (url.empty())
        return engine::sqlite;
    return url.starts_with("postgres") ? engine::postgresql : engine::mariadb;
}

void drop_tables(tiebreak::database& db) noexcept
{
    try {
        db.execute("DROP TABLE IF EXISTS " + std::string{prefix} + "coupons");
    } catch (std::exception const&) {  // NOLINT(bugprone-empty-catch): the server is gone
    }
}

void find_change_commit(tiebreak::database& db, std::int64_t id)
{
    db.transact([&](unit_of_work& work) { work.find<coupon>(id)->issued_quantity += 1; });
}

void find_by_code(tiebreak::database& db, std::string const& code)
{
    db.transact(
        [&](unit_of_work& work) { work.find_by<&coupon::code>(code)->issued_quantity += 1; });
}

void change_each(tiebreak::database& db, std::int64_t first, int count)
{
    db.transact([&](unit_of_work& work) {
        for (std::int64_t id = first; id < first + count; ++id)
            work.find<coupon>(id)->issued_quantity += 1;
    });
}

void change_range(tiebreak::database& db, std::int64_t first, int count)
{
    db.transact([&](unit_of_work& work) {
        auto const found =
            work.select<coupon>()
                .where(field<&coupon::id> >= first && field<&coupon::id> < first + count)
                .all();
        for (auto* one : found)
            one->issued_quantity += 1;
    });
}

void insert(tiebreak::database& db, std::string const& code)
{
    db.transact([&](unit_of_work& work) { work.add(coupon{.code = code, .total_quantity = 10}); });
}

// The first row of the n-th range of `count` rows.
constexpr std::int64_t start(int n, int count)
{
    return 1 + n % (rows / count) * count;
}

template <void (baseline::client::*Work)(std::int64_t)>
void bare_by_id(contest& on, int times)
{
    for (int i = 0; i < times; ++i)
        (on.bare().*Work)(1 + i % rows);
}

void library_by_id(contest& on, int times)
{
    for (int i = 0; i < times; ++i)
        find_change_commit(on.library(), 1 + i % rows);
}

template <auto Work, int Count>
void bare_many(contest& on, int times)
{
    for (int i = 0; i < times; ++i)
        (on.bare().*Work)(start(i, Count), Count);
}

template <auto Work, int Count>
void library_many(contest& on, int times)
{
    for (int i = 0; i < times; ++i)
        Work(on.library(), start(i, Count), Count);
}

using client = baseline::client;
constexpr double not_run = -1;

constexpr benchmark all[] = {
    {"managed-find-change-commit",
     {1.15, 1.10, 1.10},
     bare_by_id<&client::find_change_commit>,
     library_by_id},
    {"same-against-four-round-trips",
     {not_run, 0, 0},
     bare_by_id<&client::find_change_commit_in_four>,
     library_by_id},
    {"managed-find-by-unique",
     {0, 0, 0},
     [](contest& on, int times) {
         for (int i = 0; i < times; ++i)
             on.bare().find_by_code_change_commit(on.code(i));
     },
     [](contest& on, int times) {
         for (int i = 0; i < times; ++i)
             find_by_code(on.library(), on.code(i));
     }},
    {"managed-100-entities",
     {1.20, not_run, not_run},
     bare_many<&client::change_each, 100>,
     library_many<change_each, 100>},
    {"managed-10-entities-one-query",
     {0, 0, 0},
     bare_many<&client::change_range, 10>,
     library_many<change_range, 10>},
    {"managed-100-entities-one-query",
     {0, 0.70, 0.70},
     bare_many<&client::change_range, 100>,
     library_many<change_range, 100>},
    {"same-against-batched-by-hand",
     {not_run, 0, 0},
     bare_many<&client::change_range_at_once, 100>,
     library_many<change_range, 100>},
    {"managed-insert",
     {0, 0, 0},
     [](contest& on, int times) {
         for (int i = 0; i < times; ++i)
             on.bare().insert(on.new_code());
     },
     [](contest& on, int times) {
         for (int i = 0; i < times; ++i)
             insert(on.library(), on.new_code());
     }},
};

}  // namespace

contest::contest(std::string const& url) : on_(engine_of(url))
{
    library_ = std::make_unique<tiebreak::database>(
        url.empty() ? "sqlite::memory:" : url,
        tiebreak::database_options{.table_prefix = std::string{prefix}});
    tiebreak::create_table<coupon>(*library_);
    if (tiebreak::repository<coupon>(*library_).select().exists()) {
        throw baseline::failure(
            "an earlier run has left its tables: drop tiebreak_bench_coupons and "
            "tiebreak_bench_coupons_bare");
    }
    try {
        for (std::int64_t i = 1; i <= rows; ++i)
            codes_.push_back("c" + std::to_string(i));
        auto const fill = [this](unit_of_work& work) {
            for (auto const& code : codes_)
                work.add(coupon{.code = code, .total_quantity = 1'000'000});
        };
        // without a deadline: a thousand statements, and perhaps under callgrind
        library_->transact(fill, {.retry = tiebreak::retry_policy{.deadline = {}}});
        auto const table = std::string{prefix} + "coupons";
        switch (on_) {
        case engine::sqlite: bare_ = baseline::open_sqlite(); break;
        case engine::postgresql: bare_ = baseline::open_postgres(url, table); break;
        case engine::mariadb: bare_ = baseline::open_mariadb(url, table); break;
        }
    } catch (...) {
        drop_tables(*library_);
        throw;
    }
}

contest::~contest()
{
    bare_.reset();
    drop_tables(*library_);
}

std::string contest::new_code()
{
    return "n" + std::to_string(++last_);
}

void contest::remove_inserted()
{
    bare_->remove_inserted();
    library_->execute("DELETE FROM " + std::string{prefix} + "coupons WHERE id > " +
                      std::to_string(rows));
}

std::span<benchmark const> benchmarks() noexcept
{
    return all;
}

}  // namespace bench
