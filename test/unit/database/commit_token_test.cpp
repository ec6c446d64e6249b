// Whose clock decides how old a commit token is.
#include <tiebreak/commit_token.hpp>
#include <tiebreak/schema.hpp>

#include "unit/unit_of_work/recorded_database.hpp"

#include <gtest/gtest.h>

namespace tiebreak::test {

namespace {

TEST(CommitTokenStatements, ATimeIsAlwaysTheDatabases)
{
    recorded_database recorded;
    install(recorded.db);
    recorded.forget();
    EXPECT_EQ(purge_commit_tokens(recorded.db), 0);
    EXPECT_EQ(recorded.told_by_the_database(), 1) << "the look for old ones";
    EXPECT_FALSE(recorded.has_bound_a_time());
}

}  // namespace

}  // namespace tiebreak::test
