#include "bench/pairs.hpp"

#include "bench/round_trips.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <iomanip>
#include <ostream>
#include <sstream>
#include <unistd.h>

namespace bench {

namespace {

using clock = std::chrono::steady_clock;

constexpr int warm_up = 50;

double time_us(std::function<void(int)> const& work, int times)
{
    auto const start = clock::now();
    work(times);
    return std::chrono::duration<double, std::micro>(clock::now() - start).count() / times;
}

double percentile(std::vector<double> values, double share)
{
    std::ranges::sort(values);
    return values[static_cast<std::size_t>(share * static_cast<double>(values.size() - 1))];
}

}  // namespace

double median(std::vector<double> values)
{
    return percentile(std::move(values), 0.5);
}

result compare(std::string name,
               std::string engine,
               options const& how,
               std::function<void(int)> const& bare,
               std::function<void(int)> const& ours)
{
    ours(warm_up);
    auto const once = time_us(bare, warm_up);
    int const bare_round_trips = round_trips([&] { bare(1); });
    int const our_round_trips = round_trips([&] { ours(1); });
    int const times = std::max(1, static_cast<int>(how.slice_ms * 1000 / once));
    std::vector<double> bare_us;
    std::vector<double> ours_us;
    std::vector<double> ratios;
    for (int pair = 0; pair < how.pairs; ++pair) {
        bool const bare_first = pair % 2 == 0;
        double const first = time_us(bare_first ? bare : ours, times);
        double const second = time_us(bare_first ? ours : bare, times);
        bare_us.push_back(bare_first ? first : second);
        ours_us.push_back(bare_first ? second : first);
        ratios.push_back(ours_us.back() / bare_us.back());
    }
    return {.name = std::move(name),
            .engine = std::move(engine),
            .bare_us = median(bare_us),
            .tiebreak_us = median(ours_us),
            .ratio = median(ratios),
            .ratio_low = percentile(ratios, 0.1),
            .ratio_high = percentile(ratios, 0.9),
            .pairs = how.pairs,
            .bare_round_trips = bare_round_trips,
            .tiebreak_round_trips = our_round_trips};
}

void print_heading()
{
    std::printf("%-31s %-10s %9s %11s %7s  %-13s %s\n",
                "what",
                "engine",
                "bare µs",
                "tiebreak µs",
                "ratio",
                "10 %..90 %",
                "round trips");
}

standing standing_of(result const& one) noexcept
{
    if (one.target <= 0)
        return standing::no_target;
    if (one.ratio <= one.target)
        return standing::met;
    return one.ratio_low <= one.target ? standing::unclear : standing::missed;
}

int judge(std::vector<result> const& all, std::ostream& to)
{
    std::ostringstream missed;
    missed << std::fixed << std::setprecision(3);
    for (auto const& one : all) {
        if (standing_of(one) == standing::missed)
            missed << (missed.view().empty() ? " " : ", ") << one.name << " on " << one.engine
                   << " (" << one.ratio_low << ".." << one.ratio_high << ", at most " << one.target
                   << ")";
    }
    if (missed.view().empty())
        return 0;
    to << "above the target:" << missed.view() << "\n";
    return 1;
}

void print(result const& one)
{
    constexpr char const* said[] = {"", "yes", "within the spread", "NO"};

    std::printf("%-31s %-10s %8.3f %11.3f %7.3f  %.3f..%.3f  %3d and %d",
                one.name.c_str(),
                one.engine.c_str(),
                one.bare_us,
                one.tiebreak_us,
                one.ratio,
                one.ratio_low,
                one.ratio_high,
                one.bare_round_trips,
                one.tiebreak_round_trips);
    auto const how = standing_of(one);
    if (how != standing::no_target)
        std::printf("   at most %.2f: %s", one.target, said[static_cast<int>(how)]);
    std::printf("\n");
    std::fflush(stdout);
}

void write_json(std::string const& file, double flush_us, std::vector<result> const& results)
{
    boost::json::array list;
    if (std::ifstream in(file); in) {
        std::stringstream text;
        text << in.rdbuf();
        boost::json::error_code wrong;
        auto const old = boost::json::parse(text.str(), wrong);
        if (!wrong && old.is_object() && old.as_object().contains("results")) {
            for (auto const& one : old.at("results").as_array()) {
                auto const same = [&](result const& r) {
                    return one.at("name").as_string() == r.name &&
                           one.at("engine").as_string() == r.engine;
                };
                if (std::ranges::none_of(results, same))
                    list.push_back(one);
            }
        }
    }
    for (auto const& r : results) {
        list.push_back({{"name", r.name},
                        {"engine", r.engine},
                        {"bare_us", r.bare_us},
                        {"tiebreak_us", r.tiebreak_us},
                        {"ratio", r.ratio},
                        {"ratio_low", r.ratio_low},
                        {"ratio_high", r.ratio_high},
                        {"pairs", r.pairs},
                        {"bare_round_trips", r.bare_round_trips},
                        {"tiebreak_round_trips", r.tiebreak_round_trips},
                        {"flush_us", r.flush_us}});
    }
    std::ofstream out(file, std::ios::trunc);
    out << boost::json::value{{"flush_us", flush_us}, {"results", list}} << "\n";
    if (!out) {
        std::fprintf(stderr, "cannot write %s\n", file.c_str());
        std::exit(2);
    }
}

double flush_cost_us(std::string const& folder)
{
    char const* usual = std::getenv("TMPDIR");
    std::string path = !folder.empty() ? folder : usual != nullptr ? usual : "/tmp";
    path += "/tiebreak-flush-XXXXXX";
    int const file = mkstemp(path.data());
    if (file < 0)
        return 0;
    std::vector<double> times;
    for (int i = 0; i < 31; ++i) {
        auto const start = clock::now();
        if (pwrite(file, "0123456789abcdef", 16, 16 * i) != 16 || fdatasync(file) != 0)
            break;
        times.push_back(std::chrono::duration<double, std::micro>(clock::now() - start).count());
    }
    close(file);
    unlink(path.c_str());
    return times.empty() ? 0 : median(times);
}

double difference_us(std::function<void(bool)> const& before, std::function<void()> const& timed)
{
    constexpr int pairs = 101;
    std::vector<double> differences;
    for (int i = 0; i < pairs; ++i) {
        double us[2] = {0, 0};
        for (bool const full : {false, true}) {
            before(full);
            us[full ? 1 : 0] = time_us([&](int) { timed(); }, 1);
        }
        differences.push_back(us[1] - us[0]);
    }
    return std::max(0.0, median(differences));
}

}  // namespace bench
