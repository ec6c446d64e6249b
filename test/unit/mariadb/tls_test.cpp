// Encrypted connections: that they are, as the server says itself; whose certificate is accepted;
// and that a deadline ends a statement there, too.
#include "fixture.hpp"
#include "support/certificate.hpp"
#include "support/private_server.hpp"

#include <algorithm>
#include <errmsg.h>

namespace tiebreak::mariadb {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class MariaTls : public MariaServer {
protected:
    static void SetUpTestSuite()
    {
        if (environment("TIEBREAK_TEST_MARIADB_URL").empty())
            return;
        own_ = std::make_unique<test::private_server>(
            "mariadb", test::private_server_options{.takes_tls = true});
        stranger administrator(own_->url());
        // as these, nobody is let in without
        EXPECT_EQ(administrator.ask("CREATE USER app IDENTIFIED BY 'pw' REQUIRE SSL"), "");
        EXPECT_EQ(administrator.ask("GRANT ALL ON tiebreak.* TO app"), "");
        EXPECT_EQ(administrator.ask("CREATE USER known IDENTIFIED BY 'pw' REQUIRE X509"), "");
        EXPECT_EQ(administrator.ask("GRANT ALL ON tiebreak.* TO known"), "");
    }

    static void TearDownTestSuite() { own_.reset(); }

    [[nodiscard]] static std::string url_as(std::string const& user, std::string const& parameters)
    {
        auto const& place = own_->url();
        return "mariadb://" + user + ":pw" + place.substr(place.find('@')) + "?" + parameters;
    }

    [[nodiscard]] static std::string cipher_of(sql::connection& on)
    {
        return text_of(on,
                       "SELECT variable_value FROM information_schema.session_status "
                       "WHERE variable_name = 'Ssl_cipher'");
    }

    static void expect_refused(std::string const& url)
    {
        auto const e = error_of([&] { static_cast<void>(open_at(url)); });
        EXPECT_EQ(e.code(), errc::backend_failure);
        EXPECT_EQ(e.when(), phase::connecting);
        EXPECT_STREQ(e.what(), "an encrypted connection to the database could not be made");
        EXPECT_TRUE(names_code(e, CR_SSL_CONNECTION_ERROR)) << e.server_message();
        EXPECT_EQ(e.server_message().find('\n'), std::string_view::npos) << e.server_message();
    }

    // What is said of the link.
    static void expect_stated(std::string const& url, bool weakens, std::string const& text)
    {
        auto const from = engine_at(url);
        auto const on = from->open(in(seconds{20}));
        auto const found = from->check(*on);
        auto const said = std::ranges::find_if(found, [](sql::finding const& one) {
            return one.text.starts_with("the connection is ");
        });
        ASSERT_NE(said, found.end());
        EXPECT_EQ(said->weakens, weakens);
        EXPECT_EQ(said->text, text);
    }

    static inline std::unique_ptr<test::private_server> own_;
};

TEST_F(MariaTls, ARequiredConnectionIsEncryptedAsTheServerSaysItself)
{
    EXPECT_NE(cipher_of(*open_at(url_as("app", "tls=required"))), "");
    EXPECT_EQ(cipher_of(*open_at(own_->url())), "");
    auto const e = error_of([] { static_cast<void>(open_at(url_as("app", "tls=off"))); });
    EXPECT_TRUE(names_code(e, ER_ACCESS_DENIED_ERROR)) << e.server_message();
}

TEST_F(MariaTls, AServerWhoseAuthorityIsOursIsAccepted)
{
    EXPECT_NE(cipher_of(*open_at(url_as("app", "ssl_ca=" + own_->certificate()))), "");
}

TEST_F(MariaTls, AServerOfAForeignAuthorityIsOneClearLine)
{
    test::certificate const foreign("IP:127.0.0.1");
    expect_refused(url_as("app", "ssl_ca=" + foreign.file()));
}

TEST_F(MariaTls, ACertificateOfAnotherHostIsOneClearLine)
{
    auto place = url_as("app", "ssl_ca=" + own_->certificate());
    place.replace(place.find("127.0.0.1"), std::string_view{"127.0.0.1"}.size(), "localhost");
    expect_refused(place);
}

TEST_F(MariaTls, AClientIsKnownByItsCertificate)
{
    EXPECT_NE(
        cipher_of(*open_at(url_as(
            "known", "ssl_cert=" + own_->certificate() + "&ssl_key=" + own_->certificate_key()))),
        "");
    auto const e = error_of([] { static_cast<void>(open_at(url_as("known", "tls=required"))); });
    EXPECT_TRUE(names_code(e, ER_ACCESS_DENIED_ERROR)) << e.server_message();
}

TEST_F(MariaTls, IsStatedWithWhatItIsWorth)
{
    auto const cipher = cipher_of(*open_at(url_as("app", "tls=required")));
    expect_stated(url_as("app", "ssl_ca=" + own_->certificate()),
                  false,
                  "the connection is encrypted and the server known (" + cipher + ")");
    expect_stated(url_as("app", "tls=required"),
                  true,
                  "the connection is encrypted, but the server's certificate is not checked "
                  "(ssl_ca)");
}

// The server's number is that of a statement that was killed: a side connection that could not be
// made would cut the link instead.
TEST_F(MariaTls, ADeadlineEndsAStatement)
{
    auto const on = open_at(url_as("app", "ssl_ca=" + own_->certificate()));
    auto const sleep = on->prepare("SELECT SLEEP(100), COUNT(*) FROM seq_1_to_2");
    on->set_deadline(in(milliseconds{50}));
    auto const e = error_of([&] { static_cast<void>(sleep->first({})); });
    EXPECT_EQ(e.code(), errc::deadline_exceeded) << e.what();
    EXPECT_TRUE(names_code(e, ER_QUERY_INTERRUPTED)) << e.server_message();
}

}  // namespace
}  // namespace tiebreak::mariadb
