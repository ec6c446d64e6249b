// See opening.hpp.
#include "mariadb/opening.hpp"

#include "mariadb/errors.hpp"

#include <algorithm>
#include <cctype>
#include <errmsg.h>
#include <fcntl.h>
#include <mutex>
#include <mysql.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace tiebreak::mariadb {

namespace {

using std::chrono::steady_clock;

constexpr unsigned long oldest_version = 100'600;
constexpr unsigned long isolation_was_renamed = 110'101;

// A link on which nothing was acknowledged for so long is dead.
constexpr int silence_before_probe_s = 15;
constexpr int probe_interval_s = 5;
constexpr int probes = 3;
constexpr unsigned int unacknowledged_ms = 30'000;

// A session that holds locks while its program does nothing, or is gone without a word, is ended
// by the server after so long, unless it has a limit of its own.
constexpr int idle_transaction_s = 300;

[[nodiscard]] error refused(errc code, char const* sentence, std::string detail = {})
{
    return error(code, sentence, std::move(detail)).seen_in(phase::connecting);
}

[[nodiscard]] error last_error(st_mysql* of)
{
    return make_error(mysql_errno(of), moment::connecting, mysql_error(of));
}

// After the login: a lost link is not taken for encryption that could not be had.
[[nodiscard]] error last_error_of_session(st_mysql* of)
{
    auto const code = is_cut_off(of) ? static_cast<unsigned int>(CR_SERVER_LOST) : mysql_errno(of);
    return make_error(code, moment::connecting, mysql_error(of));
}

[[nodiscard]] char const* text_or_null(std::string const& text)
{
    return text.empty() ? nullptr : text.c_str();
}

// The client counts in seconds.
[[nodiscard]] unsigned int seconds_until(sql::deadline until, std::chrono::seconds most)
{
    if (until == sql::deadline::max())
        return static_cast<unsigned int>(most.count());
    auto const left = std::chrono::ceil<std::chrono::seconds>(until - steady_clock::now());
    return static_cast<unsigned int>(std::clamp(left, std::chrono::seconds{1}, most).count());
}

void set_options(st_mysql* on, options const& how, unsigned int timeout_s)
{
    my_bool const off = 0;
    unsigned int const no = 0;
    mysql_optionsv(on, MYSQL_OPT_CONNECT_TIMEOUT, &timeout_s);
    mysql_optionsv(on, MYSQL_OPT_RECONNECT, &off);
    mysql_optionsv(on, MYSQL_OPT_LOCAL_INFILE, &no);
    mysql_optionsv(on, MYSQL_SET_CHARSET_NAME, "utf8mb4");
    if (!how.defaults_file.empty())
        mysql_optionsv(on, MYSQL_READ_DEFAULT_FILE, how.defaults_file.c_str());
    if (!how.defaults_group.empty())
        mysql_optionsv(on, MYSQL_READ_DEFAULT_GROUP, how.defaults_group.c_str());
    if (!how.encrypted)
        return;
    mysql_ssl_set(on,
                  text_or_null(how.key_file),
                  text_or_null(how.certificate_file),
                  text_or_null(how.authorities_file),
                  nullptr,
                  nullptr);
    my_bool const yes = 1;
    mysql_optionsv(on, MYSQL_OPT_SSL_ENFORCE, &yes);
    mysql_optionsv(on, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, how.verified ? &yes : &off);
}

// The client library opens its socket for children, too, and knows no dead links.
void prepare_socket(int socket)
{
    ::fcntl(socket, F_SETFD, FD_CLOEXEC);
    auto const set = [&](int level, int option, auto value) {
        ::setsockopt(socket, level, option, &value, sizeof value);  // fails on a unix socket
    };
    set(SOL_SOCKET, SO_KEEPALIVE, 1);
    set(IPPROTO_TCP, TCP_KEEPIDLE, silence_before_probe_s);
    set(IPPROTO_TCP, TCP_KEEPINTVL, probe_interval_s);
    set(IPPROTO_TCP, TCP_KEEPCNT, probes);
    set(IPPROTO_TCP, TCP_USER_TIMEOUT, unacknowledged_ms);
}

// A my.cnf may have asked for what the promises do not allow.
void undo_defaults(st_mysql* on)
{
    my_bool const off = 0;
    mysql_optionsv(on, MYSQL_OPT_RECONNECT, &off);
    if ((on->client_flag & CLIENT_MULTI_STATEMENTS) != 0 &&
        mysql_set_server_option(on, MYSQL_OPTION_MULTI_STATEMENTS_OFF) != 0)
        throw last_error(on);
}

void check_version(st_mysql* server)
{
    std::string const spoken = mysql_get_server_info(server);
    if (mariadb_connection(server) == 0)
        throw refused(errc::backend_failure, "the database server is not MariaDB", spoken);
    if (mysql_get_server_version(server) < oldest_version)
        throw refused(errc::backend_failure, "MariaDB 10.6 or newer is needed", spoken);
}

[[nodiscard]] bool is_innodb(std::string const& engine)
{
    return std::ranges::equal(engine, std::string_view{"innodb"}, {}, [](unsigned char c) {
        return static_cast<char>(std::tolower(c));
    });
}

// No limit for answers when `answer_s` is 0.
[[nodiscard]] connection_handle
log_in(options const& how, server_address const& to, unsigned int connect_s, unsigned int answer_s)
{
    static std::once_flag once;
    std::call_once(once, [] { mysql_library_init(0, nullptr, nullptr); });
    connection_handle made(mysql_init(nullptr));
    if (!made)
        throw refused(errc::backend_failure, "there is not enough memory");
    set_options(made.get(), how, connect_s);
    if (to.port != 0) {
        // else "localhost" would mean the socket, whatever the port
        unsigned int const tcp = MYSQL_PROTOCOL_TCP;
        mysql_optionsv(made.get(), MYSQL_OPT_PROTOCOL, &tcp);
    }
    if (answer_s != 0) {
        mysql_optionsv(made.get(), MYSQL_OPT_READ_TIMEOUT, &answer_s);
        mysql_optionsv(made.get(), MYSQL_OPT_WRITE_TIMEOUT, &answer_s);
    }
    auto const started = steady_clock::now();
    auto* const done = mysql_real_connect(made.get(),
                                          text_or_null(to.host),
                                          how.user ? how.user->c_str() : nullptr,
                                          how.password ? how.password->c_str() : nullptr,
                                          how.database.c_str(),
                                          to.port,
                                          text_or_null(to.socket),
                                          CLIENT_FOUND_ROWS);
    if (done == nullptr && mysql_errno(made.get()) == CR_SERVER_LOST &&
        steady_clock::now() - started >= std::chrono::seconds{connect_s}) {
        throw refused(errc::unavailable,
                      "the database server did not answer in time",
                      "MariaDB: no answer within " + std::to_string(connect_s) +
                          " s (connect_timeout)");
    }
    if (done == nullptr)
        throw last_error(made.get());
    if (how.encrypted && mysql_get_ssl_cipher(made.get()) == nullptr) {
        // the client library goes on without when the server offers none
        throw make_error(
            CR_SSL_CONNECTION_ERROR, moment::connecting, "the server offers no encryption");
    }
    prepare_socket(mysql_get_socket(made.get()));
    check_version(made.get());
    undo_defaults(made.get());
    return made;
}

}  // namespace

connection_handle connect(options const& how, server_address const& to, sql::deadline until)
{
    if (steady_clock::now() >= until)
        throw refused(errc::unavailable, "there was no time left to connect to the database");
    return log_in(how, to, seconds_until(until, how.connect_timeout), 0);
}

connection_handle
connect_briefly(options const& how, server_address const& to, std::chrono::seconds limit)
{
    auto const seconds = static_cast<unsigned int>(limit.count());
    return log_in(how, to, seconds, seconds);
}

server_facts look_at(st_mysql* server)
{
    server_facts result;
    auto const rows = ask(server,
                          "SHOW SESSION VARIABLES WHERE Variable_name IN ('wsrep_on', "
                          "'innodb_snapshot_isolation', 'read_only', 'innodb_read_only', "
                          "'idle_transaction_timeout', 'max_allowed_packet', "
                          "'default_storage_engine', 'enforce_storage_engine')");
    for (auto const& row : rows) {
        auto const& name = row.at(0);
        auto const& is = row.at(1);
        if (name == "wsrep_on")
            result.in_cluster = is == "ON";
        else if (name == "innodb_snapshot_isolation")
            result.has_snapshot_check = true;
        else if (name == "idle_transaction_timeout")
            result.idles_without_limit = is == "0";
        else if (name == "read_only" || name == "innodb_read_only")
            result.is_read_only = result.is_read_only || is != "OFF";
        else if (name == "max_allowed_packet")
            result.message_max = std::stoull(is);
        else if (name == "default_storage_engine")
            result.default_engine = is;
        else if (name == "enforce_storage_engine")
            result.enforced_engine = is;
    }
    return result;
}

void refuse_unsafe(server_facts const& server)
{
    if (server.is_read_only)
        throw refused(errc::unavailable, "the database server is read-only");
    auto const& engine =
        server.enforced_engine.empty() ? server.default_engine : server.enforced_engine;
    if (!is_innodb(engine))
        throw refused(errc::unsafe_settings,
                      "new tables of this server would have no transactions",
                      "the storage engine is " + engine);
}

void set_session(st_mysql* server, server_facts const& facts)
{
    // SIMULTANEOUS_ASSIGNMENT: in UPDATE t SET a = a + 1, b = a the second a is the old one, as in
    // the SQL standard and on the other engines
    std::string text = "SET NAMES utf8mb4 COLLATE utf8mb4_nopad_bin, time_zone = '+00:00', "
                       "sql_mode = 'STRICT_TRANS_TABLES,STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION,"
                       "ERROR_FOR_DIVISION_BY_ZERO,SIMULTANEOUS_ASSIGNMENT', "
                       "autocommit = 1, completion_type = 0, "
                       "foreign_key_checks = 1, unique_checks = 1, "
                       "innodb_lock_wait_timeout = 50, ";
    bool const renamed = mysql_get_server_version(server) >= isolation_was_renamed;
    text += renamed ? "transaction_isolation" : "tx_isolation";
    text += " = 'READ-COMMITTED'";
    if (facts.idles_without_limit)
        text += ", idle_transaction_timeout = " + std::to_string(idle_transaction_s);
    if (facts.has_snapshot_check)
        text += ", innodb_snapshot_isolation = ON";
    ask(server, text);
}

std::vector<std::vector<std::string>> ask(st_mysql* server, std::string_view text)
{
    if (mysql_real_query(server, text.data(), static_cast<unsigned long>(text.size())) != 0)
        throw last_error_of_session(server);
    std::vector<std::vector<std::string>> result;
    if (mysql_field_count(server) == 0)
        return result;

    struct free_result {
        void operator()(MYSQL_RES* which) const noexcept { mysql_free_result(which); }
    };

    std::unique_ptr<MYSQL_RES, free_result> const rows(mysql_store_result(server));
    if (!rows)
        throw last_error_of_session(server);
    auto const columns = mysql_num_fields(rows.get());
    while (auto* const row = mysql_fetch_row(rows.get())) {
        auto const* const lengths = mysql_fetch_lengths(rows.get());
        auto& to = result.emplace_back(columns);
        for (unsigned int i = 0; i < columns; ++i)
            if (row[i] != nullptr)
                to[i].assign(row[i], lengths[i]);
    }
    return result;
}

}  // namespace tiebreak::mariadb
