/// \file
/// The tables of the four systems, made in numbered steps that are safe to repeat.
///
/// Each engine has a folder of scripts, `NN-name.sql`, one step each. A step runs in one
/// transaction together with its row in `tiebreak_schema(step, name, applied_at)`, so after a kill
/// at any point it is either there as a whole or not at all, and of several starters exactly one
/// makes it. Without `capability::transactional_ddl` (MariaDB) every table is made on its own and
/// the row comes last; after a kill the next starter makes what is missing. Every table name, this
/// one included, stands behind the database's table prefix.
///
/// Steps are never changed once released: what comes later is a new step.
#pragma once

#include <tiebreak/database.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tiebreak::schema {

/// One numbered script of one engine.
struct step {
    std::int32_t number = 0;
    std::string_view name{};  ///< "members-and-coupons"
    std::string_view text{};  ///< with `{prefix}` before every table name
};

/// A row of `tiebreak_schema`.
struct applied_step {
    std::int32_t step = 0;
    std::string name{};
    time_point applied_at{};  ///< by the database's clock
};
BOOST_DESCRIBE_STRUCT(applied_step, (), (step, name, applied_at))

constexpr auto mapping_of(applied_step const*)
{
    return map<applied_step>("tiebreak_schema", key<&applied_step::step>);
}

/// The engines there are scripts for.
[[nodiscard]] std::vector<std::string> engines();

/// All steps of an engine, by number. \throws std::invalid_argument: no scripts for this engine
[[nodiscard]] std::vector<step> steps(std::string_view engine);

/// All scripts of an engine, one after the other, as a person would run them; without the rows in
/// `tiebreak_schema`. \throws std::invalid_argument: unknown engine, or a prefix that is no prefix
[[nodiscard]] std::string print(std::string_view engine, std::string_view table_prefix = {});

/// Makes what is missing and answers what this call made: nothing when everything was there.
/// Safe for concurrent starters. Only reads when nothing is missing.
/// \throws error `already_exists`: a table of that name is there and was not made by this;
///   `unsafe_settings`: the recorded steps are not the steps of this program
std::vector<applied_step> apply(database& in);

/// The systems' tables without their prefix, in the order in which they are made.
/// \throws std::invalid_argument: no scripts for this engine
[[nodiscard]] std::vector<std::string> tables(std::string_view engine);

/// What is there of the schema.
struct state {
    std::vector<applied_step> applied{};
    std::vector<step> missing{};                ///< known to this program, not applied
    std::vector<std::string> missing_tables{};  ///< of applied steps, removed since; with prefix
    std::vector<std::string> foreign_tables{};  ///< of missing steps, yet there; with prefix
    std::vector<applied_step> unknown{};        ///< applied, but not by this program's scripts

    /// Everything is there, and nothing that this program does not know.
    [[nodiscard]] bool complete() const noexcept
    {
        return missing.empty() && missing_tables.empty() && unknown.empty();
    }
};

/// Looks, changes nothing.
[[nodiscard]] state inspect(database& of);

/// Tables and views whose names begin so, in order; the prefix of the database does not count.
[[nodiscard]] std::vector<std::string> tables_named(database& of, std::string_view beginning);

/// Removes the tables of the applied steps and then `tiebreak_schema`, in one transaction where
/// there is `capability::transactional_ddl`, else so that it can be repeated; nothing when there is
/// no `tiebreak_schema`. Tables that other programs made stay, whatever their name.
void drop(database& from);

}  // namespace tiebreak::schema
