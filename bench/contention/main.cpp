// Contended writes on a file: several processes change the same row, against one process alone.
#include "bench/contention/rivals.hpp"
#include "bench/pairs.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <unistd.h>
#include <vector>

namespace {

namespace fs = std::filesystem;

struct settings {
    int processes = 8;
    int pairs = 15;
    int slice_ms = 400;
    std::string folder{};
    std::string parameters{};
    std::string json{};
};

// What the project promises of contended writers.
constexpr double share_of_alone_min = 0.90;
constexpr double fairness_min = 0.60;
constexpr double longest_wait_ms_max = 100;

class own_folder {
public:
    explicit own_folder(fs::path const& below)
    {
        auto name = (below / "tiebreak-contention-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr)
            throw std::runtime_error("no folder can be made in " + below.string());
        path = name;
    }

    own_folder(own_folder const&) = delete;
    own_folder& operator=(own_folder const&) = delete;

    ~own_folder()
    {
        std::error_code ignored;
        fs::remove_all(path, ignored);
    }

    fs::path path;
};

struct figures {
    std::vector<double> alone_us, crowd_us, ratio, share, fairness, longest_ms, alone_longest_ms;
};

double percentile(std::vector<double> values, double share)
{
    std::ranges::sort(values);
    return values[static_cast<std::size_t>(share * static_cast<double>(values.size() - 1))];
}

void print(char const* what, std::vector<double> const& values, int digits, char const* target)
{
    std::printf("%-44s %9.*f   %.*f..%.*f%s\n",
                what,
                digits,
                bench::median(values),
                digits,
                percentile(values, 0.1),
                digits,
                percentile(values, 0.9),
                target);
}

// A target is missed when even the better end of the spread does not meet it: noise is no miss.
struct verdict {
    bool met = false;
    bool missed = false;

    std::string text(char const* target) const
    {
        return std::string{"   "} + target + ": " +
               (met      ? "yes"
                : missed ? "NO"
                         : "within the spread");
    }
};

verdict at_least(double target, std::vector<double> const& values)
{
    return {.met = bench::median(values) >= target, .missed = percentile(values, 0.9) < target};
}

verdict under(double target, std::vector<double> const& values)
{
    return {.met = bench::median(values) < target, .missed = percentile(values, 0.1) >= target};
}

figures measure(contention::rivals& all, settings const& how)
{
    std::chrono::milliseconds const slice{how.slice_ms};
    static_cast<void>(all.run(how.processes, slice / 4));  // to warm up
    static_cast<void>(all.run(1, slice / 4));
    figures of;
    for (int pair = 0; pair < how.pairs; ++pair) {
        bool const alone_first = pair % 2 == 0;
        auto const first = all.run(alone_first ? 1 : how.processes, slice);
        auto const second = all.run(alone_first ? how.processes : 1, slice);
        auto const& alone = alone_first ? first : second;
        auto const& crowd = alone_first ? second : first;
        if (alone.rate <= 0 || crowd.rate <= 0)
            throw std::runtime_error("a slice went by without a commit: use a longer --slice-ms");
        of.alone_us.push_back(1e6 / alone.rate);
        of.crowd_us.push_back(1e6 / crowd.rate);
        of.ratio.push_back(alone.rate / crowd.rate);
        of.share.push_back(crowd.rate / alone.rate);
        of.fairness.push_back(crowd.fairness);
        of.longest_ms.push_back(crowd.longest_wait_ms);
        of.alone_longest_ms.push_back(alone.longest_wait_ms);
    }
    return of;
}

// Whether no target was missed.
bool report(figures const& of, settings const& how)
{
    auto const share = at_least(share_of_alone_min, of.share);
    auto const fairness = at_least(fairness_min, of.fairness);
    auto const longest = under(longest_wait_ms_max, of.longest_ms);
    auto const crowd = std::to_string(how.processes) + " processes";
    std::printf("%-44s %9s   10 %%..90 %% of the pairs\n", "", "median");
    print("one process alone, µs for a commit", of.alone_us, 0, "");
    print("one process alone, longest commit, ms", of.alone_longest_ms, 1, "");
    print((crowd + ", µs for a commit").c_str(), of.crowd_us, 0, "");
    print(
        (crowd + ", rate / rate of one").c_str(), of.share, 2, share.text("at least 0.90").c_str());
    print((crowd + ", slowest / fastest process").c_str(),
          of.fairness,
          2,
          fairness.text("at least 0.60").c_str());
    print((crowd + ", longest wait and commit, ms").c_str(),
          of.longest_ms,
          1,
          longest.text("under 100").c_str());
    return !share.missed && !fairness.missed && !longest.missed;
}

int run(settings const& how)
{
    own_folder const folder(how.folder.empty() ? fs::temp_directory_path() : fs::path(how.folder));
    auto const url = "sqlite:" + (folder.path / "row.db").string() +
                     (how.parameters.empty() ? "" : "?" + how.parameters);
    double const flush_us = bench::flush_cost_us(folder.path.string());
    std::printf(
        "Find, change and commit of one row, pessimistic, write-ahead log, synchronous=FULL "
        "unless set: %s\n%d pairs of %d ms; one flush beside the file costs %.0f µs.\n\n",
        how.parameters.empty() ? "nothing set" : how.parameters.c_str(),
        how.pairs,
        how.slice_ms,
        flush_us);
    std::fflush(stdout);
    contention::make_row(url);
    contention::rivals all(url, how.processes);
    auto const of = measure(all, how);
    auto const row = contention::read_row(url, all.finish());
    bool const fast = report(of, how);
    std::printf("\naudit: counter %lld, version %lld, commits %lld: %s\n",
                static_cast<long long>(row.counter),
                static_cast<long long>(row.version),
                static_cast<long long>(row.commits),
                row.holds() ? "nothing lost" : "WRONG");
    if (!how.json.empty()) {
        bench::write_json(how.json,
                          flush_us,
                          {{.name = "contended-" + std::to_string(how.processes) + "-processes",
                            .engine = "sqlite",
                            .bare_us = bench::median(of.alone_us),
                            .tiebreak_us = bench::median(of.crowd_us),
                            .ratio = bench::median(of.ratio),
                            .ratio_low = percentile(of.ratio, 0.1),
                            .ratio_high = percentile(of.ratio, 0.9),
                            .pairs = how.pairs}});
    }
    return row.holds() && fast ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv)
{
    CLI::App app{
        "Processes that change the same row of one SQLite file through the library, "
        "against one process alone; interleaved pairs.\nExample: bench_contention "
        "--processes 8 --folder /var/tmp\n"
        "Exit codes: 0; 1 a change was lost, or a target is missed even at the better end of "
        "the spread; 2 bad arguments, or it could not be measured."};
    settings how;
    app.add_option("--processes", how.processes, "how many contend")->check(CLI::Range(2, 64));
    app.add_option("--pairs", how.pairs, "pairs of slices")->check(CLI::Range(15, 1001));
    app.add_option("--slice-ms", how.slice_ms, "length of a slice")->check(CLI::Range(50, 60'000));
    app.add_option("--folder", how.folder, "where the file is made, else the temporary folder")
        ->check(CLI::ExistingDirectory);
    app.add_option("--parameters", how.parameters, "of the URL, for example gate=off");
    app.add_option(
        "--json", how.json, "add the result to this file; there bare_us is one process alone");
    try {
        app.parse(argc, argv);
    } catch (CLI::ParseError const& wrong) {
        return app.exit(wrong) == 0 ? 0 : 2;
    }
    try {
        return run(how);
    } catch (std::exception const& wrong) {
        std::fprintf(stderr, "bench_contention: %s\n", wrong.what());
        return 2;
    }
}
