/// \file
/// One table of everything that ages: a new kind is one row here.
#include "schema/garbage.hpp"

#include <tiebreak/commit_token.hpp>
#include <tiebreak/lease.hpp>

#include "schema/schema.hpp"

#include <algorithm>
#include <stdexcept>

namespace tiebreak::schema {

namespace {

struct ageing {
    std::string_view what;
    std::string_view table;
    std::int64_t (*collect)(database& in, std::chrono::seconds older_than);
};

constexpr ageing all_that_age[] = {
    {"commit tokens", "tiebreak_commits", &purge_commit_tokens},
    {"forgotten leases",
     "tiebreak_leases",
     [](database& in, std::chrono::seconds older_than) { return leases(in).reap(older_than); }},
};

}  // namespace

std::vector<collected> collect_garbage(database& in, std::chrono::seconds older_than)
{
    if (older_than < std::chrono::hours{1})
        throw std::invalid_argument("what ages is kept for one hour at least");
    auto const& prefix = in.table_prefix();
    auto const there = tables_named(in, prefix);
    std::vector<collected> all;
    for (auto const& kind : all_that_age) {
        auto& one = all.emplace_back(collected{.what = kind.what, .table = kind.table});
        one.is_installed =
            std::ranges::find(there, prefix + std::string(kind.table)) != there.end();
        if (one.is_installed)
            one.rows = kind.collect(in, older_than);
    }
    return all;
}

}  // namespace tiebreak::schema
