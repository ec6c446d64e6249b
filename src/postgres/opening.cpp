// Telling libpq where to connect, and connecting without blocking.
#include "postgres/opening.hpp"

#include "postgres/errors.hpp"
#include "postgres/waiting.hpp"

#include <libpq-fe.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <map>
#include <new>
#include <optional>
#include <stdexcept>

namespace tiebreak::postgres {

namespace {

using std::chrono::steady_clock;

constexpr std::chrono::seconds connect_limit_default{5};

// Keepalives and the limit on data that nobody acknowledges: a dead link ends within 25 to 30 s,
// also under a COMMIT, which no deadline ends.
constexpr std::array<std::pair<char const*, char const*>, 4> dead_link{{
    {"keepalives_idle", "10"},
    {"keepalives_interval", "5"},
    {"keepalives_count", "3"},
    {"tcp_user_timeout", "30000"},
}};

// The server's side of the same: locks of a client whose machine is gone are freed as soon.
constexpr char const* options_before =
    "-c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3 "
    "-c tcp_user_timeout=30000 ";

// Limits are the library's own. A statement outside a transaction runs at the isolation level that
// the library promises.
constexpr char const* options_after = " -c default_transaction_isolation=read\\ committed"
                                      " -c statement_timeout=0 -c lock_timeout=0";

constexpr std::array not_for_users{"replication", "client_encoding", "fallback_application_name"};

[[noreturn]] void refuse(std::string const& why)
{
    throw std::invalid_argument(why);
}

[[nodiscard]] std::string environment(char const* name)
{
    char const* const text = std::getenv(name);
    return text == nullptr ? std::string{} : std::string{text};
}

// What libpq knows, in this version.
[[nodiscard]] std::vector<std::string> known_names()
{
    struct free_options {
        void operator()(PQconninfoOption* which) const noexcept { PQconninfoFree(which); }
    };

    std::unique_ptr<PQconninfoOption, free_options> const all(PQconndefaults());
    if (!all)
        throw std::bad_alloc();
    std::vector<std::string> names;
    for (auto const* one = all.get(); one->keyword != nullptr; ++one)
        if (std::ranges::find(not_for_users, std::string_view{one->keyword}) == not_for_users.end())
            names.emplace_back(one->keyword);
    return names;
}

void refuse_unknown(std::string const& name)
{
    auto const known = known_names();
    if (std::ranges::find(known, name) != known.end())
        return;
    std::string list = "table_prefix, pool, certainty, password_file";
    for (auto const& one : known)
        (list += ", ") += one;
    refuse("the URL parameter " + name + " is unknown; known are " + list);
}

class named_values {
public:
    void set(std::string name, std::string value)
    {
        values_.insert_or_assign(std::move(name), std::move(value));
    }

    void set_default(std::string const& name, std::string const& value)
    {
        values_.try_emplace(name, value);
    }

    [[nodiscard]] std::optional<std::string> take(std::string const& name)
    {
        auto found = values_.extract(name);
        return found.empty() ? std::nullopt : std::optional{std::move(found.mapped())};
    }

    [[nodiscard]] bool has(std::string const& name) const { return values_.contains(name); }

    [[nodiscard]] keywords all() const { return {values_.begin(), values_.end()}; }

private:
    std::map<std::string, std::string> values_;
};

[[nodiscard]] std::vector<std::string> split(std::string_view list)
{
    std::vector<std::string> parts;
    for (;;) {
        auto const comma = list.find(',');
        parts.emplace_back(list.substr(0, comma));
        if (comma == std::string_view::npos)
            return parts;
        list.remove_prefix(comma + 1);
    }
}

[[nodiscard]] named_values values_of(base::url const& from)
{
    named_values values;
    if (from.user)
        values.set("user", *from.user);
    if (from.password)
        values.set("password", *from.password);
    if (!from.database.empty())
        values.set("dbname", from.database);
    auto parameters = from.parameters;
    if (auto const file = base::take(parameters, "password_file")) {
        if (from.password)
            refuse("the URL names both a password and a file with one");
        values.set("password", base::password_in_file(*file));
    }
    for (auto& [name, text] : parameters) {
        if (name == "ssl" && text == "true") {  // as in JDBC, and in libpq's own URLs
            values.set("sslmode", "require");
            continue;
        }
        refuse_unknown(name);
        values.set(name, text);
    }
    return values;
}

// Hosts of the URL, unless its parameters name others; one set of keywords for each.
[[nodiscard]] std::vector<keywords> hosts_of(base::url const& from, named_values& values)
{
    std::vector<std::string> names;
    std::vector<std::string> ports;
    for (auto const& [name, port] : from.hosts) {
        names.push_back(name);
        ports.push_back(port);
    }
    if (auto const list = values.take("host"))
        names = split(*list);
    std::vector<std::string> addresses;
    if (auto const list = values.take("hostaddr"))
        addresses = split(*list);
    if (auto const list = values.take("port"))
        ports = split(*list);
    auto const count = std::max<std::size_t>({names.size(), addresses.size(), 1});
    if ((!names.empty() && names.size() != count) ||
        (!addresses.empty() && addresses.size() != count) ||
        (ports.size() > 1 && ports.size() != count))
        refuse("the URL names lists of hosts, addresses or ports that are not equally long");
    std::vector<keywords> hosts(count);
    auto const add = [&](std::size_t to, char const* name, std::vector<std::string> const& list) {
        auto const& text = list.size() == 1 ? list.front() : to < list.size() ? list[to] : "";
        if (!text.empty())
            hosts[to].emplace_back(name, text);
    };
    for (std::size_t i = 0; i < count; ++i) {
        add(i, "host", names);
        add(i, "hostaddr", addresses);
        add(i, "port", ports);
    }
    return hosts;
}

[[nodiscard]] std::chrono::milliseconds connect_limit_of(named_values& values)
{
    auto text = values.take("connect_timeout");
    if (!text)
        text = environment("PGCONNECT_TIMEOUT");
    if (text->empty())
        return connect_limit_default;
    int seconds = 0;
    auto const* last = text->data() + text->size();
    auto const [end, wrong] = std::from_chars(text->data(), last, seconds);
    if (wrong != std::errc{} || end != last)
        refuse("connect_timeout takes a number of seconds; 0 is no limit but the caller's");
    return std::chrono::seconds{std::max(seconds, 0)};
}

void set_attributes(settings& to, named_values& values, bool from_service)
{
    constexpr char const* name = "target_session_attrs";
    auto wanted = values.take(name);
    if (!wanted)
        wanted = environment("PGTARGETSESSIONATTRS");
    if (wanted->empty() && to.hosts.size() > 1 && !from_service)
        *wanted = "read-write";  // of several, the one that takes writes
    to.may_be_read_only = !wanted->empty() && *wanted != "read-write" && *wanted != "primary";
    to.prefers_standby = *wanted == "prefer-standby";
    if (to.prefers_standby)
        *wanted = "standby";  // of all hosts; then "any" of them
    if (!wanted->empty())
        values.set(name, *wanted);
}

// "No such host", as one line: libpq's texts of all hosts.
[[nodiscard]] error together(error const& last, std::string const& said_before)
{
    if (said_before.empty())
        return last;
    return error(last.code(), last.what(), said_before + std::string{last.server_message()})
        .seen_in(phase::connecting);
}

[[nodiscard]] error too_slow(settings const& to, bool own_limit)
{
    auto const seconds = std::chrono::duration_cast<std::chrono::seconds>(to.connect_limit);
    return error(errc::unavailable,
                 "the database server did not answer in time",
                 own_limit ? "PostgreSQL connection: no answer within " +
                                 std::to_string(seconds.count()) + " s (connect_timeout)"
                           : "PostgreSQL connection: no answer until the deadline")
        .seen_in(phase::connecting);
}

struct arguments {
    std::vector<char const*> names;
    std::vector<char const*> values;

    void add(keywords const& from)
    {
        for (auto const& [name, text] : from) {
            names.push_back(name.c_str());
            values.push_back(text.c_str());
        }
    }

    void end()
    {
        names.push_back(nullptr);
        values.push_back(nullptr);
    }
};

void ignore(void*, PGresult const*) {}

[[nodiscard]] session_handle start(settings const& to, keywords const& host, bool take_any)
{
    static keywords const any{{"target_session_attrs", "any"}};
    arguments with;
    with.add(to.common);
    with.add(host);
    if (take_any)
        with.add(any);
    with.end();
    session_handle made(PQconnectStartParams(with.names.data(), with.values.data(), 0));
    if (!made)
        throw std::bad_alloc();
    PQsetErrorVerbosity(made.get(), PQERRORS_VERBOSE);
    PQsetNoticeReceiver(made.get(), ignore, nullptr);
    return made;
}

[[nodiscard]] session_handle
connect_to(settings const& to, keywords const& host, bool take_any, sql::deadline until)
{
    auto const own_limit = to.connect_limit.count() == 0 ? sql::deadline::max()
                                                         : steady_clock::now() + to.connect_limit;
    auto made = start(to, host, take_any);
    auto* const session = made.get();
    auto was = PQstatus(session);
    auto next = was == CONNECTION_BAD ? PGRES_POLLING_FAILED : PGRES_POLLING_WRITING;
    while (next != PGRES_POLLING_OK) {
        if (next == PGRES_POLLING_FAILED)
            throw connecting_error(session, was == CONNECTION_SSL_STARTUP);
        auto const what = next == PGRES_POLLING_READING ? wait_for::input : wait_for::output;
        if (!wait_on(PQsocket(session), what, std::min(until, own_limit)))
            throw too_slow(to, own_limit <= until);
        was = PQstatus(session);
        next = PQconnectPoll(session);
    }
    PQsetErrorVerbosity(session, PQERRORS_DEFAULT);
    return made;
}

}  // namespace

settings settings_of(base::url const& from, observer* watcher)
{
    settings result{.watcher = watcher};
    auto values = values_of(from);
    result.hosts = hosts_of(from, values);
    result.connect_limit = connect_limit_of(values);
    bool const from_service = values.has("service") || !environment("PGSERVICE").empty();
    set_attributes(result, values, from_service);
    values.set_default("application_name",
                       environment("PGAPPNAME").empty() ? "tiebreak" : environment("PGAPPNAME"));
    if (!from_service)
        for (auto const& [name, text] : dead_link)
            values.set_default(name, text);
    auto const options = values.take("options").value_or(environment("PGOPTIONS"));
    values.set("options", options_before + options + options_after);
    values.set("client_encoding", "UTF8");
    result.common = values.all();
    return result;
}

session_handle connect(settings const& to, sql::deadline until)
{
    std::string said;
    for (bool const take_any : {false, true}) {
        if (take_any && !to.prefers_standby)
            break;
        for (std::size_t i = 0; i < to.hosts.size(); ++i) {
            try {
                return connect_to(to, to.hosts[i], take_any, until);
            } catch (error const& e) {
                bool const last = i + 1 == to.hosts.size() && (take_any || !to.prefers_standby);
                // a server that refuses the login is reached: the others are not tried, as in libpq
                if (last || e.code() != errc::unavailable || steady_clock::now() >= until)
                    throw together(e, said);
                (said += e.server_message()) += "; ";
            }
        }
    }
    throw std::logic_error("a database has no host");
}

}  // namespace tiebreak::postgres
