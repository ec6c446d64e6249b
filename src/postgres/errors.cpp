// The table of SQLSTATEs.
#include "postgres/errors.hpp"

#include "postgres/handle.hpp"

#include <libpq-fe.h>

#include <algorithm>
#include <array>

namespace tiebreak::postgres {

namespace {

constexpr auto aborted = errc::transaction_aborted;
constexpr auto exists = errc::already_exists;
constexpr auto failure = errc::backend_failure;
constexpr auto late = errc::deadline_exceeded;
constexpr auto locked = errc::lock_timeout;
constexpr auto unavailable = errc::unavailable;
constexpr auto unknown = errc::commit_unknown;
constexpr auto violated = errc::constraint_violated;

constexpr char const* refused_text = "the database refused a statement";
constexpr char const* lost_text = "the connection to the database server was lost";
constexpr char const* ended_text = "the database server ended the connection";
constexpr char const* login_text = "the database server refused the user name or the password";
constexpr char const* value_text = "a value does not fit the type of its column";
constexpr char const* stale_text = "the tables changed after a statement was prepared";
constexpr char const* engine_text = "the database engine failed";

// clang-format off: one row a line
constexpr std::array table{
    //      code, connecting, in the transaction, in the middle of COMMIT
    meaning{"", unavailable, unavailable, unknown, lost_text},
    meaning{"*", failure, failure, failure, refused_text},
    meaning{"08", unavailable, unavailable, unknown, lost_text},
    meaning{"08P01", failure, failure, unknown, "the database server was not understood"},
    meaning{"0A000", failure, failure, failure, "the database does not support a statement"},
    meaning{"22", failure, violated, violated, value_text},
    meaning{"22001", failure, violated, violated, "a text is too long for its column"},
    meaning{"22003", failure, violated, violated, "a number is outside of the range of its column"},
    meaning{"22008", failure, violated, violated, "a time is outside of the range of its column"},
    meaning{"22012", failure, failure, failure, "a statement divided by zero"},
    meaning{
        "22021", failure, violated, violated, "a text does not fit the encoding of the database"},
    meaning{"22023", failure, failure, failure, refused_text},
    meaning{"22P02", failure, violated, violated, value_text},
    meaning{"23", failure, violated, violated, "a constraint was violated"},
    meaning{"23502", failure, violated, violated, "a value that must be present is missing"},
    meaning{"23503", failure, violated, violated, "a reference to another row was violated"},
    meaning{"23505", failure, exists, exists, "a unique or primary key is already taken"},
    meaning{"23514", failure, violated, violated, "a check was violated"},
    meaning{"23P01", failure, exists, exists, "a row excludes another one that is already there"},
    meaning{"25", failure, failure, failure, refused_text},
    meaning{"25006", unavailable, unavailable, aborted, "the database server accepts no writing"},
    meaning{"25P02",
            failure,
            failure,
            aborted,
            "the transaction had failed before and was rolled back"},
    meaning{"25P03",
            unavailable,
            aborted,
            aborted,
            "the transaction was idle for too long and was rolled back"},
    meaning{"26000", failure, aborted, aborted, stale_text},
    meaning{"28", failure, failure, failure, login_text},
    meaning{"28000", failure, failure, failure, login_text},
    meaning{"28P01", failure, failure, failure, login_text},
    meaning{"3B", failure, failure, failure, "there is no such savepoint"},
    meaning{"3D000", failure, failure, failure, "there is no such database"},
    meaning{"3F000", failure, failure, failure, "there is no such schema"},
    meaning{"40", aborted, aborted, aborted, "the transaction was rolled back by the database"},
    meaning{
        "40001", unavailable, aborted, aborted, "the transaction was in conflict with another one"},
    meaning{"40002", failure, violated, violated, "a constraint was violated"},
    meaning{"40003",
            unavailable,
            aborted,
            unknown,
            "the database does not know what became of a statement"},
    meaning{
        "40P01", unavailable, aborted, aborted, "transactions waited for each other (deadlock)"},
    meaning{"42", failure, failure, failure, refused_text},
    meaning{
        "42501", failure, failure, failure, "the user has no permission for it in the database"},
    meaning{"42703", failure, failure, failure, "a column does not exist in the database"},
    meaning{"42704", failure, failure, failure, "something named does not exist in the database"},
    meaning{"42710", exists, exists, exists, "something of this name is already there"},
    meaning{"42883",
            failure,
            failure,
            failure,
            "a function or operator does not exist in the database"},
    meaning{"42P01", failure, failure, failure, "a table does not exist in the database"},
    meaning{"42P07", exists, exists, exists, "a table is already there"},
    meaning{"44", failure, violated, violated, "a check was violated"},
    meaning{
        "53", unavailable, unavailable, aborted, "the database server has too little of something"},
    meaning{"53100", unavailable, failure, failure, "the disk of the database server is full"},
    meaning{
        "53200", unavailable, unavailable, aborted, "the database server has not enough memory"},
    meaning{
        "53300", unavailable, unavailable, unknown, "the database server has no connection left"},
    meaning{"53400",
            unavailable,
            unavailable,
            aborted,
            "the database server has reached a configured limit"},
    meaning{"54", failure, failure, failure, "a value or a statement is too large"},
    meaning{"55", failure, failure, failure, refused_text},
    meaning{"55P03", unavailable, locked, locked, "a lock was not had in time"},
    meaning{"57", unavailable, unavailable, unknown, ended_text},
    meaning{"57014", unavailable, late, aborted, "the time for the statement was used up"},
    meaning{"57P01", unavailable, unavailable, unknown, ended_text},
    meaning{"57P02", unavailable, unavailable, unknown, ended_text},
    meaning{
        "57P03", unavailable, unavailable, unknown, "the database server does not accept work now"},
    meaning{"57P04", failure, failure, unknown, "the database was removed"},
    meaning{"57P05",
            unavailable,
            unavailable,
            aborted,
            "the session was idle for too long and was ended"},
    meaning{"58",
            failure,
            failure,
            unknown,
            "the disk or the file system of the database server failed"},
    meaning{"58030",
            failure,
            failure,
            unknown,
            "the disk or the file system of the database server failed"},
    meaning{"72", aborted, aborted, aborted, "the snapshot is no longer available"},
    meaning{"P0001", failure, violated, violated, "a rule of the database was violated"},
    meaning{"XX", failure, failure, unknown, engine_text},
    meaning{"XX000", failure, failure, unknown, engine_text},
    meaning{"XX001", failure, failure, unknown, "the data of the database server are damaged"},
    meaning{"XX002", failure, failure, unknown, "an index of the database server is damaged"},
};
// clang-format on

constexpr std::size_t class_size = 2;
constexpr std::size_t code_size = 5;

[[nodiscard]] meaning const* row_of(std::string_view code) noexcept
{
    auto const* found = std::ranges::find(table, code, &meaning::code);
    return found == table.end() ? nullptr : found;
}

[[nodiscard]] std::string said(std::string_view code, std::string_view spoken)
{
    std::string text = "PostgreSQL ";
    (text += code.empty() ? "connection" : code) += ": ";
    while (!spoken.empty() && spoken.back() == '\n')
        spoken.remove_suffix(1);
    for (char const c : spoken)
        text += c == '\n' ? ' ' : c;
    return text;
}

[[nodiscard]] std::string spoken_in(pg_result const* failed)
{
    std::string text{error_field(failed, PG_DIAG_MESSAGE_PRIMARY)};
    if (text.empty())
        text = PQresultErrorMessage(failed);  // libpq's own
    if (auto const detail = error_field(failed, PG_DIAG_MESSAGE_DETAIL); !detail.empty())
        (text += "; ") += detail;
    return text;
}

[[nodiscard]] errc code_in(meaning const& row, phase when) noexcept
{
    switch (when) {
    case phase::connecting: return row.connecting;
    case phase::in_transaction: return row.in_transaction;
    case phase::commit_sent: return row.committing;
    }
    return failure;
}

// "FATAL:  28P01: password …": the severity may be in any language.
[[nodiscard]] std::string_view code_in_text(std::string_view text) noexcept
{
    constexpr std::string_view before = ":  ";
    for (auto at = text.find(before); at != std::string_view::npos;
         at = text.find(before, at + 1)) {
        auto const code = text.substr(at + before.size(), code_size);
        auto const is_code = std::ranges::all_of(
            code, [](char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z'); });
        if (is_code && text.substr(at + before.size() + code_size).starts_with(": "))
            return code;
    }
    return {};
}

}  // namespace

std::span<meaning const> meanings() noexcept
{
    return table;
}

meaning const& meaning_of(std::string_view code) noexcept
{
    if (auto const* exact = row_of(code))
        return *exact;
    if (auto const* whole_class = row_of(code.substr(0, class_size)))
        return *whole_class;
    return *row_of("*");
}

error make_error(std::string_view code, phase when, std::string_view spoken)
{
    meaning const& row = meaning_of(code);
    return error(code_in(row, when), row.sentence, said(code, spoken)).seen_in(when);
}

error make_error(pg_result const* failed, phase when)
{
    auto const code = code_of(failed);
    meaning const& row = meaning_of(code);
    auto meant = code_in(row, when);
    auto const* sentence = row.sentence;
    if (when == phase::commit_sent && ends_session(failed) && !is_end_of_idling(code))
        meant = unknown;
    // two who make the same table at the same time: the second finds it when it looks again
    if (code == "23505" && error_field(failed, PG_DIAG_SCHEMA_NAME) == "pg_catalog") {
        meant = aborted;
        sentence = "somebody else changed the tables at the same time";
    }
    if (code == "22P02" &&
        error_field(failed, PG_DIAG_MESSAGE_PRIMARY).find(version_exhausted_mark) !=
            std::string_view::npos) {
        meant = errc::version_exhausted;
        sentence = "the version of a row is at its maximum";
    }
    return error(meant, sentence, said(code, spoken_in(failed))).seen_in(when);
}

error connecting_error(pg_conn const* failed, bool while_encrypting)
{
    std::string_view text = PQerrorMessage(failed);
    auto const code = code_in_text(text);
    if (auto const source = text.find("\nLOCATION:"); source != std::string_view::npos)
        text = text.substr(0, source);
    if (!code.empty())
        return make_error(code, phase::connecting, text);
    auto const* sentence = "the database server cannot be reached";
    auto meant = unavailable;
    if (PQconnectionNeedsPassword(failed) != 0) {
        meant = failure;
        sentence = "the database server asks for a password, and none was given";
    } else if (while_encrypting) {
        sentence = "no encrypted connection to the database server could be made";
    }
    return error(meant, sentence, said({}, text)).seen_in(phase::connecting);
}

std::string_view code_of(pg_result const* failed) noexcept
{
    return error_field(failed, PG_DIAG_SQLSTATE);
}

bool ends_session(pg_result const* failed) noexcept
{
    auto const severity = error_field(failed, PG_DIAG_SEVERITY_NONLOCALIZED);
    return severity == "FATAL" || severity == "PANIC" || code_of(failed).empty();
}

bool is_end_of_idling(std::string_view code) noexcept
{
    return code == "25P03" || code == "57P05";
}

error lost_error(std::string_view code, phase when, std::string_view spoken)
{
    bool const is_definite = when != phase::commit_sent || is_end_of_idling(code);
    return make_error(is_definite ? code : std::string_view{}, when, spoken);
}

bool is_stale_plan(pg_result const* failed) noexcept
{
    auto const code = code_of(failed);
    return code == "26000" || (code == "0A000" && error_field(failed, PG_DIAG_SOURCE_FUNCTION) ==
                                                      "RevalidateCachedQuery");
}

error stale_plan_error(pg_result const* failed)
{
    return error(aborted, stale_text, said(code_of(failed), spoken_in(failed)))
        .seen_in(phase::in_transaction);
}

}  // namespace tiebreak::postgres
