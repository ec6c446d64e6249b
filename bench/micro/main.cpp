// The library against the bare C client of an engine: the same statements on one connection each,
// in one process, in interleaved pairs.
#include "bench/micro/contest.hpp"
#include "bench/pairs.hpp"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

namespace {

struct settings {
    std::string url{};
    bench::options how{};
    std::string alone{};
    int times = 2000;
};

// One side of the headline, many times: what callgrind counts.
int run_alone(settings const& how)
{
    bench::contest on(how.url);
    auto const& headline = bench::benchmarks().front();
    (how.alone == "bare" ? headline.bare : headline.library)(on, how.times);
    return 0;
}

int run(settings const& how)
{
    double const disk_us = bench::flush_cost_us();
    double flush_us = 0;
    std::string engine;
    {
        bench::contest on(how.url);
        engine = on.library().engine();
        flush_us = on.bare().flush_cost_us();
        std::printf("%s; statements prepared once, one connection for each side, %d interleaved "
                    "pairs of %.0f ms.\nA commit waits %.0f µs for its flush; one flush of the "
                    "temporary folder's disk takes %.0f µs.\n\n",
                    on.bare().settings().c_str(),
                    how.how.pairs,
                    how.how.slice_ms,
                    flush_us,
                    disk_us);
    }
    bench::print_heading();
    std::vector<bench::result> results;
    for (auto const& one : bench::benchmarks()) {
        if (std::string_view{one.name}.find(how.how.only) == std::string_view::npos)
            continue;
        bench::contest on(how.url);
        double const target = one.target[static_cast<int>(on.on())];
        if (target < 0)
            continue;
        results.push_back(bench::compare(
            one.name,
            engine,
            how.how,
            [&](int n) { one.bare(on, n); },
            [&](int n) { one.library(on, n); }));
        results.back().flush_us = flush_us;
        results.back().target = target;
        bench::print(results.back());
    }
    if (!how.how.json.empty())
        bench::write_json(how.how.json, disk_us, results);
    return bench::judge(results, std::cerr);
}

}  // namespace

int main(int argc, char** argv)
{
    CLI::App app{
        "The library against the bare C client of an engine: same statements, one process, "
        "interleaved pairs.\nExample: bench_micro --db postgresql://user@localhost/test\n"
        "Exit codes: 0; 1 a ratio is above its target, even at the lower end of the spread; 2 bad "
        "usage, or no benchmark could be run."};
    settings how;
    app.add_option("--db", how.url, "a server, else SQLite in memory");
    app.add_option("--pairs", how.how.pairs, "pairs for each benchmark")
        ->check(CLI::Range(15, 1001));
    app.add_option("--slice-ms", how.how.slice_ms, "length of one side of a pair")
        ->check(CLI::Range(1.0, 1000.0));
    app.add_option("--json", how.how.json, "add the results to this file");
    app.add_option("--only", how.how.only, "only benchmarks whose name contains this");
    app.add_option("--alone", how.alone, "run one side of the headline and nothing else")
        ->check(CLI::IsMember({"bare", "tiebreak"}));
    app.add_option("--times", how.times, "how often, with --alone")
        ->check(CLI::Range(1, 10'000'000));
    try {
        app.parse(argc, argv);
    } catch (CLI::ParseError const& wrong) {
        return app.exit(wrong) == 0 ? 0 : 2;
    }
    try {
        return how.alone.empty() ? run(how) : run_alone(how);
    } catch (std::exception const& wrong) {
        std::fprintf(stderr, "bench_micro: %s\n", wrong.what());
        return 2;
    }
}
