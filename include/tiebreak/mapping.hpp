/// \file
/// How a plain struct becomes a table.
///
/// Describe the struct (Boost.Describe) and put a function `mapping_of` beside it, where
/// argument-dependent lookup finds it:
/// \code
/// struct coupon {
///     std::int64_t id = 0;
///     std::string code{};
///     tiebreak::version version{};
/// };
/// BOOST_DESCRIBE_STRUCT(coupon, (), (id, code, version))
/// constexpr auto mapping_of(coupon const*)
/// {
///     return tiebreak::map<coupon>("coupons", tiebreak::generated_key<&coupon::id>,
///                                  tiebreak::unique<&coupon::code>);
/// }
/// \endcode
/// The struct must be default-constructible and movable, with at most 64 members. Every member is
/// described, or named in `ignored<>`; one that is forgotten is a compile error, as are two
/// versions, no key, and a member type that cannot be stored (see field_type.hpp). A member of a
/// version type switches checking on. Everything here is evaluated at compile time.
#pragma once

#include <tiebreak/detail/key.hpp>
#include <tiebreak/detail/mapping_check.hpp>
#include <tiebreak/mapping_words.hpp>

namespace tiebreak {

/// A struct with a right mapping. Asking is what makes a wrong one a compile error.
template <class T>
concept mapped_entity = detail::mapping_is_right<T>();

/// The type of an entity's key: the member's type, or a `std::tuple` for a composite key.
template <mapped_entity T>
using key_of = typename detail::key_type<T>::type;

}  // namespace tiebreak
