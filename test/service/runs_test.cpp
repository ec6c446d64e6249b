// Runs and budgets over HTTP, and whose they are.
#include "service/api_test.hpp"

namespace tiebreak::test {

namespace {

// The hashes of the tokens "one" and "two", as sha256sum prints them.
constexpr char const* token_file =
    "# who may call\n"
    "acme 7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed\n"
    "\n"
    "globex 3fc4ccfe745870e2c0d99f71f30ff0656c8dedd41cc1d7d3d376b0dbe685e2f3\n";

class RunsOverHttp : public api_test {
protected:
    void SetUp() override
    {
        api_test::SetUp();
        if (HasFatalFailure())
            return;
        for (auto const* tenant : {"default", "acme", "globex"})
            ASSERT_EQ(std::get<outcome>(systems::runs::open_budget(db(), tenant, 1'000)),
                      outcome::won);
    }

    [[nodiscard]] static field_list bearer(std::string const& token)
    {
        return {{"Authorization", "Bearer " + token}};
    }

    [[nodiscard]] std::string submitted()
    {
        auto const made = ask("POST", "/v1/runs", R"({"payload":"work","budget":100})");
        EXPECT_EQ(made.status(), 201);
        return "/v1/runs/" + std::to_string(made.integer("run_id"));
    }

    [[nodiscard]] std::int64_t claimed_epoch()
    {
        auto const taken = ask("POST", "/v1/runs/claim", R"({"worker":"w","limit":1})");
        return taken.json.at("runs").at(0).at("epoch").as_int64();
    }

    [[nodiscard]] static std::string finalize(std::int64_t epoch, int amount)
    {
        return R"({"epoch":)" + std::to_string(epoch) +
               R"(,"outcome":"COMPLETED","result":"done","amount":)" + std::to_string(amount) + "}";
    }
};

TEST_P(RunsOverHttp, ARunIsQueuedClaimedRenewedAndFinalisedOnce)
{
    auto const path = submitted();
    auto const epoch = claimed_epoch();
    EXPECT_EQ(
        ask("POST", path + "/heartbeat", R"({"epoch":)" + std::to_string(epoch) + "}").status(),
        200);
    auto const ended = ask("POST", path + "/finalize", finalize(epoch, 60));
    EXPECT_EQ(ended.status(), 200);
    EXPECT_EQ(ended.text("status"), "COMPLETED");
    EXPECT_FALSE(ended.json.at("replayed").as_bool());
    auto const again = ask("POST", path + "/finalize", finalize(epoch, 60));
    EXPECT_EQ(again.status(), 200);
    EXPECT_TRUE(again.json.at("replayed").as_bool());
    EXPECT_EQ(ask("POST", path + "/finalize", finalize(epoch, 61)).slug(), "already-finalized");
    auto const budget = ask("GET", "/v1/budget");
    EXPECT_EQ(budget.integer("spent"), 60);
    EXPECT_EQ(budget.integer("reserved"), 0);
    EXPECT_EQ(budget.integer("available"), 940);
}

TEST_P(RunsOverHttp, APastTenureChangesNothing)
{
    auto const path = submitted();
    auto const epoch = claimed_epoch();
    auto const version = ask("GET", path).integer("version");
    EXPECT_EQ(ask("POST", path + "/cancel", R"({"version":0})").slug(), "conflict");
    EXPECT_EQ(
        ask("POST", path + "/cancel", R"({"version":)" + std::to_string(version) + "}").status(),
        200);
    EXPECT_EQ(ask("POST", path + "/heartbeat", R"({"epoch":)" + std::to_string(epoch) + "}").slug(),
              "lease-lost");
    EXPECT_EQ(ask("POST", path + "/finalize", finalize(epoch, 60)).slug(), "lease-lost");
    EXPECT_EQ(ask("GET", path).text("status"), "CANCELLED");
    EXPECT_EQ(ask("GET", "/v1/budget").integer("available"), 1'000);
}

TEST_P(RunsOverHttp, MoneyThatIsNotThereIsRefused)
{
    auto const path = submitted();
    auto const poor = ask("POST", "/v1/runs", R"({"payload":"x","budget":901})");
    EXPECT_EQ(poor.status(), 402);
    EXPECT_EQ(poor.slug(), "budget-exhausted");
    EXPECT_EQ(poor.integer("available"), 900);
    auto const much = ask("POST", path + "/finalize", finalize(claimed_epoch(), 101));
    EXPECT_EQ(much.status(), 422);
    EXPECT_EQ(much.slug(), "amount-exceeds-budget");
    EXPECT_EQ(ask("GET", "/v1/budget").integer("reserved"), 100);
}

TEST_P(RunsOverHttp, ATokenSeesItsTenantsRunsAlone)
{
    service::api::tenants const tokens(token_file);
    app().tokens = &tokens;
    auto const mine = ask("POST", "/v1/runs", R"({"payload":{"n":1},"budget":10})", bearer("one"));
    ASSERT_EQ(mine.status(), 201);
    EXPECT_EQ(mine.text("tenant_id"), "acme");
    EXPECT_EQ(mine.text("payload"), R"({"n":1})");
    auto const path = mine.raw.header("Location");
    EXPECT_EQ(ask("GET", path, {}, bearer("one")).status(), 200);
    EXPECT_EQ(ask("GET", path, {}, bearer("two")).slug(), "run-not-found");
    EXPECT_EQ(ask("POST", path + "/cancel", R"({"version":1})", bearer("two")).slug(),
              "run-not-found");
    auto const theirs = ask("POST", "/v1/runs/claim", R"({"worker":"w","limit":9})", bearer("two"));
    EXPECT_TRUE(theirs.json.at("runs").as_array().empty());
    EXPECT_EQ(ask("GET", "/v1/budget", {}, bearer("two")).integer("reserved"), 0);
    stop();
}

TEST_P(RunsOverHttp, WithoutAValidTokenNothingIsDone)
{
    service::api::tenants const tokens(token_file);
    app().tokens = &tokens;
    for (auto const& fields :
         {field_list{},
          bearer("three"),
          bearer(""),
          field_list{{"Authorization", "Basic one"}},
          field_list{{"Authorization", "Bearer one"}, {"Authorization", "Bearer two"}}}) {
        auto const refused = ask("POST", "/v1/runs", R"({"payload":"x","budget":1})", fields);
        EXPECT_EQ(refused.status(), 401);
        EXPECT_EQ(refused.raw.header("WWW-Authenticate"), "Bearer");
    }
    EXPECT_EQ(ask("GET", "/ping").status(), 200);
    EXPECT_EQ(repository<systems::runs::run>(db()).select().count(), 0);
    stop();
}

TIEBREAK_ON_ALL_ENGINES(RunsOverHttp);

TEST(Tenants, ALineThatIsWrongIsNamedByItsNumberAlone)
{
    auto const said = [](std::string const& text) -> std::string {
        try {
            service::api::tenants const made(text);
        } catch (std::invalid_argument const& wrong) {
            return wrong.what();
        }
        return {};
    };
    EXPECT_NE(said("# x\nacme secret\n").find("line 2 "), std::string::npos);
    EXPECT_EQ(said("# x\nacme secret\n").find("secret"), std::string::npos);
    EXPECT_NE(said("").find("lets nobody in"), std::string::npos);
    auto const line = service::api::make_token("acme").line;
    EXPECT_NE(said(line + "\n" + line).find("repeats"), std::string::npos);
}

TEST(Tenants, ANewTokenIsTheTenants)
{
    auto const made = service::api::make_token("acme");
    service::api::tenants const known(made.line);
    EXPECT_EQ(known.tenant_of(made.token), "acme");
    EXPECT_EQ(known.tenant_of(made.token + " "), std::nullopt);
    EXPECT_EQ(made.line.find(made.token), std::string::npos);
    EXPECT_THROW(static_cast<void>(service::api::make_token("a b")), std::invalid_argument);
}

}  // namespace

}  // namespace tiebreak::test
