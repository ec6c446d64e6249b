// See private_database.hpp.
#include "service/private_database.hpp"

#include <array>
#include <cstdio>
#include <filesystem>
#include <stdexcept>

namespace tiebreak::test {

private_database::private_database(std::string const& engine)
    : engine_(engine == "postgresql" ? "postgres" : engine)
{
    // the server runs in an account of its own
    std::filesystem::permissions(folder_.path(), std::filesystem::perms{0755});
    auto const settings = run("start");
    auto const found = settings.find(engine + "://");
    if (found == std::string::npos)
        throw std::runtime_error("no server of a test's own: " + settings);
    url_ = settings.substr(found, settings.find('\n', found) - found);
}

private_database::~private_database()
{
    static_cast<void>(run("stop"));
    std::error_code ignored;
    std::filesystem::remove_all(folder_.file("servers"), ignored);
}

void private_database::kill() const
{
    static_cast<void>(run("kill", engine_));
}

void private_database::start_again() const
{
    // The last processes of one that was killed may hold its memory for a moment.
    for (int tries = 0; tries < 20; ++tries)
        if (run("start").find(url_) != std::string::npos)
            return;
    throw std::runtime_error("the server of a test's own does not start again");
}

std::string private_database::run(std::string const& command, std::string const& more) const
{
    auto const line = "ENGINES=" + engine_ + " '" TIEBREAK_DATABASES "' " + command + " '" +
                      folder_.file("servers") + "' " + more + " 2>&1";
    auto* const pipe = ::popen(line.c_str(), "r");
    if (pipe == nullptr)
        throw std::runtime_error("tools/databases.sh cannot be run");
    std::string said;
    std::array<char, 256> piece{};
    while (std::fgets(piece.data(), piece.size(), pipe) != nullptr)
        said += piece.data();
    ::pclose(pipe);
    return said;
}

}  // namespace tiebreak::test
