// How many rows a statement matched, as the client library tells it.
#include <tiebreak/error.hpp>

#include "mariadb/statement.hpp"
#include "support/checks.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace tiebreak::mariadb {
namespace {

constexpr auto rows_max = std::numeric_limits<std::int64_t>::max();

TEST(MariaCount, IsAsTold)
{
    EXPECT_EQ(rows_counted(0), 0);
    EXPECT_EQ(rows_counted(1), 1);
    EXPECT_EQ(rows_counted(rows_max), rows_max);
}

// The library says "not known" by the rows_max number there is, which is -1 with a sign.
TEST(MariaCount, ThatIsNotKnownIsAnError)
{
    EXPECT_ERRC((void)rows_counted(std::numeric_limits<std::uint64_t>::max()),
                errc::backend_failure);
    EXPECT_ERRC((void)rows_counted(std::uint64_t{rows_max} + 1), errc::backend_failure);
}

}  // namespace
}  // namespace tiebreak::mariadb
