// Where the server and the password may stand: the URL, its parameters, files, the environment. The
// server asks for a password on its port, and not on its socket.
#include "fixture.hpp"
#include "support/temporary_folder.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace tiebreak::postgres {
namespace {

using std::chrono::seconds;

class PostgresPlaces : public PostgresServer {
protected:
    void SetUp() override
    {
        PostgresServer::SetUp();
        if (!server_.empty())
            parts_ = base::parse_url(server_);
    }

    // Only its owner can read it: libpq reads no passwords from another.
    [[nodiscard]] std::string written(char const* name, std::string const& text) const
    {
        using std::filesystem::perms;
        auto file = folder_.file(name);
        std::ofstream(file) << text;
        std::filesystem::permissions(file, perms::owner_read | perms::owner_write);
        return file;
    }

    [[nodiscard]] std::string user() const { return "postgresql://" + *parts_.user + "@"; }

    // Of the port, without a password.
    [[nodiscard]] std::string bare(std::string const& parameters = {}) const
    {
        auto const& [host, port] = parts_.hosts.at(0);
        return user() + host + ":" + port + "/" + parts_.database + "?" + parameters;
    }

    // For any server, database and user.
    [[nodiscard]] std::string line_of_passfile() const { return "*:*:*:*:" + *parts_.password; }

    [[nodiscard]] static std::unique_ptr<sql::connection> open_at(std::string const& url)
    {
        return open_engine(base::parse_url(url), nullptr)->open(in(seconds{20}));
    }

    void expect_reached(std::string const& url) const
    {
        EXPECT_EQ(text_of(*open_at(url), "SELECT current_user || ' ' || current_database()"),
                  *parts_.user + " " + parts_.database)
            << url;
    }

    test::temporary_folder folder_;
    base::url parts_;
};

TEST_F(PostgresPlaces, AUnixSocketHoweverItIsWritten)
{
    auto const folder = ask("SHOW unix_socket_directories");
    ASSERT_TRUE(folder.starts_with('/')) << folder;
    std::string encoded;
    for (char const c : folder)
        encoded += c == '/' ? "%2F" : std::string{c};
    auto const number = std::to_string(port());
    for (auto const& url :
         {user() + encoded + ":" + number + "/" + parts_.database,
          user() + "/" + parts_.database + "?host=" + encoded + "&port=" + number,
          user() + "/" + parts_.database + "?host=" + folder + "&port=" + number}) {
        expect_reached(url);
        auto const from = open_engine(base::parse_url(url), nullptr);
        auto const on = from->open(in(seconds{20}));
        EXPECT_EQ(text_of(*on, "SELECT CAST(inet_server_addr() IS NULL AS text)"), "true") << url;
        EXPECT_EQ(std::ranges::count(from->check(*on),
                                     "the connection is a socket of this machine",
                                     &sql::finding::text),
                  1)
            << url;
    }
    EXPECT_EQ(text_of(*open(), "SELECT CAST(inet_server_addr() IS NULL AS text)"), "false");
}

TEST_F(PostgresPlaces, APasswordInAFile)
{
    expect_reached(bare("password_file=" + written("password", *parts_.password + "\n")));
    expect_reached(bare("passfile=" + written("passfile", line_of_passfile())));
    auto const wrong = written("wrong", "hunter2\n");
    auto const e = error_of([&] { static_cast<void>(open_at(bare("password_file=" + wrong))); });
    EXPECT_TRUE(names_code(e, "28P01")) << e.server_message();
}

TEST_F(PostgresPlaces, APasswordInTheEnvironment)
{
    ::setenv("PGPASSWORD", parts_.password->c_str(), 1);
    expect_reached(bare());
    ::unsetenv("PGPASSWORD");
    ::setenv("PGPASSFILE", written("passfile", line_of_passfile()).c_str(), 1);
    expect_reached(bare());
    ::unsetenv("PGPASSFILE");
}

TEST_F(PostgresPlaces, AllOfItInAServiceFile)
{
    auto const& [host, port] = parts_.hosts.at(0);
    auto const file =
        written("services",
                "[tests]\nhost=" + host + "\nport=" + port + "\ndbname=" + parts_.database +
                    "\nuser=" + *parts_.user + "\npassword=" + *parts_.password + "\n");
    ::setenv("PGSERVICEFILE", file.c_str(), 1);
    expect_reached("postgresql:///?service=tests");
    ::unsetenv("PGSERVICEFILE");
}

}  // namespace
}  // namespace tiebreak::postgres
