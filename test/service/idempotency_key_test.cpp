// `Idempotency-Key` over HTTP: one effect and one answer for every POST that is sent again.
#include "service/api_test.hpp"
#include "support/idempotent.hpp"
#include "systems/coupons/coupons.hpp"
#include "systems/runs/audit.hpp"
#include "systems/tickets/audit.hpp"

#include <future>

namespace tiebreak::test {

namespace {

namespace coupons = systems::coupons;
namespace runs = systems::runs;

class IdempotencyKey : public api_test {
protected:
    [[nodiscard]] api_response
    post(std::string const& path, std::string const& body, std::string const& key)
    {
        return ask("POST", path, body, {{"Idempotency-Key", key}});
    }

    [[nodiscard]] static bool is_replay(api_response const& answer)
    {
        return answer.raw.header("Idempotent-Replayed") == "true";
    }

    // The same status, body, place and tag, marked as repeated.
    static void expect_same(api_response const& again, api_response const& first)
    {
        EXPECT_TRUE(is_replay(again)) << again.raw.body;
        EXPECT_EQ(again.status(), first.status());
        EXPECT_EQ(again.raw.body, first.raw.body);
        for (auto const* name : {"Content-Type", "Location", "ETag"})
            EXPECT_EQ(again.raw.header(name), first.raw.header(name)) << name;
    }

    // Sends it, and again: the answer of both.
    api_response
    expect_repeatable(std::string const& path, std::string const& body, std::string const& key)
    {
        auto const first = post(path, body, key);
        EXPECT_FALSE(is_replay(first));
        EXPECT_LT(first.status(), 300) << path << ' ' << first.raw.body;
        expect_same(post(path, body, key), first);
        return first;
    }

    template <class T>
    [[nodiscard]] std::int64_t rows()
    {
        return repository<T>(db()).select().count();
    }
};

TEST_P(IdempotencyKey, EveryPostIsOneEffectHoweverOftenItIsSent)
{
    auto const member =
        std::to_string(expect_repeatable("/v1/members", R"({"name":"Ada"})", "m").integer("id"));
    EXPECT_EQ(rows<coupons::member>(), 1);

    expect_repeatable("/v1/coupons",
                      R"({"code":"C","name":"ten off","discount_amount":10,"total_quantity":5})",
                      "c");
    expect_repeatable("/v1/coupons/C/issues", R"({"member_id":)" + member + "}", "i");
    EXPECT_EQ(coupons::audit(db(), "C")->rows, 1);
    EXPECT_EQ(coupons::audit(db(), "C")->issued_quantity, 1);

    auto const book =
        expect_repeatable("/v1/books", R"({"title":"On Races","author":"Ada","price":1})", "b");
    auto const place = "/v1/books/" + std::to_string(book.integer("id"));
    expect_repeatable(place + "/lines", R"({"line":"one"})", "l");
    EXPECT_EQ(ask("GET", place).text("text"), "one\n");
    EXPECT_EQ(ask("GET", place).integer("version"), 2);

    expect_repeatable("/v1/orders",
                      R"({"member_id":)" + member + R"(,"lines":[{"numbers":[1,2,3,4,5,6]}]})",
                      "o");
    EXPECT_EQ(rows<systems::tickets::order>(), 1);
    EXPECT_EQ(rows<systems::tickets::lotto_publish>(), 1);
    EXPECT_EQ(key_rows(db()), 6);
}

TEST_P(IdempotencyKey, ARunIsQueuedClaimedAndFinalisedOnceUnderKeys)
{
    ASSERT_TRUE(std::holds_alternative<outcome>(runs::open_budget(db(), "default", 100)));
    auto const first = expect_repeatable("/v1/runs", R"({"payload":"p","budget":10})", "q");
    auto const second = expect_repeatable("/v1/runs", R"({"payload":"p","budget":10})", "q2");
    EXPECT_EQ(runs::find_budget(db(), "default")->reserved, 20);

    auto const taken = expect_repeatable("/v1/runs/claim", R"({"worker":"w","limit":1})", "claim");
    auto const& only = taken.json.at("runs").as_array();
    ASSERT_EQ(only.size(), 1U);
    EXPECT_EQ(only[0].at("run_id").as_int64(), first.integer("run_id"));

    auto const at = "/v1/runs/" + std::to_string(first.integer("run_id"));
    expect_repeatable(at + "/heartbeat", R"({"epoch":1})", "h");
    expect_repeatable(
        at + "/finalize", R"({"epoch":1,"outcome":"COMPLETED","result":"r","amount":7})", "f");
    auto const other = "/v1/runs/" + std::to_string(second.integer("run_id"));
    expect_repeatable(other + "/cancel", R"({"version":1})", "x");
    auto const budget = runs::find_budget(db(), "default");
    EXPECT_EQ(budget->reserved, 0);
    EXPECT_EQ(budget->spent, 7);
    EXPECT_EQ(runs::ledger_of(db(), "default", first.integer("run_id")).size(), 3U)
        << "reserved, charged, the rest given back";
}

TEST_P(IdempotencyKey, ManyAtOnceAreOneEffectAndOneBody)
{
    static_cast<void>(
        post("/v1/coupons",
             R"({"code":"C","name":"ten off","discount_amount":10,"total_quantity":50})",
             "c"));
    auto const body = R"({"member_id":)" + std::to_string(new_member()) + "}";
    auto const at = port();
    std::vector<std::future<api_response>> answers;
    for (int i = 0; i < 16; ++i)
        answers.push_back(std::async(std::launch::async, [at, &body] {
            for (;;) {
                auto answer = test::ask(
                    at, "POST", "/v1/coupons/C/issues", body, {{"Idempotency-Key", "same"}});
                if (answer.slug() != "in-progress")
                    return answer;
            }
        }));
    int first = 0;
    std::string told;
    for (auto& each : answers) {
        auto const answer = each.get();
        EXPECT_EQ(answer.status(), 201) << answer.raw.body;
        first += is_replay(answer) ? 0 : 1;
        told = told.empty() ? answer.raw.body : told;
        EXPECT_EQ(answer.raw.body, told);
    }
    EXPECT_EQ(first, 1);
    EXPECT_EQ(coupons::audit(db(), "C")->rows, 1);
    EXPECT_EQ(coupons::audit(db(), "C")->issued_quantity, 1);
}

TEST_P(IdempotencyKey, QuotedAndBareAreTheSameKeyAndJsonInAnySpellingTheSameRequest)
{
    auto const first = post("/v1/books", R"({"title":"T","author":"A","price":1})", "k");
    expect_same(post("/v1/books", R"( {"author":"\u0041", "title":"T","price":1} )", R"("k")"),
                first);
    EXPECT_EQ(rows<systems::books::book>(), 1);
}

TEST_P(IdempotencyKey, OfAnotherRequestIsRefused)
{
    static_cast<void>(post("/v1/members", R"({"name":"Ada"})", "k"));
    auto const other = post("/v1/members", R"({"name":"Bob"})", "k");
    EXPECT_EQ(other.status(), 422);
    EXPECT_EQ(other.slug(), "key-reused");
    EXPECT_EQ(rows<coupons::member>(), 1);
    EXPECT_EQ(post("/v1/books", R"({"title":"T","author":"A","price":1})", "k").status(), 201)
        << "keys count for one route";
}

TEST_P(IdempotencyKey, ThatIsNoneExecutesNothing)
{
    auto const body = R"({"name":"Ada"})";
    for (auto const& key : {std::string{},
                            std::string(256, 'k'),
                            std::string{"\"open"},
                            std::string{"h\xC3\xA9"},
                            std::string{"\"\""}}) {
        auto const refused = post("/v1/members", body, key);
        EXPECT_EQ(refused.status(), 400) << key;
        EXPECT_EQ(refused.slug(), "key-invalid") << key;
    }
    auto const twice =
        ask("POST", "/v1/members", body, {{"Idempotency-Key", "a"}, {"Idempotency-Key", "a"}});
    EXPECT_EQ(twice.slug(), "key-invalid");
    EXPECT_EQ(rows<coupons::member>(), 0);
    EXPECT_EQ(post("/v1/members", body, std::string(255, 'k')).status(), 201);
}

TEST_P(IdempotencyKey, RepeatsARefusalThatIsFinalAndNoMistake)
{
    auto const nobody = post("/v1/coupons/C/issues", R"({"member_id":9})", "k");
    EXPECT_EQ(nobody.status(), 404);
    static_cast<void>(
        post("/v1/coupons",
             R"({"code":"C","name":"ten off","discount_amount":10,"total_quantity":5})",
             "c"));
    expect_same(post("/v1/coupons/C/issues", R"({"member_id":9})", "k"), nobody);

    EXPECT_EQ(post("/v1/coupons/C/issues", R"({"member_id":"nine"})", "again").status(), 400);
    auto const body = R"({"member_id":)" + std::to_string(new_member()) + "}";
    EXPECT_EQ(post("/v1/coupons/C/issues", body, "again").status(), 201)
        << "what was wrong in itself is not kept";
    EXPECT_EQ(coupons::audit(db(), "C")->rows, 1);
}

TEST_P(IdempotencyKey, OfOneTenantIsNothingToAnother)
{
    // the hashes of the tokens "one" and "two"
    service::api::tenants const tokens(
        "a 7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed\n"
        "b 3fc4ccfe745870e2c0d99f71f30ff0656c8dedd41cc1d7d3d376b0dbe685e2f3\n");
    app().tokens = &tokens;
    auto const send = [&](char const* token, char const* name) {
        return ask("POST",
                   "/v1/members",
                   R"({"name":")" + std::string{name} + R"("})",
                   {{"Idempotency-Key", "k"}, {"Authorization", "Bearer " + std::string{token}}});
    };
    EXPECT_EQ(send("one", "Ada").status(), 201);
    auto const other = send("two", "Bob");
    EXPECT_EQ(other.status(), 201);
    EXPECT_FALSE(is_replay(other));
    EXPECT_TRUE(is_replay(send("two", "Bob")));
    EXPECT_EQ(rows<coupons::member>(), 2);
}

TEST_P(IdempotencyKey, OfAPaymentIsOneChargeAndOneAnswer)
{
    auto const member = std::to_string(new_member());
    auto const order =
        ask("POST",
            "/v1/orders",
            R"({"member_id":)" + member + R"(,"lines":[{"numbers":[1,2,3,4,5,6]}]})");
    auto const approval = [&](std::int64_t amount) {
        return boost::json::serialize(
            boost::json::object{{"lotto_publish_id", order.integer("lotto_publish_id")},
                                {"order_id", order.integer("order_id")},
                                {"payment_key", "p"},
                                {"amount", amount}});
    };
    auto const wrong = post("/v1/tickets", approval(1), "k");
    EXPECT_EQ(wrong.slug(), "amount-mismatch") << "not final: the key is free again";
    auto const paid = expect_repeatable("/v1/tickets", approval(1'000), "k");
    EXPECT_EQ(paid.text("status"), "COMPLETE");
    EXPECT_EQ(post("/v1/tickets", approval(1), "k").slug(), "key-reused");
    auto const late = post("/v1/tickets", approval(1'000), "another key");
    EXPECT_EQ(late.slug(), "already-processed");
    expect_same(post("/v1/tickets", approval(1'000), "another key"), late);
    EXPECT_EQ(payments().find("p")->calls, 1);
    EXPECT_EQ(payments().find("p")->standing(), 1);
}

TIEBREAK_ON_ALL_ENGINES(IdempotencyKey);

}  // namespace

}  // namespace tiebreak::test
