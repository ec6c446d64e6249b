// A post of a blog: a plain struct. The version member alone switches checking on.
#pragma once

#include <tiebreak/mapping.hpp>

#include <cstdint>
#include <string>

namespace blog {

struct post {
    std::int64_t id = 0;
    std::string title{};
    std::string body{};
    tiebreak::version version{};
};
BOOST_DESCRIBE_STRUCT(post, (), (id, title, body, version))

constexpr auto mapping_of(post const*)
{
    return tiebreak::map<post>("posts", tiebreak::generated_key<&post::id>);
}

}  // namespace blog
