// Books over HTTP: the version is the entity tag, and no update is lost.
#include "service/api_test.hpp"
#include "systems/books/books.hpp"

#include <future>

namespace tiebreak::test {

namespace {

constexpr char const* dune = R"({"title":"Dune","author":"Herbert","price":100})";

class BooksOverHttp : public api_test {
protected:
    void SetUp() override
    {
        api_test::SetUp();
        if (!HasFatalFailure())
            path_ = ask("POST", "/v1/books", dune).raw.header("Location");
    }

    [[nodiscard]] static field_list if_match(std::string tag)
    {
        return {{"If-Match", std::move(tag)}};
    }

    [[nodiscard]] systems::books::book row()
    {
        return systems::books::find(db(), std::stoll(path_.substr(path_.rfind('/') + 1))).value();
    }

    std::string path_;
};

TEST_P(BooksOverHttp, AnUpdateWithTheCurrentTagGetsTheNextOne)
{
    auto const changed =
        ask("PUT", path_, R"({"title":"Dune","author":"Herbert","price":90})", if_match("\"1\""));
    EXPECT_EQ(changed.status(), 200);
    EXPECT_EQ(changed.raw.header("ETag"), "\"2\"");
    EXPECT_EQ(changed.integer("price"), 90);
    auto const patched = ask("PATCH", path_, R"({"text":"Arrakis"})", if_match("\"2\""));
    EXPECT_EQ(patched.status(), 200);
    EXPECT_EQ(patched.raw.header("ETag"), "\"3\"");
    EXPECT_EQ(row().price, 90);
    EXPECT_EQ(row().text, "Arrakis");
    EXPECT_EQ(row().version, version{3});
}

TEST_P(BooksOverHttp, AStaleTagGetsWhatIsThereNow)
{
    static_cast<void>(ask("PATCH", path_, R"({"price":90})", if_match("\"1\"")));
    for (auto const* method : {"PUT", "PATCH"}) {
        auto const refused = ask(method, path_, dune, if_match("\"1\""));
        EXPECT_EQ(refused.status(), 412);
        EXPECT_EQ(refused.slug(), "stale-version");
        EXPECT_EQ(refused.integer("expected_version"), 1);
        EXPECT_EQ(refused.integer("actual_version"), 2);
        EXPECT_EQ(refused.json.at("current").at("price").as_int64(), 90);
        EXPECT_EQ(refused.raw.header("ETag"), "\"2\"");
    }
    EXPECT_EQ(ask("DELETE", path_, {}, if_match("\"1\"")).slug(), "stale-version");
    EXPECT_EQ(row().price, 90);
    EXPECT_EQ(row().version, version{2});
}

TEST_P(BooksOverHttp, AChangeMustSayWhichVersionItIsFor)
{
    for (auto const* method : {"PUT", "PATCH", "DELETE"}) {
        EXPECT_EQ(ask(method, path_, dune).slug(), "precondition-required");
        EXPECT_EQ(ask(method, path_, dune, if_match("*")).slug(), "precondition-required");
        EXPECT_EQ(ask(method, path_, dune, if_match("W/\"1\"")).slug(), "stale-version");
        EXPECT_EQ(ask(method, path_, dune, if_match("\"01\"")).slug(), "stale-version");
        EXPECT_EQ(ask(method, path_, dune, if_match("\"1\", \"2\"")).slug(), "invalid-request");
        EXPECT_EQ(ask(method, path_, dune, if_match("1")).slug(), "invalid-request");
    }
    EXPECT_EQ(row().version, version{1});
}

TEST_P(BooksOverHttp, AMergePatchRemovesNothingThatEveryBookHas)
{
    EXPECT_EQ(ask("PATCH", path_, R"({"title":null})", if_match("\"1\"")).slug(),
              "invalid-request");
    EXPECT_EQ(ask("PATCH", path_, "{}", if_match("\"1\"")).raw.header("ETag"), "\"1\"");
    EXPECT_EQ(ask("PATCH", path_, R"({"text":null})", if_match("\"1\"")).status(), 200);
    EXPECT_EQ(row().title, "Dune");
}

TEST_P(BooksOverHttp, WhoHasTheVersionIsToldSo)
{
    auto const same = ask("GET", path_, {}, {{"If-None-Match", "\"7\", W/\"1\""}});
    EXPECT_EQ(same.status(), 304);
    EXPECT_EQ(same.raw.header("ETag"), "\"1\"");
    EXPECT_TRUE(same.raw.body.empty());
    EXPECT_EQ(ask("GET", path_, {}, {{"If-None-Match", "\"2\""}}).status(), 200);
}

TEST_P(BooksOverHttp, ARemovedBookIsGoneForAll)
{
    EXPECT_EQ(ask("DELETE", path_, {}, if_match("\"1\"")).status(), 204);
    EXPECT_EQ(ask("GET", path_).slug(), "book-not-found");
    EXPECT_EQ(ask("DELETE", path_, {}, if_match("\"1\"")).slug(), "book-not-found");
    EXPECT_EQ(ask("PUT", path_, dune, if_match("\"1\"")).slug(), "book-not-found");
    EXPECT_EQ(ask("GET", "/v1/books/not-a-number").slug(), "book-not-found");
}

TEST_P(BooksOverHttp, TheVersionCountsTheWritersThatWereToldYes)
{
    constexpr int writers = 8;
    auto const at = port();
    std::vector<std::future<int>> told;
    for (int i = 0; i < writers; ++i)
        told.push_back(std::async(std::launch::async, [&, at, i] {
            auto const tag = test::ask(at, "GET", path_).raw.header("ETag");
            return test::ask(
                       at, "PATCH", path_, R"({"price":)" + std::to_string(i) + "}", if_match(tag))
                .status();
        }));
    std::int64_t yes = 0;
    for (auto& each : told) {
        auto const status = each.get();
        EXPECT_TRUE(status == 200 || status == 412) << status;
        yes += status == 200 ? 1 : 0;
    }
    EXPECT_GE(yes, 1);
    EXPECT_EQ(row().version, version{1 + yes});
}

TEST_P(BooksOverHttp, LinesOfManyClientsAreAllThere)
{
    constexpr int writers = 6;
    auto const at = port();
    std::vector<std::future<int>> told;
    for (int i = 0; i < writers; ++i)
        told.push_back(std::async(std::launch::async, [&, at, i] {
            return test::ask(at,
                             "POST",
                             path_ + "/lines",
                             R"({"line":"line )" + std::to_string(i) + "\"}")
                .status();
        }));
    for (auto& each : told)
        EXPECT_EQ(each.get(), 201);
    EXPECT_EQ(systems::books::lines_of(row().text).size(), std::size_t{writers});
    EXPECT_EQ(row().version, version{1 + writers});
}

TIEBREAK_ON_ALL_ENGINES(BooksOverHttp);

}  // namespace

}  // namespace tiebreak::test
