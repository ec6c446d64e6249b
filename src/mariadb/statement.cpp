// Running statements, and what becomes of their answers.
#include "mariadb/statement.hpp"

#include "mariadb/errors.hpp"

#include <algorithm>
#include <errmsg.h>
#include <limits>
#include <mysql.h>
#include <mysqld_error.h>
#include <stdexcept>
#include <utility>

namespace tiebreak::mariadb {

namespace {

// Of a message, beside its text or its values.
constexpr std::size_t head_bytes = 64;

// max_statement_time takes seconds; it ends the wait for a lock, too, which WAIT n would not do in
// less than whole seconds. It counts the work as well: not to wait at all is said otherwise.
[[nodiscard]] std::string limited_text(std::string const& text, std::chrono::milliseconds limit)
{
    auto const ms = limit.count();
    if (ms <= 0)
        return "SET STATEMENT innodb_lock_wait_timeout=0, lock_wait_timeout=0 FOR " + text;
    auto fraction = std::to_string(ms % 1000);
    fraction.insert(0, 3 - fraction.size(), '0');
    return "SET STATEMENT max_statement_time=" + std::to_string(ms / 1000) + "." + fraction +
           " FOR " + text;
}

}  // namespace

std::int64_t rows_counted(std::uint64_t told)
{
    if (told > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
        throw error(errc::backend_failure, "the number of rows of a statement is not known")
            .seen_in(phase::in_transaction);
    }
    return static_cast<std::int64_t>(told);
}

struct statement::kept_rows {
    std::vector<stored_value> values;
    std::vector<value> row;
    std::size_t next = 0;
};

statement::prepared::prepared(statement_handle made)
    : handle(std::move(made)), bound(mysql_stmt_param_count(handle.get()))
{
}

statement::statement(connection& on, std::string_view text, sql::taken_key then)
    : on_(on), text_(text), kind_(kind_of(text)), then_(then)
{
    if (kind_ == statement_kind::none)
        throw std::invalid_argument("the text holds no SQL statement");
    if (kind_ == statement_kind::transaction)
        throw std::invalid_argument("transactions are not begun or ended by a statement");
    check_place();  // the server refuses even to prepare what it will not run here
    never_waits_ = kind_ == statement_kind::writes && says_not_to_wait(text_);
    as_text_ = kind_ == statement_kind::savepoint || kind_ == statement_kind::rolls_back;
    if (!as_text_)
        plain_ = prepare(text_);
}

statement::~statement()
{
    if (on_.is_at_home())
        return;
    for (auto* one : {plain_.get(), limited_.get()})
        if (one != nullptr)
            static_cast<void>(one->handle.release());
}

std::unique_ptr<statement::prepared> statement::prepare(std::string const& text)
{
    check_size(text.size());
    connection::call talk(on_, connection::call::kind::statement);
    statement_handle made(mysql_stmt_init(on_.handle()));
    if (!made)
        throw on_.failed(CR_OUT_OF_MEMORY, "a statement", false, false);
    if (mysql_stmt_prepare(made.get(), text.data(), static_cast<unsigned long>(text.size())) == 0)
        return std::make_unique<prepared>(std::move(made));
    auto const code = mysql_stmt_errno(made.get());
    bool const killed = talk.end();
    if (code != ER_UNSUPPORTED_PS)
        throw on_.failed(code, mysql_stmt_error(made.get()), false, killed);
    as_text_ = true;
    return nullptr;
}

statement::prepared& statement::chosen()
{
    auto const limit = on_.lock_wait();
    if (limit == connection::no_limit || !may_wait_for_locks()) [[likely]] {
        if (plain_->is_outdated) [[unlikely]]
            plain_ = prepare(text_);
        return *plain_;
    }
    if (!limited_ || limit_ != limit || limited_->is_outdated) {
        limited_ = prepare(limited_text(text_, limit));
        limit_ = limit;
        if (!limited_)
            throw error(errc::unsupported, "this statement cannot wait for locks up to a limit");
    }
    return *limited_;
}

bool statement::may_wait_for_locks() const noexcept
{
    return kind_ != statement_kind::reads && kind_ != statement_kind::defines && !never_waits_;
}

void statement::check_place() const
{
    if (!on_.in_transaction())
        return;
    if (kind_ == statement_kind::defines && on_.now() != state::pending)
        throw std::logic_error("this statement would commit the open transaction");
    if (on_.is_reading() && kind_ == statement_kind::changes)
        throw std::logic_error("nothing can be written in a reading transaction");
}

bool statement::has_room_for(std::size_t bytes_of_values) const noexcept
{
    return bytes_of_values + head_bytes < on_.message_max();
}

// The server would hang up while it is sent, and its reason be lost: a lost connection has the unit
// run again, in vain.
void statement::check_size(std::size_t bytes) const
{
    if (has_room_for(bytes)) [[likely]]
        return;
    throw on_.failed(ER_NET_PACKET_TOO_LARGE,
                     std::to_string(bytes) + " bytes are not sent: max_allowed_packet is " +
                         std::to_string(on_.message_max()),
                     kind_ != statement_kind::reads,
                     false);
}

// --- running
// --------------------------------------------------------------------------------------
std::int64_t statement::execute(std::span<value const> parameters)
{
    if (run(parameters) == outcome::passed_over)
        return 0;
    auto const result = kind_ == statement_kind::changes ? count() : 0;
    reset();
    return result;
}

std::optional<std::int64_t> statement::insert(std::span<value const> parameters)
{
    if (run(parameters) == outcome::passed_over || count() == 0)
        return {};
    if (as_text_)
        throw std::invalid_argument("this statement makes no key");
    auto const key = mysql_stmt_insert_id(current_->handle.get());
    reset();
    return static_cast<std::int64_t>(key);
}

std::span<value const> statement::first(std::span<value const> parameters)
{
    if (run(parameters) == outcome::passed_over)
        return {};
    return next();
}

std::span<value const> statement::next()
{
    if (kept_) [[unlikely]]
        return next_kept();
    if (!has_rows_)
        return {};
    auto const row = current_->result.next(current_->handle.get());
    if (row.empty())
        reset();
    return row;
}

void statement::reset() noexcept
{
    kept_.reset();
    if (!std::exchange(has_rows_, false))
        return;
    mysql_stmt_free_result(current_->handle.get());
}

std::int64_t statement::count() const
{
    return rows_counted(as_text_ ? text_rows_ : mysql_stmt_affected_rows(current_->handle.get()));
}

statement::outcome statement::run(std::span<value const> parameters)
{
    reset();
    check_place();
    if (as_text_) {
        run_as_text(parameters);
        return outcome::done;
    }
    check_size(size_in_message(parameters));
    return run_prepared([&](prepared& what) { what.bound.bind(what.handle.get(), parameters); });
}

std::int64_t statement::execute(parameter_table& all)
{
    reset();
    check_place();

    struct restoring {
        statement& of;

        ~restoring()
        {
            unsigned int const single = 0;
            mysql_stmt_attr_set(of.current_->handle.get(), STMT_ATTR_ARRAY_SIZE, &single);
            of.current_->bound.forget();
        }
    } const restores{*this};

    static_cast<void>(run_prepared([&](prepared& what) { all.bind(what.handle.get()); }));
    return count();
}

template <class Bind>
statement::outcome statement::run_prepared(Bind&& bind)
{
    current_ = &chosen();
    bind(*current_);
    auto const first = attempt(*current_, true);
    if (first != outcome::not_prepared) [[likely]]
        return first;
    bool const limited = current_ == limited_.get();
    auto fresh = prepare(limited ? limited_text(text_, limit_) : text_);
    if (!fresh) {
        throw on_.failed(
            ER_NEED_REPREPARE, "the statement can no longer be prepared", false, false);
    }
    current_ = fresh.get();
    (limited ? limited_ : plain_) = std::move(fresh);
    bind(*current_);
    return attempt(*current_, false);
}

statement::outcome statement::attempt(prepared& what, bool may_prepare_again)
{
    bool const writes = kind_ != statement_kind::reads;
    connection::call talk(on_, connection::call::kind::statement);
    auto const got = send_and_answer(what);
    bool const killed = talk.end();
    if (got.code == 0) [[likely]] {
        on_.verify_still_open(writes);
        return outcome::done;
    }
    if (got.ran_without_begin && writes)
        throw on_.wrote_without_begin(got.spoken);
    if (then_ == sql::taken_key::is_passed_over &&
        meaning_of(got.code).in_transaction == errc::already_exists)
        return outcome::passed_over;
    if (got.code == CR_NEW_STMT_METADATA) {
        what.is_outdated = true;
        mysql_stmt_free_result(what.handle.get());  // the rows are still to come
    }
    if (may_prepare_again && may_run_again(got.code))
        return outcome::not_prepared;
    error why = on_.failed(got.code, got.spoken, writes, killed);
    if (got.code == ER_STATEMENT_TIMEOUT && &what == limited_.get() && limit_.count() > 0) {
        why = error(errc::lock_timeout,
                    meaning_of(ER_LOCK_WAIT_TIMEOUT).sentence,
                    std::string(why.server_message()))
                  .seen_in(why.when());
    }
    if (why.code() == errc::lock_timeout)
        on_.report_wait();
    throw why;
}

// The server no longer has the statement as it was prepared: it did not run, or it has only read
// other columns than those known here.
bool statement::may_run_again(unsigned int code) const noexcept
{
    return code == ER_NEED_REPREPARE || code == ER_UNKNOWN_STMT_HANDLER ||
           (code == CR_NEW_STMT_METADATA && kind_ == statement_kind::reads);
}

statement::answer statement::send_and_answer(prepared& what)
{
    auto* const handle = what.handle.get();
    auto* const server = on_.handle();
    bool good = false;
    if (kind_ == statement_kind::defines || !on_.send_begin()) [[likely]] {
        good = mysql_stmt_execute(handle) == 0;
    } else {
        static my_bool const yes = 1;
        static my_bool const no = 0;
        mysql_optionsv(server, MARIADB_OPT_SKIP_READ_RESPONSE, &yes);
        good = mysql_stmt_execute(handle) == 0;
        mysql_optionsv(server, MARIADB_OPT_SKIP_READ_RESPONSE, &no);
        answer begun;
        begun.code = on_.take_begin_answers(begun.spoken, good);
        good =
            good && !is_cut_off(server) && server->methods->db_read_execute_response(handle) == 0;
        if (begun.code != 0) {
            if (good && mysql_field_count(server) != 0)
                mysql_stmt_free_result(handle);
            begun.ran_without_begin = good && (server->server_status & SERVER_STATUS_IN_TRANS) == 0;
            return begun;
        }
    }
    if (good && mysql_field_count(server) != 0) {
        has_rows_ = true;
        good = what.result.take(handle);
    }
    if (good && mysql_more_results(server)) [[unlikely]]
        good = drain(what);
    if (good) [[likely]]
        return {};
    has_rows_ = false;
    auto const code = mysql_stmt_errno(handle);
    return {.code = code == 0 ? static_cast<unsigned int>(CR_SERVER_LOST) : code,
            .spoken = mysql_stmt_error(handle)};
}

// Keeps the rows of the first result and reads the others, as a procedure sends them, to the end.
bool statement::drain(prepared& what)
{
    auto* const handle = what.handle.get();
    kept_ = std::make_unique<kept_rows>();
    while (has_rows_) {
        auto const row = what.result.next(handle);
        if (row.empty())
            break;
        kept_->row.resize(row.size());
        for (value const& v : row)
            kept_->values.emplace_back(v);
    }
    has_rows_ = false;
    mysql_stmt_free_result(handle);
    int more = mysql_stmt_next_result(handle);
    for (; more == 0; more = mysql_stmt_next_result(handle))
        mysql_stmt_free_result(handle);
    return more < 0;
}

std::span<value const> statement::next_kept() noexcept
{
    if (kept_->next == kept_->values.size())
        return {};
    for (value& v : kept_->row)
        v = kept_->values[kept_->next++].get();
    return kept_->row;
}

// Savepoints, and the few statements that the server does not prepare.
void statement::run_as_text(std::span<value const> parameters)
{
    if (!parameters.empty())
        throw std::invalid_argument("this statement takes no parameters");
    bool const undoes = kind_ == statement_kind::rolls_back;
    bool const is_savepoint = undoes || kind_ == statement_kind::savepoint;
    if (is_savepoint && !on_.in_transaction() && on_.now() != state::lost)
        throw std::logic_error("a savepoint needs an open transaction");
    using call = connection::call;
    call talk(on_, undoes ? call::kind::undo : call::kind::statement);
    auto* const server = on_.handle();
    auto const length = static_cast<unsigned long>(text_.size());
    bool good = false;
    if (kind_ == statement_kind::defines || !on_.send_begin()) {
        good = mysql_real_query(server, text_.data(), length) == 0;
    } else {
        good = mysql_send_query(server, text_.data(), length) == 0;
        std::string spoken;
        auto const code = on_.take_begin_answers(spoken, good);
        good = good && !is_cut_off(server) && mysql_read_query_result(server) == 0;
        if (code != 0)
            throw on_.failed(code, spoken, true, talk.end());
    }
    auto const rows = good ? mysql_affected_rows(server) : 0;
    while (good) {
        if (auto* const result = mysql_store_result(server))
            mysql_free_result(result);
        int const more = mysql_next_result(server);
        if (more < 0)
            break;
        good = more == 0;
    }
    bool const killed = talk.end();
    if (!good)
        throw on_.failed(true, killed);
    text_rows_ = rows;
    if (undoes)
        on_.recovered();
    else
        on_.verify_still_open(true);
}

std::size_t statement::column_count() const noexcept
{
    return plain_ ? mysql_stmt_field_count(plain_->handle.get()) : 0;
}

std::string_view statement::column_name(std::size_t index) const
{
    if (index >= column_count())
        throw std::out_of_range("a statement has no such column");
    auto const& field = mariadb_stmt_fetch_fields(plain_->handle.get())[index];
    return {field.name, field.name_length};
}

bool statement::goes_in_bulk() const noexcept
{
    return kind_ == statement_kind::changes && !as_text_ && then_ == sql::taken_key::fails &&
           on_.lock_wait() == connection::no_limit && plain_->bound.count() != 0 &&
           column_count() == 0 && on_.in_transaction();
}

}  // namespace tiebreak::mariadb
