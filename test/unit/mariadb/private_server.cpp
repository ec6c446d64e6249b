#include "private_server.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <filesystem>

namespace tiebreak::mariadb {

private_server::private_server() : folder_("/dev/shm")
{
    // the server runs in an account of its own
    std::filesystem::permissions(std::filesystem::path(folder_.file("servers")).parent_path(),
                                 std::filesystem::perms{0755});
    auto const settings = run("start");
    constexpr std::string_view before = "TIEBREAK_TEST_MARIADB_URL=";
    auto const found = settings.find(before);
    EXPECT_NE(found, std::string::npos) << settings;
    if (found == std::string::npos)
        return;
    auto const start = found + before.size();
    url_ = settings.substr(start, settings.find('\n', start) - start);
}

private_server::~private_server()
{
    stop();
    std::error_code ignored;
    std::filesystem::remove_all(folder_.file("servers"), ignored);
}

void private_server::stop()
{
    static_cast<void>(run("stop"));
}

std::string private_server::run(std::string const& command) const
{
    auto const line = "ENGINES=mariadb '" TIEBREAK_DATABASES "' " + command + " '" +
                      folder_.file("servers") + "' 2>&1";
    auto* const pipe = ::popen(line.c_str(), "r");
    if (pipe == nullptr)
        return {};
    std::string said;
    std::array<char, 256> piece{};
    while (std::fgets(piece.data(), piece.size(), pipe) != nullptr)
        said += piece.data();
    ::pclose(pipe);
    return said;
}

}  // namespace tiebreak::mariadb
