// By hand with libpq: blocking calls, and the pipeline mode where two messages leave together.
#include "bench/baseline/client.hpp"
#include "bench/pairs.hpp"

#include <libpq-fe.h>

#include <array>
#include <chrono>
#include <cstring>
#include <endian.h>
#include <vector>

namespace baseline {

namespace {

struct clear {
    void operator()(PGresult* which) const noexcept { PQclear(which); }
};

using result = std::unique_ptr<PGresult, clear>;

// A BIGINT on its way.
class wide {
public:
    explicit wide(std::int64_t number) noexcept
        : bytes_(htobe64(static_cast<std::uint64_t>(number)))
    {
    }

    [[nodiscard]] char const* data() const noexcept
    {
        return reinterpret_cast<char const*>(&bytes_);
    }

private:
    std::uint64_t bytes_;
};

class postgres_client final : public client {
public:
    postgres_client(std::string const& url, std::string const& like);
    ~postgres_client() override;

    void find_change_commit(std::int64_t id) override;
    void find_change_commit_in_four(std::int64_t id) override;
    void find_by_code_change_commit(std::string const& code) override;
    void change_each(std::int64_t first, int count) override;
    void change_range(std::int64_t first, int count) override;
    void change_range_at_once(std::int64_t first, int count) override;
    void insert(std::string const& code) override;

    void remove_inserted() override { execute("DELETE FROM " + table_ + " WHERE id > 1000"); }

    double flush_cost_us() override;
    std::string settings() override;

private:
    template <std::size_t N>
    struct parameters {
        std::array<char const*, N> data;
        std::array<int, N> sizes;
    };

    [[noreturn]] void fail() const
    {
        std::string why = PQerrorMessage(connection_);
        throw failure(why.substr(0, why.find('\n')));
    }

    void require(bool good) const
    {
        if (!good)
            fail();
    }

    result take(PGresult* from, ExecStatusType as) const;
    result execute(std::string const& text);
    void prepare(char const* name, std::string const& text);
    template <std::size_t N>
    result run(char const* name, parameters<N> const& with, ExecStatusType as);
    template <std::size_t N>
    void send(char const* name, parameters<N> const& with);
    void send_update(row const& changed);
    result next_result(ExecStatusType as);
    void begin_with(row const& changed);
    void begin();
    void commit();
    void update(row const& changed);
    void require_one(result const& of) const;
    static row read(result const& from, int number);
    row find(std::int64_t id);
    std::vector<row> const& find_range(std::int64_t first, int count);

    PGconn* connection_;
    std::string table_;
    std::vector<row> found_;
};

postgres_client::postgres_client(std::string const& url, std::string const& like)
    : connection_(PQconnectdb(url.c_str())), table_(like + "_bare")
{
    if (PQstatus(connection_) != CONNECTION_OK) {
        std::string const why = PQerrorMessage(connection_);
        PQfinish(connection_);
        throw failure(why);
    }
    execute("CREATE TABLE " + table_ + " (LIKE " + like + " INCLUDING ALL)");
    execute("INSERT INTO " + table_ + " OVERRIDING SYSTEM VALUE SELECT * FROM " + like +
            " ORDER BY id");
    execute("SELECT setval(pg_get_serial_sequence('" + table_ + "', 'id'), 1000)");
    std::string const columns = "id, code, total_quantity, issued_quantity, version";
    prepare("begin", "BEGIN");
    prepare("commit", "COMMIT");
    prepare("by_id", "SELECT " + columns + " FROM " + table_ + " WHERE id = $1");
    prepare("by_code", "SELECT " + columns + " FROM " + table_ + " WHERE code = $1");
    prepare("range", "SELECT " + columns + " FROM " + table_ + " WHERE id >= $1 AND id < $2");
    prepare("update",
            "UPDATE " + table_ +
                " SET issued_quantity = $1, version = version + 1 WHERE id = $2 AND version = $3");
    prepare("insert",
            "INSERT INTO " + table_ +
                " (code, total_quantity, issued_quantity, version) "
                "VALUES ($1, $2, $3, $4) RETURNING id");
}

postgres_client::~postgres_client()
{
    PQclear(PQexec(connection_, ("DROP TABLE IF EXISTS " + table_).c_str()));
    PQfinish(connection_);
}

result postgres_client::take(PGresult* from, ExecStatusType as) const
{
    result owned(from);
    if (PQresultStatus(from) != as)
        fail();
    return owned;
}

result postgres_client::execute(std::string const& text)
{
    result done(PQexec(connection_, text.c_str()));
    auto const status = PQresultStatus(done.get());
    require(status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK);
    return done;
}

void postgres_client::prepare(char const* name, std::string const& text)
{
    take(PQprepare(connection_, name, text.c_str(), 0, nullptr), PGRES_COMMAND_OK);
}

constexpr std::array<int, 4> binary{1, 1, 1, 1};

template <std::size_t N>
result postgres_client::run(char const* name, parameters<N> const& with, ExecStatusType as)
{
    return take(
        PQexecPrepared(connection_, name, N, with.data.data(), with.sizes.data(), binary.data(), 1),
        as);
}

template <std::size_t N>
void postgres_client::send(char const* name, parameters<N> const& with)
{
    require(PQsendQueryPrepared(
                connection_, name, N, with.data.data(), with.sizes.data(), binary.data(), 1) == 1);
}

// In pipeline mode a null pointer stands between the results of two statements.
result postgres_client::next_result(ExecStatusType as)
{
    auto found = take(PQgetResult(connection_), as);
    if (as != PGRES_PIPELINE_SYNC && PQgetResult(connection_) != nullptr)
        throw failure("a statement has several results");
    return found;
}

void postgres_client::require_one(result const& of) const
{
    if (std::strcmp(PQcmdTuples(of.get()), "1") != 0)
        throw failure("a row was not as expected");
}

void postgres_client::begin()
{
    run<0>("begin", {}, PGRES_COMMAND_OK);
}

void postgres_client::commit()
{
    auto const done = run<0>("commit", {}, PGRES_COMMAND_OK);
    if (std::strcmp(PQcmdStatus(done.get()), "COMMIT") != 0)
        throw failure("rolled back");
}

row postgres_client::read(result const& from, int number)
{
    auto const integer = [&](int column) {
        std::uint64_t bytes = 0;
        std::memcpy(&bytes, PQgetvalue(from.get(), number, column), sizeof bytes);
        return static_cast<std::int64_t>(be64toh(bytes));
    };
    return {.id = integer(0),
            .code = std::string(PQgetvalue(from.get(), number, 1),
                                static_cast<std::size_t>(PQgetlength(from.get(), number, 1))),
            .total_quantity = integer(2),
            .issued_quantity = integer(3),
            .version = integer(4)};
}

row postgres_client::find(std::int64_t id)
{
    wide const key(id);
    auto const found = run<1>("by_id", {{key.data()}, {8}}, PGRES_TUPLES_OK);
    if (PQntuples(found.get()) != 1)
        throw failure("a row is missing");
    return read(found, 0);
}

std::vector<row> const& postgres_client::find_range(std::int64_t first, int count)
{
    wide const from(first);
    wide const to(first + count);
    auto const found = run<2>("range", {{from.data(), to.data()}, {8, 8}}, PGRES_TUPLES_OK);
    found_.clear();
    for (int i = 0; i < PQntuples(found.get()); ++i)
        found_.push_back(read(found, i));
    return found_;
}

void postgres_client::update(row const& changed)
{
    wide const issued(changed.issued_quantity + 1);
    wide const id(changed.id);
    wide const version(changed.version);
    require_one(run<3>(
        "update", {{issued.data(), id.data(), version.data()}, {8, 8, 8}}, PGRES_COMMAND_OK));
}

void postgres_client::send_update(row const& changed)
{
    wide const issued(changed.issued_quantity + 1);
    wide const id(changed.id);
    wide const version(changed.version);
    send<3>("update", {{issued.data(), id.data(), version.data()}, {8, 8, 8}});
}

void postgres_client::begin_with(row const& changed)
{
    require(PQenterPipelineMode(connection_) == 1);
    send<0>("begin", {});
    send_update(changed);
    require(PQpipelineSync(connection_) == 1);
    next_result(PGRES_COMMAND_OK);
    require_one(next_result(PGRES_COMMAND_OK));
    next_result(PGRES_PIPELINE_SYNC);
    require(PQexitPipelineMode(connection_) == 1);
}

void postgres_client::find_change_commit(std::int64_t id)
{
    begin_with(find(id));
    commit();
}

void postgres_client::find_change_commit_in_four(std::int64_t id)
{
    auto const found = find(id);
    begin();
    update(found);
    commit();
}

void postgres_client::find_by_code_change_commit(std::string const& code)
{
    auto const found =
        run<1>("by_code", {{code.data()}, {static_cast<int>(code.size())}}, PGRES_TUPLES_OK);
    if (PQntuples(found.get()) != 1)
        throw failure("a row is missing");
    begin_with(read(found, 0));
    commit();
}

void postgres_client::change_each(std::int64_t first, int count)
{
    begin();
    for (std::int64_t id = first; id < first + count; ++id)
        update(find(id));
    commit();
}

void postgres_client::change_range(std::int64_t first, int count)
{
    auto const& found = find_range(first, count);
    begin();
    for (auto const& one : found)
        update(one);
    commit();
}

void postgres_client::change_range_at_once(std::int64_t first, int count)
{
    auto const& found = find_range(first, count);
    require(PQenterPipelineMode(connection_) == 1);
    send<0>("begin", {});
    for (auto const& one : found)
        send_update(one);
    require(PQpipelineSync(connection_) == 1);
    next_result(PGRES_COMMAND_OK);
    for (std::size_t i = 0; i < found.size(); ++i)
        require_one(next_result(PGRES_COMMAND_OK));
    next_result(PGRES_PIPELINE_SYNC);
    require(PQexitPipelineMode(connection_) == 1);
    commit();
}

void postgres_client::insert(std::string const& code)
{
    wide const total(10);
    wide const issued(0);
    wide const version(1);
    require(PQenterPipelineMode(connection_) == 1);
    send<0>("begin", {});
    send<4>("insert",
            {{code.data(), total.data(), issued.data(), version.data()},
             {static_cast<int>(code.size()), 8, 8, 8}});
    require(PQpipelineSync(connection_) == 1);
    next_result(PGRES_COMMAND_OK);
    require_one(next_result(PGRES_TUPLES_OK));
    next_result(PGRES_PIPELINE_SYNC);
    require(PQexitPipelineMode(connection_) == 1);
    commit();
}

double postgres_client::flush_cost_us()
{
    return bench::difference_us(
        [&](bool writes) {
            begin();
            if (writes)
                execute("UPDATE " + table_ + " SET total_quantity = total_quantity WHERE id = 1");
        },
        [&] { commit(); });
}

std::string postgres_client::settings()
{
    auto const found =
        execute("SELECT 'PostgreSQL ' || current_setting('server_version') || ', fsync=' || "
                "current_setting('fsync') || ', synchronous_commit=' || "
                "current_setting('synchronous_commit') || ', shared_buffers=' || "
                "current_setting('shared_buffers')");
    return PQgetvalue(found.get(), 0, 0);
}

}  // namespace

std::unique_ptr<client> open_postgres(std::string const& url, std::string const& like)
{
    return std::make_unique<postgres_client>(url, like);
}

}  // namespace baseline
