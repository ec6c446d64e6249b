// How many rows a command matched, as its tag tells it.
#include <tiebreak/error.hpp>

#include "postgres/statement.hpp"
#include "support/checks.hpp"

#include <gtest/gtest.h>

namespace tiebreak::postgres {
namespace {

TEST(PostgresCount, IsAsTold)
{
    EXPECT_EQ(rows_counted("0"), 0);
    EXPECT_EQ(rows_counted("1"), 1);
    EXPECT_EQ(rows_counted("9223372036854775807"), 9223372036854775807);
    EXPECT_EQ(rows_counted(""), 0) << "CREATE TABLE counts none";
}

TEST(PostgresCount, ThatIsNotKnownIsAnError)
{
    for (auto const* told : {"9223372036854775808", "1 row", "one", " ", "-1"})
        EXPECT_ERRC((void)rows_counted(told), errc::backend_failure);
}

}  // namespace
}  // namespace tiebreak::postgres
