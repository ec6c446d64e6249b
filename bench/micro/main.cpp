// The library against the bare C client, the same statements in one process, in memory.
#include <tiebreak/database.hpp>
#include <tiebreak/schema.hpp>

#include "bench/baseline/sqlite_baseline.hpp"
#include "bench/micro/coupon.hpp"
#include "bench/pairs.hpp"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <string>
#include <vector>

namespace {

using tiebreak::unit_of_work;

constexpr auto rows = baseline::coupons::rows;

struct both {
    baseline::coupons bare;
    tiebreak::database ours{"sqlite::memory:"};
    std::vector<std::string> codes;
    std::int64_t next = 0;

    both()
    {
        tiebreak::create_table<coupon>(ours);
        ours.transact([](unit_of_work& work) {
            for (std::int64_t i = 1; i <= rows; ++i)
                work.add(coupon{.code = "c" + std::to_string(i), .total_quantity = 1'000'000});
        });
        for (std::int64_t i = 1; i <= rows; ++i)
            codes.push_back("c" + std::to_string(i));
    }

    void remove_inserted()
    {
        bare.remove_inserted();
        ours.execute("DELETE FROM coupons WHERE id > 1000");
    }
};

void find_change_commit(tiebreak::database& db, std::int64_t id)
{
    db.transact([&](unit_of_work& work) { work.find<coupon>(id)->issued_quantity += 1; });
}

void find_by_code(tiebreak::database& db, std::string const& code)
{
    db.transact(
        [&](unit_of_work& work) { work.find_by<&coupon::code>(code)->issued_quantity += 1; });
}

void change_many(tiebreak::database& db, std::int64_t first, int count)
{
    db.transact([&](unit_of_work& work) {
        for (std::int64_t id = first; id < first + count; ++id)
            work.find<coupon>(id)->issued_quantity += 1;
    });
}

void insert(tiebreak::database& db, std::string const& code)
{
    db.transact([&](unit_of_work& work) { work.add(coupon{.code = code, .total_quantity = 10}); });
}

struct benchmark {
    char const* name;
    double target;  // 0: none
    void (*bare)(both&, int);
    void (*ours)(both&, int);
};

constexpr benchmark benchmarks[] = {
    {"managed-find-change-commit",
     1.15,
     [](both& on, int times) {
         for (int i = 0; i < times; ++i)
             on.bare.find_change_commit(1 + i % rows);
     },
     [](both& on, int times) {
         for (int i = 0; i < times; ++i)
             find_change_commit(on.ours, 1 + i % rows);
     }},
    {"managed-find-by-unique",
     0,
     [](both& on, int times) {
         for (int i = 0; i < times; ++i)
             on.bare.find_by_code_change_commit(on.codes[static_cast<std::size_t>(i % rows)]);
     },
     [](both& on, int times) {
         for (int i = 0; i < times; ++i)
             find_by_code(on.ours, on.codes[static_cast<std::size_t>(i % rows)]);
     }},
    {"managed-100-entities",
     1.20,
     [](both& on, int times) {
         for (int i = 0; i < times; ++i)
             on.bare.change_many(1 + i % 10 * 100, 100);
     },
     [](both& on, int times) {
         for (int i = 0; i < times; ++i)
             change_many(on.ours, 1 + i % 10 * 100, 100);
     }},
    {"managed-insert",
     0,
     [](both& on, int times) {
         for (int i = 0; i < times; ++i)
             on.bare.insert("i" + std::to_string(++on.next));
     },
     [](both& on, int times) {
         for (int i = 0; i < times; ++i)
             insert(on.ours, "j" + std::to_string(++on.next));
     }},
};

// One side of the headline, many times: what callgrind counts.
int run_alone(std::string const& side, int times)
{
    both on;
    if (side == "bare")
        benchmarks[0].bare(on, times);
    else
        benchmarks[0].ours(on, times);
    return 0;
}

}  // namespace

int main(int argc, char** argv)
{
    CLI::App app{"The library against the bare sqlite3 C API: same statements, same flags, one "
                 "process, in memory, interleaved pairs."};
    bench::options how;
    std::string alone;
    int times = 2000;
    app.add_option("--pairs", how.pairs, "pairs for each benchmark")->check(CLI::Range(15, 1001));
    app.add_option("--slice-ms", how.slice_ms, "length of one side of a pair")
        ->check(CLI::Range(1.0, 1000.0));
    app.add_option("--json", how.json, "add the results to this file");
    app.add_option("--only", how.only, "only benchmarks whose name contains this");
    app.add_option("--alone", alone, "run one side of the headline and nothing else")
        ->check(CLI::IsMember({"bare", "tiebreak"}));
    app.add_option("--times", times, "how often, with --alone")->check(CLI::Range(1, 10'000'000));
    try {
        app.parse(argc, argv);
    } catch (CLI::ParseError const& wrong) {
        return app.exit(wrong) == 0 ? 0 : 2;
    }
    if (!alone.empty())
        return run_alone(alone, times);

    double const flush_us = bench::flush_cost_us();
    std::printf("In memory, NOMUTEX, statements prepared once, %d interleaved pairs; one flush of "
                "this disk costs %.0f µs (not paid in memory).\n\n",
                how.pairs,
                flush_us);
    bench::print_heading();
    std::vector<bench::result> results;
    for (auto const& one : benchmarks) {
        if (std::string_view{one.name}.find(how.only) == std::string_view::npos)
            continue;
        both on;
        results.push_back(bench::compare(
            one.name,
            "sqlite",
            how,
            [&](int n) { one.bare(on, n); },
            [&](int n) { one.ours(on, n); }));
        bench::print(results.back(), one.target);
    }
    if (!how.json.empty())
        bench::write_json(how.json, flush_us, results);
    return 0;
}
