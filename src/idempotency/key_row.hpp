// The statements on one key's row. Which of them runs when is decided elsewhere.
#pragma once

#include <tiebreak/idempotency.hpp>

#include "database/own_tables.hpp"
#include "entity/session.hpp"
#include "idempotency/judgement.hpp"

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace tiebreak::detail {

// Throws std::invalid_argument that names what is wrong.
void check(idempotent_request const& request);
[[nodiscard]] idempotency_options checked(idempotency_options options);

// What is read of a row.
struct seen_key {
    blob fingerprint{};
    std::string owner{};
    std::int64_t epoch = 0;
    std::string progress{};
    std::optional<std::int32_t> status{};
    std::string headers{};
    blob body{};
    std::int32_t parts = 0;
    std::int32_t overdue = 0;
};

BOOST_DESCRIBE_STRUCT(seen_key,
                      (),
                      (fingerprint, owner, epoch, progress, status, headers, body, parts, overdue))

// What a look reads.
enum class extent : std::uint8_t {
    all,
    head,  // all but the answer's headers and body
};

[[nodiscard]] std::optional<seen_key>
look(session& on, idempotent_request const& at, extent how = extent::all);

[[nodiscard]] key_standing standing_of(std::optional<seen_key> const& row,
                                       idempotent_request const& request,
                                       std::string_view owner);

// The answer that a row holds, read together with its parts.
[[nodiscard]] idempotent_answer stored_answer(session& on, seen_key const& row);

// One tenure: whose row is meant by the writes below.
struct key_tenure {
    std::string owner{};
    std::int64_t epoch = 1;
};

// A statement with its parameters, which borrow from here and from what it was made of.
struct bound_statement {
    sql::statement* run = nullptr;
    std::vector<stored_value> values{};
    std::vector<value> parameters{};

    [[nodiscard]] sql::step step() const { return {run, parameters}; }
};

// INSERT of a claim at epoch 1. `unless_taken`: matches no row when the key is taken, where the
// engine has words for it; else it fails with already_exists.
[[nodiscard]] bound_statement inserting(session& on,
                                        idempotent_request const& request,
                                        key_tenure const& as,
                                        std::chrono::milliseconds deadline,
                                        std::chrono::seconds retention,
                                        bool unless_taken);

using key_condition = condition<idempotency_row>;

[[nodiscard]] key_condition is_held_by(key_tenure const& tenure);
[[nodiscard]] key_condition is_overdue();

// Raises the epoch of a row that was seen at `seen`, for a new tenure.
[[nodiscard]] bound_statement taking_over(session& on,
                                          idempotent_request const& request,
                                          std::int64_t seen,
                                          key_tenure const& by,
                                          std::chrono::milliseconds deadline);

// Raises the epoch of a row that is held.
[[nodiscard]] bound_statement raising(session& on,
                                      idempotent_request const& request,
                                      key_tenure const& from,
                                      key_tenure const& to);

// Writes the answer's parts, if it has any, and makes the statement that completes the row.
// `with_commit`: it will be sent together with COMMIT.
[[nodiscard]] bound_statement completing(session& on,
                                         idempotent_request const& request,
                                         key_tenure const& held,
                                         idempotent_answer const& answer,
                                         idempotency_options const& options,
                                         bool with_commit);

// Removes the row.
[[nodiscard]] bound_statement
removing(session& on, idempotent_request const& request, key_tenure const& held);

// The key in the order of the columns.
[[nodiscard]] std::array<value, 3> key_values(idempotent_request const& of) noexcept;

}  // namespace tiebreak::detail
