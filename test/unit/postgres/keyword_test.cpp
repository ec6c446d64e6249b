// What a statement's text says of it; no server.
#include "postgres/keyword.hpp"

#include <gtest/gtest.h>

#include <ostream>
#include <string>

namespace tiebreak::postgres {
namespace {

struct example {
    std::string text;
    text_kind kind;
};

void PrintTo(example const& which, std::ostream* out)
{
    *out << which.text;
}

class PostgresText : public testing::TestWithParam<example> {};

TEST_P(PostgresText, IsOfItsKind)
{
    EXPECT_EQ(kind_of(GetParam().text), GetParam().kind);
}

using enum text_kind;

INSTANTIATE_TEST_SUITE_P(
    Reading,
    PostgresText,
    testing::Values(example{"SELECT 1", reads},
                    example{"  -- a remark\n /* and /* a nested */ one */ select 1", reads},
                    example{"(SELECT a FROM t) UNION (SELECT b FROM u)", reads},
                    example{"WITH x AS (SELECT count(*) FROM t) SELECT * FROM x", reads},
                    example{"VALUES (1), (2)", reads},
                    example{"TABLE t", reads},
                    example{"SHOW server_version", reads},
                    example{"SELECT 'FOR UPDATE', $$ INSERT $$, $a$ DELETE $a$ FROM t", reads},
                    example{"SELECT E'it\\'s INSERT' FROM t", reads},
                    example{R"(SELECT "update" FROM "insert")", reads},
                    example{"SELECT a FROM t WHERE b = $1 AND c IN ($2, $3)", reads},
                    example{"SELECT max(a), coalesce(sum(b), 0) FROM t GROUP BY (c)", reads},
                    example{"SELECT a FROM t WHERE EXISTS (SELECT FROM u)", reads},
                    example{"SELECT 1.5e3, x1y FROM t LIMIT $1 OFFSET (2)", reads}));

INSTANTIATE_TEST_SUITE_P(
    Writing,
    PostgresText,
    testing::Values(example{"INSERT INTO t VALUES (1)", may_write},
                    example{"UPDATE t SET a = 1", may_write},
                    example{"DELETE FROM t", may_write},
                    example{"MERGE INTO t USING u ON true WHEN MATCHED THEN DELETE", may_write},
                    example{"CREATE TABLE t(a int)", may_write},
                    example{"DO $$ BEGIN END $$", may_write},
                    example{"CALL p()", may_write},
                    example{"EXPLAIN ANALYZE DELETE FROM t", may_write},
                    example{"PREPARE x AS SELECT 1", may_write},
                    example{"WITH x AS (INSERT INTO t VALUES (1) RETURNING a) SELECT * FROM x",
                            may_write},
                    example{"SELECT a INTO u FROM t", may_write},
                    example{"SELECT a FROM t FOR UPDATE", may_write},
                    example{"SELECT a FROM t for no key update skip locked", may_write},
                    example{"SELECT a FROM t FOR KEY SHARE", may_write},
                    example{"SELECT nextval('s')", may_write},
                    example{"SELECT shop.charge ($1)", may_write},
                    example{R"(SELECT "Charge"($1))", may_write},
                    example{"SELECT charge/* ! */($1)", may_write}));

INSTANTIATE_TEST_SUITE_P(Other,
                         PostgresText,
                         testing::Values(example{"", nothing},
                                         example{" ; -- nothing\n ; ", nothing},
                                         example{"/* never closed", nothing},
                                         example{"BEGIN", transaction},
                                         example{"start transaction", transaction},
                                         example{"COMMIT", transaction},
                                         example{"END", transaction},
                                         example{"ABORT", transaction},
                                         example{"ROLLBACK", transaction},
                                         example{"ROLLBACK PREPARED 'x'", transaction},
                                         example{"PREPARE TRANSACTION 'x'", transaction},
                                         example{"SAVEPOINT a", savepoint},
                                         example{"RELEASE a", savepoint},
                                         example{"ROLLBACK TO a", savepoint},
                                         example{"ROLLBACK WORK TO SAVEPOINT a", savepoint},
                                         example{"DISCARD ALL", forgets},
                                         example{"deallocate x", forgets},
                                         example{"COPY t FROM STDIN", copy}));

}  // namespace
}  // namespace tiebreak::postgres
