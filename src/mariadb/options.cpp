#include "mariadb/options.hpp"

#include <charconv>
#include <stdexcept>
#include <string_view>
#include <unistd.h>

namespace tiebreak::mariadb {

namespace {

constexpr std::string_view known = "table_prefix, pool, certainty, socket, password_file, "
                                   "connect_timeout, tls, ssl_ca, ssl_cert, ssl_key, "
                                   "ssl_verify, read_default_file and read_default_group are known";

constexpr unsigned int port_max = 65'535;
constexpr unsigned int connect_timeout_max_s = 300;

[[noreturn]] void refuse(std::string const& why)
{
    throw std::invalid_argument(why);
}

[[nodiscard]] unsigned int
number(std::string const& what, std::string_view text, unsigned int least, unsigned int most)
{
    unsigned int result = 0;
    auto const* const last = text.data() + text.size();
    auto const [end, wrong] = std::from_chars(text.data(), last, result);
    if (wrong != std::errc{} || end != last || result < least || result > most)
        refuse(what + " is a number from " + std::to_string(least) + " to " + std::to_string(most));
    return result;
}

[[nodiscard]] bool
choice(base::url_parameters& from, std::string_view name, std::string_view yes, bool otherwise)
{
    auto const text = base::take(from, name);
    if (!text)
        return otherwise;
    if (*text != yes && *text != "off")
        refuse("the URL parameter " + std::string{name} + " is " + std::string{yes} + " or off");
    return *text == yes;
}

[[nodiscard]] std::string file(base::url_parameters& from, std::string_view name)
{
    auto text = base::take(from, name);
    if (text && text->empty())
        refuse("the URL parameter " + std::string{name} + " is empty");
    return std::move(text).value_or(std::string{});
}

[[nodiscard]] std::vector<server_address> servers_of(base::url const& from, std::string socket)
{
    if (!socket.empty()) {
        if (from.hosts.size() > 1)
            refuse("a URL names either a socket or several hosts");
        return {{.socket = std::move(socket)}};
    }
    std::vector<server_address> result;
    for (auto const& [host, port] : from.hosts) {
        result.push_back(
            {.host = host, .port = port.empty() ? 0 : number("a port", port, 1, port_max)});
    }
    if (result.empty())
        result.emplace_back();
    return result;
}

void set_encryption(options& how, base::url_parameters& from)
{
    how.authorities_file = file(from, "ssl_ca");
    how.certificate_file = file(from, "ssl_cert");
    how.key_file = file(from, "ssl_key");
    if (how.certificate_file.empty() != how.key_file.empty())
        refuse("the URL parameters ssl_cert and ssl_key come together");
    bool const has_files = !how.authorities_file.empty() || !how.certificate_file.empty();
    how.encrypted = choice(from, "tls", "required", has_files);
    how.verified = choice(from, "ssl_verify", "on", !how.authorities_file.empty());
    if (!how.encrypted && (has_files || how.verified))
        refuse("the URL parameters ssl_ca, ssl_cert, ssl_key and ssl_verify need tls=required");
}

}  // namespace

options options_of(base::url const& from, observer* watcher)
{
    if (!from.path.starts_with("//"))
        refuse("a MariaDB URL is written mariadb://user@host/database");
    if (from.database.empty())
        refuse("the URL names no database: mariadb://user@host/database");
    if (from.database.find('/') != std::string::npos)
        refuse("after the database nothing but parameters follows: mariadb://user@host/database");
    auto parameters = from.parameters;
    options how{.user = from.user,
                .password = from.password,
                .database = from.database,
                .watcher = watcher};
    how.servers = servers_of(from, file(parameters, "socket"));
    if (auto const path = base::take(parameters, "password_file")) {
        if (how.password)
            refuse("the password is given twice: in the URL and by password_file");
        how.password = base::password_in_file(*path);
    }
    if (auto const text = base::take(parameters, "connect_timeout")) {
        how.connect_timeout = std::chrono::seconds{
            number("the URL parameter connect_timeout", *text, 1, connect_timeout_max_s)};
    }
    set_encryption(how, parameters);
    how.defaults_file = file(parameters, "read_default_file");
    if (!how.defaults_file.empty() && ::access(how.defaults_file.c_str(), R_OK) != 0)
        refuse("the file " + how.defaults_file + " of read_default_file cannot be read");
    how.defaults_group = file(parameters, "read_default_group");
    if (!parameters.empty())
        refuse("the URL parameter " + parameters.front().first +
               " is unknown: " + std::string{known});
    return how;
}

}  // namespace tiebreak::mariadb
