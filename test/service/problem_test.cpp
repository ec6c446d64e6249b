// Problem documents: one table, and what follows from it for every row.
#include "service/http/failure.hpp"
#include "service/http/json.hpp"
#include "service/http/problem.hpp"
#include "service/http/response_text.hpp"

#include <gtest/gtest.h>

#include <set>
#include <stdexcept>

namespace tiebreak::test {

namespace {

using namespace service::http;

TEST(ProblemTable, HasEachSlugOnceAndOnlyErrors)
{
    std::set<std::string_view> slugs;
    for (auto const& row : problem_kinds) {
        EXPECT_TRUE(slugs.insert(row.slug).second) << row.slug;
        EXPECT_GE(row.status, 400);
        EXPECT_LE(row.status, 599);
        EXPECT_NE(reason_of(row.status), "Unknown") << row.status;
        EXPECT_TRUE(row.title.ends_with('.')) << row.title;
        EXPECT_TRUE(row.is_retryable || (row.status != 503 && row.status != 429)) << row.slug;
    }
}

TEST(Problem, IsADocumentWithItsOwnFields)
{
    auto const made =
        answer(problem("sold-out", "all 100 are gone").with("stock", 100).with("left", 0));
    EXPECT_EQ(made.status, 409);
    EXPECT_EQ(made.content_type, "application/problem+json");
    EXPECT_EQ(
        made.body,
        R"({"type":"urn:tiebreak:problem:sold-out","title":"All of them are issued.",)"
        R"("status":409,"detail":"all 100 are gone","retryable":false,"stock":100,"left":0})");
    EXPECT_EQ(made.find("Retry-After"), nullptr);
}

TEST(Problem, AlwaysSaysWhenToComeBackWith503And429)
{
    EXPECT_EQ(*answer(problem("unavailable")).find("Retry-After"), "1");
    EXPECT_EQ(*answer(problem("too-many-requests")).find("Retry-After"), "1");
    auto const later = std::chrono::milliseconds{2'001};
    EXPECT_EQ(*answer(problem("in-progress").retry_after(later)).find("Retry-After"), "3");
}

TEST(Problem, OfAnErrorFollowsTheTable)
{
    auto const slug = [](error const& failure) { return problem_of(failure).kind().slug; };
    EXPECT_EQ(slug(error(errc::stale_version, "x")), "conflict");
    EXPECT_EQ(slug(error(errc::precondition_failed, "x")), "stale-version");
    EXPECT_EQ(slug(error(errc::commit_unknown, "x")), "commit-unknown");
    EXPECT_EQ(slug(error(errc::lock_timeout, "x")), "lock-timeout");
    EXPECT_EQ(slug(error(errc::version_exhausted, "x")), "internal-error");
    error const away(errc::unavailable, "x");
    EXPECT_EQ(slug(away), "unavailable");
    EXPECT_EQ(slug(error(errc::deadline_exceeded, 3, away)), "unavailable");
    EXPECT_EQ(slug(error(errc::attempts_exhausted, 3, error(errc::stale_version, "x"))),
              "attempts-exhausted");
}

TEST(Problem, ShowsNothingOfWhatTheEngineSaid)
{
    error const failure(errc::backend_failure, "the engine refused", "secret row content");
    EXPECT_EQ(answer(problem_of(failure)).body.find("secret"), std::string::npos);
    EXPECT_EQ(answer(problem_of(failure)).body.find("engine"), std::string::npos);
    auto const thrown = std::make_exception_ptr(std::runtime_error("secret"));
    EXPECT_EQ(answer(problem_of(thrown)).body.find("secret"), std::string::npos);
    auto const refused = std::make_exception_ptr(refusal(problem("sold-out")));
    EXPECT_EQ(problem_of(refused).kind().slug, "sold-out");
}

TEST(Response, RefusesFieldsThatWouldSplitIt)
{
    response made;
    EXPECT_THROW(made.set("Location", "/a\r\nSet-Cookie: b"), std::invalid_argument);
    EXPECT_THROW(made.set("Location", std::string{"a\0b", 3}), std::invalid_argument);
    EXPECT_THROW(made.set("Bad Name", "a"), std::invalid_argument);
    EXPECT_THROW(made.set("", "a"), std::invalid_argument);
    made.set("ETag", "\"1\"").set("etag", "\"2\"");
    ASSERT_EQ(made.headers.size(), 1);
    EXPECT_EQ(*made.find("ETAG"), "\"2\"");
}

TEST(ResponseHead, CarriesWhatEveryResponseHas)
{
    std::string head;
    append_head(head,
                html(200, "<p>"),
                {.request_id = "r1", .date = http_date(784'111'777), .closes = true});
    EXPECT_EQ(head,
              "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
              "Content-Type: text/html; charset=utf-8\r\nContent-Length: 3\r\nX-Request-Id: r1\r\n"
              "X-Content-Type-Options: nosniff\r\nCache-Control: no-store\r\n"
              "Referrer-Policy: no-referrer\r\nContent-Security-Policy: default-src 'self'; "
              "frame-ancestors 'none'; base-uri 'none'; form-action 'self'\r\n"
              "Connection: close\r\n\r\n");
    head.clear();
    append_head(head, empty(304).set("Cache-Control", "no-cache"), {});
    EXPECT_EQ(head.find("Content-Length"), std::string::npos);
    EXPECT_NE(head.find("Cache-Control: no-cache\r\n"), std::string::npos);
    EXPECT_EQ(head.find("no-store"), std::string::npos);
}

}  // namespace

}  // namespace tiebreak::test
