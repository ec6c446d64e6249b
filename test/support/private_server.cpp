// See private_server.hpp.
#include "support/private_server.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <filesystem>

namespace tiebreak::test {

namespace {

// In memory when there is any: nothing here outlives the test.
std::filesystem::path place()
{
    std::filesystem::path const memory{"/dev/shm"};
    return std::filesystem::is_directory(memory) ? memory : std::filesystem::temp_directory_path();
}

}  // namespace

private_server::private_server(std::string_view engine, private_server_options how)
    : how_(how), folder_(place()), name_(engine == "postgresql" ? "postgres" : engine)
{
    using std::filesystem::perms;
    // the server runs in an account of its own
    std::filesystem::permissions(folder_.path(),
                                 perms::owner_all | perms::group_exec | perms::others_exec);
    start();
}

private_server::~private_server()
{
    stop();
    std::error_code ignored;
    std::filesystem::remove_all(folder_.file("servers"), ignored);
}

std::string private_server::data() const
{
    return folder_.file("servers/" + name_ + "/data");
}

std::string private_server::certificate() const
{
    return folder_.file("servers/" + name_ + "/certificate");
}

std::string private_server::certificate_key() const
{
    return folder_.file("servers/" + name_ + "/key");
}

void private_server::start()
{
    auto const told = run("start");
    std::string_view const before =
        name_ == "postgres" ? "TIEBREAK_TEST_POSTGRES_URL=" : "TIEBREAK_TEST_MARIADB_URL=";
    auto const found = told.find(before);
    EXPECT_NE(found, std::string::npos) << told;
    if (found == std::string::npos)
        return;
    auto const from = found + before.size();
    url_ = told.substr(from, told.find('\n', from) - from);
}

void private_server::stop()
{
    run("stop");
}

void private_server::kill()
{
    run("kill", name_);
}

std::string private_server::run(std::string const& command, std::string const& more) const
{
    auto const line = "ENGINES=" + name_ + (how_.takes_tls ? " TLS=on" : "") +
                      " '" TIEBREAK_DATABASES "' " + command + " '" + folder_.file("servers") +
                      "' " + more + " 2>&1";
    auto* const pipe = ::popen(line.c_str(), "r");
    if (pipe == nullptr)
        return {};
    std::string said;
    std::array<char, 256> piece{};
    while (std::fgets(piece.data(), piece.size(), pipe) != nullptr)
        said += piece.data();
    EXPECT_EQ(::pclose(pipe), 0) << line << '\n' << said;
    return said;
}

}  // namespace tiebreak::test
