// Which route a method and a path lead to, without a server.
#include "service/http/router.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace tiebreak::test {

namespace {

using namespace service::http;

class Router : public testing::Test {
protected:
    Router()
    {
        for (auto const& [method, pattern] : std::vector<std::pair<request_method, char const*>>{
                 {request_method::get, "/"},
                 {request_method::get, "/runs/{id}"},
                 {request_method::post, "/runs/claim"},
                 {request_method::post, "/runs/{id}/cancel"},
                 {request_method::put, "/books/{id}"},
                 {request_method::get, "/books/{id}"},
                 {request_method::get, "/{any}/{other}"}})
            routes.add(method, pattern, [](request&) { return response{}; });
    }

    std::string pattern_for(request_method method, std::string_view path)
    {
        auto const found = routes.match(method, path, parameters);
        return found.found != nullptr ? found.found->pattern : "405 " + found.allow;
    }

    router routes;
    std::vector<named_text> parameters;
};

TEST_F(Router, PrefersALiteralToAParameter)
{
    EXPECT_EQ(pattern_for(request_method::post, "/runs/claim"), "/runs/claim");
    EXPECT_EQ(pattern_for(request_method::get, "/runs/7"), "/runs/{id}");
    EXPECT_EQ(pattern_for(request_method::get, "/pens/7"), "/{any}/{other}");
    ASSERT_EQ(parameters.size(), 2);
    EXPECT_EQ(parameters[0].name, "any");
    EXPECT_EQ(parameters[0].value, "pens");
}

TEST_F(Router, DecodesParametersAfterCuttingAtSlashes)
{
    EXPECT_EQ(pattern_for(request_method::get, "/books/a%2Fb%20%c3%a4"), "/books/{id}");
    EXPECT_EQ(parameters.at(0).value, "a/b \xC3\xA4");
    EXPECT_EQ(pattern_for(request_method::get, "/b%6Foks/a"), "/books/{id}");
}

TEST_F(Router, FindsNothingForWhatIsNoText)
{
    for (auto const* const path :
         {"/books/%FF", "/books/%", "/books/%2", "/books/%zz", "/books/%00"})
        EXPECT_EQ(pattern_for(request_method::get, path), "405 ") << path;
}

TEST_F(Router, FindsNothingForOtherPaths)
{
    for (auto const* const path : {"",
                                   "x",
                                   "/runs",
                                   "/runs/",
                                   "/runs//cancel",
                                   "//",
                                   "/runs/7/cancel/",
                                   "/runs/7/cancel/8",
                                   "/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q/r"})
        EXPECT_EQ(pattern_for(request_method::get, path), "405 ") << path;
}

TEST_F(Router, SaysWhichMethodsAPathHas)
{
    EXPECT_EQ(pattern_for(request_method::remove, "/books/1"), "405 GET, HEAD, PUT, OPTIONS");
    EXPECT_EQ(pattern_for(request_method::get, "/runs/7/cancel"), "405 POST, OPTIONS");
    EXPECT_EQ(pattern_for(request_method::options, "/"), "405 GET, HEAD, OPTIONS");
    EXPECT_EQ(routes.allow_of_all(), "GET, HEAD, POST, PUT, OPTIONS");
}

TEST_F(Router, AnswersHeadWhereGetIs)
{
    EXPECT_EQ(pattern_for(request_method::head, "/books/1"), "/books/{id}");
    EXPECT_EQ(pattern_for(request_method::head, "/runs/claim"), "405 POST, OPTIONS");
}

TEST_F(Router, ListsItsRoutesAsTheyWereAdded)
{
    auto const& all = routes.routes();
    ASSERT_EQ(all.size(), 7);
    EXPECT_EQ(all[1].pattern, "/runs/{id}");
    EXPECT_EQ(all[2].method, request_method::post);
    EXPECT_EQ(all[6].number, 6);
}

TEST_F(Router, RefusesRoutesThatMakeNoSense)
{
    auto const handler = [](request&) { return response{}; };
    EXPECT_THROW(routes.add(request_method::get, "/", handler), std::invalid_argument);
    EXPECT_THROW(routes.add(request_method::get, "/books/{id}", handler), std::invalid_argument);
    EXPECT_THROW(routes.add(request_method::get, "/books/{name}", handler), std::invalid_argument);
    EXPECT_THROW(routes.add(request_method::get, "books", handler), std::invalid_argument);
    EXPECT_THROW(routes.add(request_method::head, "/x", handler), std::invalid_argument);
    EXPECT_THROW(routes.add(request_method::get, "/x", nullptr), std::invalid_argument);
}

TEST(Query, IsDecodedByNameAndValue)
{
    auto const query = parse_query("a=1&b&c=x+y%26&a=2&&d=e=f");
    ASSERT_TRUE(query);
    ASSERT_EQ(query->size(), 5);
    EXPECT_EQ((*query)[0].value, "1");
    EXPECT_EQ((*query)[1].name, "b");
    EXPECT_EQ((*query)[1].value, "");
    EXPECT_EQ((*query)[2].value, "x y&");
    EXPECT_EQ((*query)[3].name, "a");
    EXPECT_EQ((*query)[4].value, "e=f");
    EXPECT_FALSE(parse_query("a=%f"));
}

TEST(Request, ReadsWholeNumbersInTheirOneForm)
{
    request asked;
    asked.path_parameters = {{"id", "7"}};
    EXPECT_EQ(asked.integer_parameter("id"), 7);
    for (auto const* const text :
         {"", "07", "+7", "-0", " 7", "7 ", "0x7", "9223372036854775808"}) {
        asked.path_parameters[0].value = text;
        EXPECT_EQ(asked.integer_parameter("id"), std::nullopt) << text;
    }
    EXPECT_THROW((void)asked.parameter("name"), std::logic_error);
}

TEST(Request, EndsNoLaterThanItsDeadline)
{
    request asked;
    EXPECT_EQ(asked.within().deadline, retry_policy{}.deadline);
    asked.deadline = std::chrono::steady_clock::now() + std::chrono::hours{1};
    EXPECT_EQ(asked.within().deadline, retry_policy{}.deadline);
    EXPECT_GT(asked.within({.deadline = std::chrono::milliseconds{0}}).deadline,
              std::chrono::minutes{50});
    asked.deadline = std::chrono::steady_clock::now() - std::chrono::hours{1};
    EXPECT_EQ(asked.within().deadline, std::chrono::milliseconds{1});
    EXPECT_EQ(asked.time_left(), std::chrono::milliseconds{0});
}

}  // namespace

}  // namespace tiebreak::test
