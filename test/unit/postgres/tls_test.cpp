// Encrypted connections: that they are, as the server says itself; whose certificate is accepted;
// and that deadlines and long answers are the same there.
#include "fixture.hpp"
#include "support/certificate.hpp"
#include "support/private_server.hpp"

#include <algorithm>

namespace tiebreak::postgres {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class PostgresTls : public PostgresServer {
protected:
    static void SetUpTestSuite()
    {
        if (!environment("TIEBREAK_TEST_POSTGRES_URL").empty())
            own_ = std::make_unique<test::private_server>(
                "postgresql", test::private_server_options{.takes_tls = true});
    }

    static void TearDownTestSuite() { own_.reset(); }

    [[nodiscard]] static std::unique_ptr<sql::engine> engine_with(std::string const& parameters)
    {
        return open_engine(base::parse_url(own_->url() + "?" + parameters), nullptr);
    }

    [[nodiscard]] static std::unique_ptr<sql::connection> open_with(std::string const& parameters)
    {
        return engine_with(parameters)->open(in(seconds{20}));
    }

    [[nodiscard]] static std::string verified_by(std::string const& authority)
    {
        return "sslmode=verify-full&sslrootcert=" + authority;
    }

    [[nodiscard]] static std::string is_encrypted(sql::connection& on)
    {
        return text_of(on,
                       "SELECT CAST(ssl AS text) FROM pg_stat_ssl WHERE pid = pg_backend_pid()");
    }

    // One clear line, and what the client library says of it.
    static void expect_refused(std::string const& url, std::string_view why)
    {
        auto const e = error_of([&] {
            static_cast<void>(open_engine(base::parse_url(url), nullptr)->open(in(seconds{20})));
        });
        EXPECT_EQ(e.code(), errc::unavailable);
        EXPECT_EQ(e.when(), phase::connecting);
        EXPECT_STREQ(e.what(), "no encrypted connection to the database server could be made");
        EXPECT_NE(e.server_message().find(why), std::string_view::npos) << e.server_message();
        EXPECT_EQ(e.server_message().find('\n'), std::string_view::npos) << e.server_message();
    }

    static inline std::unique_ptr<test::private_server> own_;
};

TEST_F(PostgresTls, ARequiredConnectionIsEncryptedAsTheServerSaysItself)
{
    EXPECT_EQ(is_encrypted(*open_with("sslmode=require")), "true");
    EXPECT_EQ(is_encrypted(*open_with("ssl=true")), "true");
    EXPECT_EQ(is_encrypted(*open_with("sslmode=disable")), "false");
}

TEST_F(PostgresTls, IsStatedWithItsProtocol)
{
    auto const from = engine_with("sslmode=require");
    auto const on = from->open(in(seconds{20}));
    auto const protocol =
        text_of(*on, "SELECT version FROM pg_stat_ssl WHERE pid = pg_backend_pid()");
    auto const found = from->check(*on);
    EXPECT_EQ(std::ranges::count(found,
                                 "the connection is encrypted (" + protocol +
                                     "); only sslmode=verify-full makes sure who answers",
                                 &sql::finding::text),
              1);
    EXPECT_TRUE(std::ranges::none_of(found, [](sql::finding const& one) {
        return one.text.find("not encrypted") != std::string::npos;
    }));
}

TEST_F(PostgresTls, AServerWhoseAuthorityIsOursIsAccepted)
{
    EXPECT_EQ(is_encrypted(*open_with(verified_by(own_->certificate()))), "true");
}

TEST_F(PostgresTls, AServerOfAForeignAuthorityIsOneClearLine)
{
    test::certificate const foreign("IP:127.0.0.1");
    expect_refused(own_->url() + "?" + verified_by(foreign.file()), "certificate verify failed");
}

TEST_F(PostgresTls, ACertificateOfAnotherHostIsOneClearLine)
{
    auto place = own_->url() + "?" + verified_by(own_->certificate());
    place.replace(place.find("127.0.0.1"), std::string_view{"127.0.0.1"}.size(), "localhost");
    expect_refused(place, "does not match host name \"localhost\"");
}

TEST_F(PostgresTls, AServerThatOffersNoneIsNotSpokenToWithout)
{
    expect_refused(url("sslmode=require"), "server does not support SSL");
}

TEST_F(PostgresTls, ADeadlineEndsAStatement)
{
    auto const on = open_with("sslmode=require");
    on->set_deadline(in(milliseconds{50}));
    auto const e = error_of([&] { run(*on, "SELECT pg_sleep(100)"); });
    EXPECT_EQ(e.code(), errc::deadline_exceeded) << e.what();
    EXPECT_TRUE(names_code(e, "57014")) << e.server_message();
    on->set_deadline(sql::deadline::max());
    EXPECT_TRUE(on->alive());
    EXPECT_EQ(is_encrypted(*on), "true");
}

// The longer ones come in several records, whose ends are where nothing else ends.
TEST_F(PostgresTls, AnswersOfEveryLengthArriveWhole)
{
    auto const on = open_with("sslmode=require");
    on->set_deadline(in(seconds{60}));
    for (int bytes = 1; bytes < 1'000'000; bytes = bytes * 3 + 7) {
        auto const asked = on->prepare("SELECT repeat('x', " + std::to_string(bytes) + ")");
        EXPECT_EQ(asked->first({})[0].text(), std::string(static_cast<std::size_t>(bytes), 'x'));
    }
}

}  // namespace
}  // namespace tiebreak::postgres
