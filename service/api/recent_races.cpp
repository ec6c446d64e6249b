#include "service/api/recent_races.hpp"

#include "service/http/json.hpp"
#include "service/http/problem.hpp"

#include <algorithm>
#include <array>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <sys/stat.h>
#include <utility>

namespace tiebreak::service::api {

namespace {

constexpr std::size_t races_max = 8;
constexpr std::uintmax_t bytes_max = 1024 * 1024;
constexpr std::size_t files_max = 1000;  // looked at

template <class T>
T member(http::json_value const& of, std::string_view name)
{
    auto const* const found = of.find(name);
    auto const* const value = found != nullptr ? found->get_if<T>() : nullptr;
    if (value == nullptr)
        throw http::refusal(http::problem("invalid-request", std::string{name} + " is missing"));
    return *value;
}

recent_race read_report(std::string const& text)
{
    auto const report = http::parse_json(text);
    recent_race made{.scenario = member<std::string>(report, "scenario"),
                     .engine = member<std::string>(report, "engine") + " " +
                               member<std::string>(report, "engine_version"),
                     .users = member<std::int64_t>(report, "users"),
                     .processes = member<std::int64_t>(report, "processes")};
    for (auto const& each : member<http::json_value::array>(report, "results"))
        made.results.push_back({.strategy = member<std::string>(each, "strategy"),
                                .verdict = member<std::string>(each, "verdict"),
                                .is_control = member<std::string>(each, "promise") == "none"});
    return made;
}

std::string minute_of(std::time_t when)
{
    std::tm parts{};
    ::gmtime_r(&when, &parts);
    std::array<char, 24> text{};
    return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M", &parts)};
}

std::string content_of(std::filesystem::path const& file)
{
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

using dated_file = std::pair<std::time_t, std::filesystem::path>;

// Newest first.
std::vector<dated_file> files_of(std::string const& folder)
{
    namespace fs = std::filesystem;
    std::vector<dated_file> found;
    std::error_code failure;
    for (fs::directory_iterator at(folder, failure), end; !failure && at != end;
         at.increment(failure)) {
        struct ::stat about {};

        if (at->path().extension() != ".json" || ::stat(at->path().c_str(), &about) != 0 ||
            !S_ISREG(about.st_mode) || static_cast<std::uintmax_t>(about.st_size) > bytes_max)
            continue;
        found.emplace_back(about.st_mtime, at->path());
        if (found.size() == files_max)
            break;
    }
    std::ranges::sort(found, std::ranges::greater{});
    return found;
}

}  // namespace

std::vector<recent_race> recent_races(std::string const& folder)
{
    std::vector<recent_race> made;
    for (auto const& [when, file] : files_of(folder)) {
        try {
            made.push_back(read_report(content_of(file)));
            made.back().when = minute_of(when);
        } catch (http::refusal const&) {
            continue;  // some other file
        }
        if (made.size() == races_max)
            break;
    }
    return made;
}

}  // namespace tiebreak::service::api
