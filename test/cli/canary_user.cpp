// See canary_user.hpp.
#include "cli/canary_user.hpp"

#include <algorithm>
#include <exception>
#include <fstream>
#include <iterator>
#include <unistd.h>

namespace tiebreak::test {

std::string server_address::url() const
{
    return scheme + "://" + user + ":" + password + "@" + place + "/" + name +
           (parameters.empty() ? "" : "?" + parameters);
}

canary_user::canary_user(engine_case const& engine)
    : engine_(engine), name_("canary" + std::to_string(::getpid()))
{
    if (!is_on_mariadb()) {
        administer("CREATE ROLE " + name_ + " LOGIN PASSWORD '" + password + "'");
        return;
    }
    administer("CREATE USER " + name_ + " IDENTIFIED BY '" + password + "'");
    administer("GRANT SELECT ON *.* TO " + name_);
}

canary_user::~canary_user()
{
    try {
        administer((is_on_mariadb() ? "DROP USER " : "DROP ROLE ") + name_);
    } catch (std::exception const& failed) {
        ADD_FAILURE() << "the test's user stays on the server: " << failed.what();
    }
}

server_address canary_user::way_to(std::string const& url) const
{
    auto const scheme = url.find("://");
    auto const at = url.rfind('@');
    auto const slash = url.find('/', at);
    auto const end = std::min(url.find('?'), url.size());
    return {.scheme = url.substr(0, scheme),
            .user = name_,
            .password = password,
            .place = url.substr(at + 1, slash - at - 1),
            .name = url.substr(slash + 1, end - slash - 1),
            .parameters = end == url.size() ? "" : url.substr(end + 1)};
}

void canary_user::own(fresh_database const& tables) const
{
    auto const name = tables.open({.connections_max = 1}).read([&](snapshot& view) {
        return view
            .query<std::string>(is_on_mariadb() ? "SELECT DATABASE()"
                                                : "SELECT current_schema()::text")
            .at(0);
    });
    administer((is_on_mariadb() ? "GRANT ALL ON " + name + ".*" : "GRANT ALL ON SCHEMA " + name) +
               " TO " + name_);
}

void canary_user::administer(std::string const& statement) const
{
    database{engine_.url, {.connections_max = 1}}.execute(statement);
}

std::string arguments_of(pid_t process)
{
    std::ifstream file("/proc/" + std::to_string(process) + "/cmdline");
    return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace tiebreak::test
