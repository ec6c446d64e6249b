/// \file
/// The words of a mapping: `map<coupon>("coupons", key<&coupon::id>, …)`. How they are used is told
/// in mapping.hpp.
#pragma once

#include <tiebreak/detail/members.hpp>

#include <cstdint>
#include <string_view>
#include <tuple>

namespace tiebreak {

/// The key, given by the application before the row is added. Several members make a composite.
template <auto... Members>
struct key_t : detail::member_list<Members...> {
};

/// The key, given by the application: `key<&order::number>`, `key<&line::order, &line::place>`.
template <auto... Members>
inline constexpr key_t<Members...> key{};

/// The key, an integer that the database makes when the row is inserted.
template <auto Member>
struct generated_key_t : detail::member_list<Member> {
};

/// The key, made by the database: `generated_key<&coupon::id>`.
template <auto Member>
inline constexpr generated_key_t<Member> generated_key{};

/// No two rows have the same values in these members. `find_by` works on a single one.
template <auto... Members>
struct unique_t : detail::member_list<Members...> {
};

/// Unique together: `unique<&issue::coupon_id, &issue::member_id>`.
template <auto... Members>
inline constexpr unique_t<Members...> unique{};

/// The member holds the key of a row of `Entity` (a foreign key). The flush order respects it.
template <auto Member, class Entity>
struct references_t : detail::member_list<Member> {
    /// The entity it points to.
    using target = Entity;
};
/// A foreign key: `references<&issue::coupon_id, coupon>`.
template <auto Member, class Entity>
inline constexpr references_t<Member, Entity> references{};

/// The member is not stored.
template <auto... Members>
struct ignored_t : detail::member_list<Members...> {
};

/// Not stored: `ignored<&coupon::cached>`.
template <auto... Members>
inline constexpr ignored_t<Members...> ignored{};

/// A write that changes only these members is checked but does not bump the version: for what a
/// heartbeat writes.
template <auto... Members>
struct unversioned_t : detail::member_list<Members...> {
};

/// Written without a bump: `unversioned<&run::lease_expires_at>`.
template <auto... Members>
inline constexpr unversioned_t<Members...> unversioned{};

/// The version of a new row, 1 when not given. Any number the type holds, 0 included.
template <std::int64_t Number>
struct first_version_t {
};

/// The version of a new row: `first_version<0>`.
template <std::int64_t Number>
inline constexpr first_version_t<Number> first_version{};

/// The column has another name than the member.
template <auto Member>
struct column_t : detail::member_list<Member> {
    std::string_view name;  ///< of the column
};

/// The column has another name than the member: `column<&coupon::code>("coupon_code")`.
template <auto Member>
[[nodiscard]] constexpr column_t<Member> column(std::string_view name)
{
    return {{}, name};
}

/// What `mapping_of` returns.
template <class T, class... Parts>
struct mapping {
    /// The struct.
    using entity = T;
    /// The types of the parts.
    using parts = std::tuple<Parts...>;
    std::string_view table;  ///< without the prefix
    parts details;           ///< keys, uniqueness and the like
};

/// Maps `T` to a table. The name is quoted as it stands, after the database's table prefix.
template <class T, class... Parts>
[[nodiscard]] constexpr mapping<T, Parts...> map(std::string_view table, Parts... details)
{
    return {table, std::tuple<Parts...>{details...}};
}

}  // namespace tiebreak
