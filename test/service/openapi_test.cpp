// The description at /openapi.json says what the routes are, no more and no less.
#include "service/api_test.hpp"
#include "service/http/problem.hpp"

#include <algorithm>
#include <set>

namespace tiebreak::test {

namespace {

using namespace service;

class OpenApi : public testing::Test {
protected:
    database db{"sqlite::memory:"};
    systems::tickets::stand_in_provider payments{"sqlite::memory:"};
    api::application app{.name = "test", .db = &db, .payments = &payments};
    http::server running{api::routes_of(app), {}};
    boost::json::value described = test::ask(running.port(), "GET", "/openapi.json").json;
};

TEST_F(OpenApi, DescribesEveryRouteAndNoOther)
{
    std::set<std::string> routes;
    auto const made = api::routes_of(app);
    for (auto const& each : made.routes()) {
        std::string method{http::name_of(each.method)};
        std::ranges::transform(
            method, method.begin(), [](char c) { return static_cast<char>(c - 'A' + 'a'); });
        routes.insert(method + " " + each.pattern);
    }
    std::set<std::string> operations;
    for (auto const& [path, item] : described.at("paths").as_object())
        for (auto const& [method, operation] : item.as_object())
            if (method != "parameters")
                operations.insert(std::string{method} + " " + std::string{path});
    EXPECT_EQ(operations, routes);
    EXPECT_EQ(described.at("openapi").as_string(), "3.1.0");
}

TEST_F(OpenApi, EveryReferenceLeadsSomewhere)
{
    std::function<void(boost::json::value const&)> const look = [&](boost::json::value const& in) {
        if (in.is_array())
            for (auto const& each : in.as_array())
                look(each);
        if (!in.is_object())
            return;
        for (auto const& [name, value] : in.as_object()) {
            look(value);
            if (name == "$ref") {
                boost::system::error_code none;
                auto const pointer = std::string{value.as_string()}.substr(1);
                EXPECT_NE(described.find_pointer(pointer, none), nullptr) << pointer;
            }
        }
    };
    look(described);
}

TEST_F(OpenApi, NamesOnlyProblemsThatThereAre)
{
    for (auto const& [path, item] : described.at("paths").as_object())
        for (auto const& [method, operation] : item.as_object()) {
            if (method == "parameters")
                continue;
            for (auto const& [status, response] : operation.at("responses").as_object()) {
                auto const* named = response.as_object().if_contains("description");
                if (!response.as_object().contains("$ref") || named == nullptr)
                    continue;
                std::string text{named->as_string()};
                text.erase(std::remove(text.begin(), text.end(), '`'), text.end());
                for (std::size_t from = 0; from < text.size();) {
                    auto const end = std::min(text.find(", ", from), text.size());
                    auto const slug = text.substr(from, end - from);
                    auto const* const row =
                        std::ranges::find(http::problem_kinds, slug, &http::problem_kind::slug);
                    ASSERT_NE(row, http::problem_kinds.end()) << slug;
                    EXPECT_EQ(std::to_string(row->status), status) << slug;
                    from = end + 2;
                }
            }
        }
}

}  // namespace

}  // namespace tiebreak::test
