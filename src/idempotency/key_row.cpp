#include "idempotency/key_row.hpp"

#include "entity/reads.hpp"
#include "idempotency/headers.hpp"

#include <algorithm>
#include <limits>
#include <stdexcept>

namespace tiebreak::detail {

namespace {

constexpr std::size_t text_bytes_max = 255;  // a key of text has no more on any engine

[[nodiscard]] plan const& keys()
{
    return plan_of<idempotency_row>();
}

[[nodiscard]] std::span<std::byte const> bytes_of(std::string_view text) noexcept
{
    return std::as_bytes(std::span{text});
}

[[nodiscard]] blob copied(std::string_view text)
{
    auto const bytes = bytes_of(text);
    return {bytes.begin(), bytes.end()};
}

[[nodiscard]] bound_statement bound(session& on, std::string const& text, statement_text const& out)
{
    bound_statement made{.run = &on.prepared(text)};
    made.values.reserve(out.parameters().size());
    for (auto const& one : out.parameters())
        made.parameters.push_back(made.values.emplace_back(one).get());
    return made;
}

[[nodiscard]] bound_statement
updating(session& on, conditional const& how, bool with_commit = false)
{
    auto out = on.text();
    render_update_if(out, keys(), how);
    auto text = out.text();
    if (with_commit)
        out.speaks().exactly_one(text);
    return bound(on, text, out);
}

// Pieces that a statement of every server takes.
constexpr std::size_t part_bytes = 512 * 1024;

[[nodiscard]] std::int32_t
write_parts(session& on, key_tenure const& held, std::string_view body, std::chrono::seconds kept)
{
    // longer than the row that refers to them
    constexpr std::chrono::hours beyond{1};
    auto const& of = plan_of<answer_part_row>();
    std::int32_t number = 0;
    for (; !body.empty(); ++number) {
        auto const piece = body.substr(0, part_bytes);
        body.remove_prefix(piece.size());
        expression expires;
        expires.now(kept + beyond);
        auto out = on.text();
        out.raw("INSERT INTO ").table(of).raw(" (").columns(of, of.all).raw(") VALUES (");
        out.parameter(value{std::string_view{held.owner}}).raw(", ");
        out.parameter(value{std::int64_t{number}}).raw(", ");
        out.render(of, expires).raw(", ").parameter(value{bytes_of(piece)}).raw(")");
        if (on.prepared(out.text()).execute(out.parameters()) != 1)
            throw error(errc::backend_failure, "a part of an answer was not written");
    }
    return number;
}

void require(bool holds, char const* sentence)
{
    if (!holds)
        throw std::invalid_argument(sentence);
}

}  // namespace

void check(idempotent_request const& request)
{
    require(request.tenant.size() <= text_bytes_max && request.route.size() <= text_bytes_max,
            "tenant and route of an idempotency key have at most 255 bytes");
    require(!request.key.empty() && request.key.size() <= text_bytes_max &&
                std::ranges::all_of(request.key, [](char c) { return c >= ' ' && c <= '~'; }),
            "an idempotency key is 1 to 255 printable ASCII characters");
}

idempotency_options checked(idempotency_options options)
{
    using std::chrono::milliseconds;
    constexpr milliseconds longest = std::chrono::hours{24 * 365};
    require(options.wait >= milliseconds{0} && options.wait <= longest,
            "idempotency_options::wait must be 0 or more, at most 365 days");
    require(options.deadline > milliseconds{0} && options.deadline <= longest,
            "idempotency_options::deadline must be more than 0, at most 365 days");
    require(options.retention >= std::chrono::hours{1} && options.retention <= longest * 10,
            "idempotency_options::retention must be one hour or more, at most 10 years");
    require(options.retry_after >= milliseconds{0} && options.retry_after <= longest,
            "idempotency_options::retry_after must be 0 or more, at most 365 days");
    require(options.body_bytes_max >= 1024 && options.body_bytes_max <= 1024 * 1024,
            "idempotency_options::body_bytes_max must be 1 KiB to 1 MiB");
    require(std::ranges::none_of(options.headers,
                                 [](std::string const& name) {
                                     return name == "set-cookie" ||
                                            std::ranges::any_of(
                                                name, [](char c) { return c >= 'A' && c <= 'Z'; });
                                 }),
            "idempotency_options::headers are in lower case and without set-cookie");
    require(options.early_for >= milliseconds{1} && options.early_for <= longest,
            "idempotency_options::early_for must be 1 ms or more, at most 365 days");
    require(options.early_bytes_max <= 1024 * 1024,
            "idempotency_options::early_bytes_max must be at most 1 MiB");
    if (options.retry)
        validate(*options.retry);
    return options;
}

std::array<value, 3> key_values(idempotent_request const& of) noexcept
{
    return {value{std::string_view{of.tenant}},
            value{std::string_view{of.route}},
            value{std::string_view{of.key}}};
}

std::optional<seen_key> look(session& on, idempotent_request const& at, extent how)
{
    using names = entity<idempotency_row>;
    auto const& of = keys();
    auto out = on.text();
    column_mask read = 0;
    for (auto const column : {names::index_of<&idempotency_row::fingerprint>,
                              names::index_of<&idempotency_row::owner>,
                              names::index_of<&idempotency_row::epoch>,
                              names::index_of<&idempotency_row::progress>,
                              names::index_of<&idempotency_row::status>,
                              names::index_of<&idempotency_row::headers>,
                              names::index_of<&idempotency_row::body>,
                              names::index_of<&idempotency_row::parts>})
        read |= column_mask{1} << column;
    if (how == extent::head)
        read &= ~(column_mask{1} << names::index_of<&idempotency_row::headers> |
                  column_mask{1} << names::index_of<&idempotency_row::body>);
    out.raw("SELECT ").columns(of, read);
    if (how == extent::head)
        out.raw(", '' AS headers, '' AS body");
    out.raw(", CASE WHEN ");
    out.render(of, is_overdue().sql).raw(" THEN 1 ELSE 0 END AS overdue FROM ").table(of);
    out.raw(" WHERE ").equal_each(of, of.key);
    std::optional<seen_key> found;
    read_rows(on,
              out.text(),
              key_values(at),
              row_plan_of<seen_key>(),
              {&found, [](void* to) {
                   return static_cast<void*>(&static_cast<std::optional<seen_key>*>(to)->emplace());
               }});
    return found;
}

key_standing standing_of(std::optional<seen_key> const& row,
                         idempotent_request const& request,
                         std::string_view owner)
{
    if (!row)
        return {};
    sha256_digest stored{};
    bool const is_whole = row->fingerprint.size() == stored.size();
    if (is_whole)
        std::ranges::copy(row->fingerprint, stored.begin());
    return {.exists = true,
            .same_request = is_whole && same_digest(stored, request.fingerprint),
            .answered = row->status.has_value(),
            .is_overdue = row->overdue != 0,
            .is_mine = row->owner == owner};
}

idempotent_answer stored_answer(session& on, seen_key const& row)
{
    idempotent_answer answer{
        .status = row.status.value(),
        .headers = unpacked(row.headers),
        .body = {reinterpret_cast<char const*>(row.body.data()), row.body.size()}};
    for (std::int32_t number = 0; number < row.parts; ++number) {
        std::array const key{value{std::string_view{row.owner}}, value{std::int64_t{number}}};
        auto const& of = plan_of<answer_part_row>();
        answer_part_row part;
        if (!find_row(on, of, of.key, key.data(), &part))
            throw error(errc::backend_failure, "a part of a stored answer is missing");
        answer.body.append(reinterpret_cast<char const*>(part.bytes.data()), part.bytes.size());
    }
    return answer;
}

bound_statement inserting(session& on,
                          idempotent_request const& request,
                          key_tenure const& as,
                          std::chrono::milliseconds deadline,
                          std::chrono::seconds retention,
                          bool unless_taken)
{
    auto const& of = keys();
    expression due;
    due.now(deadline);
    expression expires;
    expires.now(retention);
    auto out = on.text();
    out.raw("INSERT INTO ").table(of).raw(" (").columns(of, of.all).raw(") VALUES (");
    for (auto const& one : key_values(request))
        out.parameter(one).raw(", ");
    out.parameter(value{std::span<std::byte const>{request.fingerprint}}).raw(", ");
    out.parameter(value{std::string_view{as.owner}}).raw(", ");
    out.parameter(value{as.epoch}).raw(", ");
    out.render(of, due).raw(", ").render(of, expires).raw(", ");
    out.parameter(value{std::string_view{}}).raw(", NULL, ");
    out.parameter(value{std::string_view{}}).raw(", ");
    out.parameter(value{std::span<std::byte const>{}}).raw(", 0)");
    auto text = out.text();
    if (unless_taken) {
        std::string name;
        out.speaks().identifier(name, of.columns[0].name);
        out.speaks().unless_taken(text, name);
    }
    return bound(on, text, out);
}

key_condition is_overdue()
{
    return field<&idempotency_row::deadline> <= database_now();
}

key_condition is_held_by(key_tenure const& tenure)
{
    return field<&idempotency_row::epoch> == tenure.epoch &&
           field<&idempotency_row::owner> == tenure.owner &&
           field<&idempotency_row::status>.is_null();
}

bound_statement taking_over(session& on,
                            idempotent_request const& request,
                            std::int64_t seen,
                            key_tenure const& by,
                            std::chrono::milliseconds deadline)
{
    auto const key = key_values(request);
    auto const dead = field<&idempotency_row::epoch> == seen &&
                      field<&idempotency_row::status>.is_null() && is_overdue();
    return updating(
        on,
        {.key = key.data(),
         .where = dead.sql,
         .changes = {(field<&idempotency_row::owner> = by.owner).sql,
                     (field<&idempotency_row::epoch> = by.epoch).sql,
                     (field<&idempotency_row::deadline> = database_now() + deadline).sql}});
}

bound_statement raising(session& on,
                        idempotent_request const& request,
                        key_tenure const& from,
                        key_tenure const& to)
{
    auto const key = key_values(request);
    return updating(on,
                    {.key = key.data(),
                     .where = is_held_by(from).sql,
                     .changes = {(field<&idempotency_row::epoch> = to.epoch).sql}});
}

bound_statement completing(session& on,
                           idempotent_request const& request,
                           key_tenure const& held,
                           idempotent_answer const& answer,
                           idempotency_options const& options,
                           bool with_commit)
{
    bool const in_parts = answer.body.size() > options.body_bytes_max;
    auto const parts = in_parts ? write_parts(on, held, answer.body, options.retention) : 0;
    auto const headers = packed(answer.headers, options.headers);
    auto const key = key_values(request);
    return updating(
        on,
        {.key = key.data(),
         .where = is_held_by(held).sql,
         .changes = {(field<&idempotency_row::status> = std::optional{answer.status}).sql,
                     (field<&idempotency_row::headers> = headers).sql,
                     (field<&idempotency_row::body> = copied(in_parts ? "" : answer.body)).sql,
                     (field<&idempotency_row::parts> = parts).sql}},
        with_commit);
}

bound_statement removing(session& on, idempotent_request const& request, key_tenure const& held)
{
    auto const key = key_values(request);
    conditional const how{.key = key.data(), .where = is_held_by(held).sql};
    auto out = on.text();
    render_delete_if(out, keys(), how);
    return bound(on, out.text(), out);
}

}  // namespace tiebreak::detail
