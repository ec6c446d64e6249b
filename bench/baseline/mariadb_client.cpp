// By hand with libmariadb: everything bound once. BEGIN is sent before the first write without
// waiting for its answer, which takes a look below the client's documented calls.
#include "bench/baseline/client.hpp"
#include "bench/pairs.hpp"

#include <array>
#include <mysql.h>
#include <string_view>
#include <vector>

namespace baseline {

namespace {

struct address {
    std::string user, password, host, database;
    unsigned int port = 0;
};

// mariadb://user:password@host:port/database
address address_of(std::string const& url)
{
    address to;
    auto rest = url.substr(url.find("//") + 2);
    rest = rest.substr(0, rest.find('?'));
    auto const at = rest.find('@');
    auto const slash = rest.find('/', at);
    auto const colon = rest.find(':', at);
    auto const secret = rest.find(':');
    if (at == std::string::npos || slash == std::string::npos || colon > slash || secret > at)
        throw failure("the URL is not mariadb://user:password@host:port/database");
    to.user = rest.substr(0, secret);
    to.password = rest.substr(secret + 1, at - secret - 1);
    to.host = rest.substr(at + 1, colon - at - 1);
    to.port = static_cast<unsigned int>(std::stoul(rest.substr(colon + 1, slash - colon - 1)));
    to.database = rest.substr(slash + 1);
    return to;
}

// A prepared statement whose parameters stand in one place for good: integers, and one text.
struct prepared {
    MYSQL_STMT* handle = nullptr;
    std::array<std::int64_t, 4> integers{};
    std::string text{};
    unsigned long length = 0;
    std::array<MYSQL_BIND, 4> binds{};
};

class mariadb_client final : public client {
public:
    mariadb_client(std::string const& url, std::string const& like);
    ~mariadb_client() override;

    void find_change_commit(std::int64_t id) override;
    void find_change_commit_in_four(std::int64_t id) override;
    void find_by_code_change_commit(std::string const& code) override;
    void change_each(std::int64_t first, int count) override;
    void change_range(std::int64_t first, int count) override;
    void change_range_at_once(std::int64_t first, int count) override;
    void insert(std::string const& code) override;

    void remove_inserted() override { query("DELETE FROM " + table_ + " WHERE id > 1000"); }

    double flush_cost_us() override;
    std::string settings() override;

private:
    void require(bool good) const
    {
        if (!good)
            throw failure(mysql_error(connection_));
    }

    void query(std::string_view text) const
    {
        require(mysql_real_query(
                    connection_, text.data(), static_cast<unsigned long>(text.size())) == 0);
    }

    std::string ask(std::string const& text);
    void prepare(prepared& into, std::string const& text, char const* parameters);
    void bind_rows(prepared const& of);

    void execute(prepared const& what) const
    {
        if (mysql_stmt_execute(what.handle) != 0)
            throw failure(mysql_stmt_error(what.handle));
    }

    // True when a row was there.
    bool fetch(prepared const& from);
    row read_one(prepared const& from);
    std::vector<row> const& find_range(std::int64_t first, int count);
    row find(std::int64_t id);
    void bind(row const& changed);
    void require_one(prepared const& of) const;
    void begin_with(prepared const& first);
    void begin();
    void commit();
    void update(row const& changed);

    MYSQL* connection_;
    std::string table_;
    prepared by_id_, by_code_, range_, update_, insert_, bulk_;
    row fetched_;
    std::array<char, 64> code_{};
    unsigned long code_length_ = 0;
    std::array<MYSQL_BIND, 5> columns_{};
    std::vector<row> found_;
    std::array<std::vector<std::int64_t>, 3> many_;
};

mariadb_client::mariadb_client(std::string const& url, std::string const& like)
    : connection_(mysql_init(nullptr)), table_(like + "_bare")
{
    auto const to = address_of(url);
    unsigned int const tcp = MYSQL_PROTOCOL_TCP;
    mysql_optionsv(connection_, MYSQL_OPT_PROTOCOL, &tcp);
    if (mysql_real_connect(connection_,
                           to.host.c_str(),
                           to.user.c_str(),
                           to.password.c_str(),
                           to.database.c_str(),
                           to.port,
                           nullptr,
                           CLIENT_FOUND_ROWS) == nullptr) {
        std::string const why = mysql_error(connection_);
        mysql_close(connection_);
        throw failure(why);
    }
    query("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED");
    query("CREATE TABLE " + table_ + " LIKE " + like);
    query("INSERT INTO " + table_ + " SELECT * FROM " + like);
    query("ALTER TABLE " + table_ + " AUTO_INCREMENT = 1001");
    std::string const columns = "id, code, total_quantity, issued_quantity, version";
    prepare(by_id_, "SELECT " + columns + " FROM " + table_ + " WHERE id = ?", "i");
    prepare(by_code_, "SELECT " + columns + " FROM " + table_ + " WHERE code = ?", "t");
    prepare(range_, "SELECT " + columns + " FROM " + table_ + " WHERE id >= ? AND id < ?", "ii");
    auto const update =
        "UPDATE " + table_ +
        " SET issued_quantity = ?, version = version + 1 WHERE id = ? AND version = ?";
    prepare(update_, update, "iii");
    prepare(bulk_, update, "iii");
    prepare(insert_,
            "INSERT INTO " + table_ +
                " (code, total_quantity, issued_quantity, version) "
                "VALUES (?, ?, ?, ?)",
            "tiii");
    bind_rows(by_id_);
    bind_rows(by_code_);
    bind_rows(range_);
}

mariadb_client::~mariadb_client()
{
    for (auto* one : {&by_id_, &by_code_, &range_, &update_, &insert_, &bulk_})
        mysql_stmt_close(one->handle);
    auto const drop = "DROP TABLE IF EXISTS " + table_;
    mysql_real_query(connection_, drop.data(), static_cast<unsigned long>(drop.size()));
    mysql_close(connection_);
}

std::string mariadb_client::ask(std::string const& text)
{
    query(text);
    auto* const found = mysql_store_result(connection_);
    require(found != nullptr);
    auto* const line = mysql_fetch_row(found);
    std::string answer = line != nullptr && line[0] != nullptr ? line[0] : "";
    mysql_free_result(found);
    return answer;
}

// `parameters`: i, an integer; t, the text.
void mariadb_client::prepare(prepared& into, std::string const& text, char const* parameters)
{
    into.handle = mysql_stmt_init(connection_);
    if (mysql_stmt_prepare(into.handle, text.data(), static_cast<unsigned long>(text.size())) != 0)
        throw failure(mysql_stmt_error(into.handle));
    into.text.reserve(code_.size());
    for (std::size_t i = 0; parameters[i] != '\0'; ++i) {
        auto& bind = into.binds[i];
        bind.buffer_type = parameters[i] == 'i' ? MYSQL_TYPE_LONGLONG : MYSQL_TYPE_STRING;
        bind.buffer = parameters[i] == 'i' ? static_cast<void*>(&into.integers[i])
                                           : static_cast<void*>(into.text.data());
        bind.length = parameters[i] == 'i' ? nullptr : &into.length;
    }
    if (mysql_stmt_bind_param(into.handle, into.binds.data()) != 0)
        throw failure(mysql_stmt_error(into.handle));
}

void mariadb_client::bind_rows(prepared const& of)
{
    auto const integer = [](MYSQL_BIND& to, std::int64_t& where) {
        to.buffer_type = MYSQL_TYPE_LONGLONG;
        to.buffer = &where;
    };
    integer(columns_[0], fetched_.id);
    columns_[1].buffer_type = MYSQL_TYPE_STRING;
    columns_[1].buffer = code_.data();
    columns_[1].buffer_length = code_.size();
    columns_[1].length = &code_length_;
    integer(columns_[2], fetched_.total_quantity);
    integer(columns_[3], fetched_.issued_quantity);
    integer(columns_[4], fetched_.version);
    if (mysql_stmt_bind_result(of.handle, columns_.data()) != 0)
        throw failure(mysql_stmt_error(of.handle));
}

bool mariadb_client::fetch(prepared const& from)
{
    int const answer = mysql_stmt_fetch(from.handle);
    if (answer == MYSQL_NO_DATA)
        return false;
    if (answer != 0)
        throw failure(mysql_stmt_error(from.handle));
    fetched_.code.assign(code_.data(), code_length_);
    return true;
}

row mariadb_client::read_one(prepared const& from)
{
    execute(from);
    if (mysql_stmt_store_result(from.handle) != 0)
        throw failure(mysql_stmt_error(from.handle));
    if (!fetch(from))
        throw failure("a row is missing");
    mysql_stmt_free_result(from.handle);
    return fetched_;
}

row mariadb_client::find(std::int64_t id)
{
    by_id_.integers[0] = id;
    return read_one(by_id_);
}

std::vector<row> const& mariadb_client::find_range(std::int64_t first, int count)
{
    range_.integers[0] = first;
    range_.integers[1] = first + count;
    execute(range_);
    if (mysql_stmt_store_result(range_.handle) != 0)
        throw failure(mysql_stmt_error(range_.handle));
    found_.clear();
    while (fetch(range_))
        found_.push_back(fetched_);
    mysql_stmt_free_result(range_.handle);
    return found_;
}

void mariadb_client::bind(row const& changed)
{
    update_.integers = {changed.issued_quantity + 1, changed.id, changed.version, 0};
}

void mariadb_client::require_one(prepared const& of) const
{
    if (mysql_stmt_affected_rows(of.handle) != 1)
        throw failure("a row was not as expected");
}

void mariadb_client::begin()
{
    query("START TRANSACTION");
}

void mariadb_client::commit()
{
    query("COMMIT");
    require((connection_->server_status & SERVER_STATUS_IN_TRANS) == 0);
}

// BEGIN and a statement behind it, one wait for both answers.
void mariadb_client::begin_with(prepared const& first)
{
    static constexpr std::string_view text = "START TRANSACTION";
    my_bool const yes = 1;
    my_bool const no = 0;
    require(mysql_send_query(connection_, text.data(), text.size()) == 0);
    mysql_optionsv(connection_, MARIADB_OPT_SKIP_READ_RESPONSE, &yes);
    execute(first);
    mysql_optionsv(connection_, MARIADB_OPT_SKIP_READ_RESPONSE, &no);
    require(mysql_read_query_result(connection_) == 0);
    if (connection_->methods->db_read_execute_response(first.handle) != 0)
        throw failure(mysql_stmt_error(first.handle));
    require_one(first);
}

void mariadb_client::update(row const& changed)
{
    bind(changed);
    execute(update_);
    require_one(update_);
}

void mariadb_client::find_change_commit(std::int64_t id)
{
    bind(find(id));
    begin_with(update_);
    commit();
}

void mariadb_client::find_change_commit_in_four(std::int64_t id)
{
    auto const found = find(id);
    begin();
    update(found);
    commit();
}

void mariadb_client::find_by_code_change_commit(std::string const& code)
{
    by_code_.text = code;
    by_code_.length = code.size();
    bind(read_one(by_code_));
    begin_with(update_);
    commit();
}

void mariadb_client::change_each(std::int64_t first, int count)
{
    begin();
    for (std::int64_t id = first; id < first + count; ++id)
        update(find(id));
    commit();
}

void mariadb_client::change_range(std::int64_t first, int count)
{
    auto const& found = find_range(first, count);
    begin();
    for (auto const& one : found)
        update(one);
    commit();
}

void mariadb_client::change_range_at_once(std::int64_t first, int count)
{
    auto const& found = find_range(first, count);
    begin();
    for (auto& column : many_)
        column.clear();
    for (auto const& one : found) {
        many_[0].push_back(one.issued_quantity + 1);
        many_[1].push_back(one.id);
        many_[2].push_back(one.version);
    }
    for (std::size_t i = 0; i < many_.size(); ++i)
        bulk_.binds[i].buffer = many_[i].data();
    auto const size = static_cast<unsigned int>(found.size());
    mysql_stmt_attr_set(bulk_.handle, STMT_ATTR_ARRAY_SIZE, &size);
    mysql_stmt_bind_param(bulk_.handle, bulk_.binds.data());
    execute(bulk_);
    if (mysql_stmt_affected_rows(bulk_.handle) != found.size())
        throw failure("a row was not as expected");
    commit();
}

void mariadb_client::insert(std::string const& code)
{
    insert_.text = code;
    insert_.length = code.size();
    insert_.integers = {0, 10, 0, 1};
    begin_with(insert_);
    if (mysql_stmt_insert_id(insert_.handle) == 0)
        throw failure("no key was made");
    commit();
}

double mariadb_client::flush_cost_us()
{
    return bench::difference_us(
        [&](bool writes) {
            begin();
            if (writes)
                query("UPDATE " + table_ + " SET total_quantity = 1 - total_quantity WHERE id = 1");
        },
        [&] { commit(); });
}

std::string mariadb_client::settings()
{
    return ask("SELECT CONCAT('MariaDB ', VERSION(), ', innodb_flush_log_at_trx_commit=', "
               "@@innodb_flush_log_at_trx_commit, ', log_bin=', @@log_bin, "
               "', innodb_buffer_pool_size=', @@innodb_buffer_pool_size DIV 1048576, 'M')");
}

}  // namespace

std::unique_ptr<client> open_mariadb(std::string const& url, std::string const& like)
{
    return std::make_unique<mariadb_client>(url, like);
}

}  // namespace baseline
