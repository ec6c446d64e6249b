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

#include <tiebreak/plan.hpp>

#include <boost/describe/class.hpp>
#include <boost/describe/members.hpp>
#include <boost/mp11/algorithm.hpp>
#include <boost/mp11/list.hpp>
#include <boost/pfr/tuple_size.hpp>

#include <array>
#include <bit>
#include <new>
#include <tuple>

namespace tiebreak {

namespace detail {

template <class M>
struct member_traits;

template <class T, class C>
struct member_traits<T C::*const> : member_traits<T C::*> {
};

template <class T, class C>
struct member_traits<T C::*> {
    using type = T;
    using owner = C;
};

template <auto M>
using member_type = typename member_traits<decltype(M)>::type;
template <auto M>
using owner_of = typename member_traits<decltype(M)>::owner;

template <auto A, auto B>
inline constexpr bool same_member = [] {
    if constexpr (std::same_as<decltype(A), decltype(B)>)
        return A == B;
    else
        return false;
}();

template <auto... Members>
struct member_list {
    using members = member_list;
    template <auto M>
    static constexpr bool contains = (same_member<M, Members> || ...);
    static constexpr std::size_t size = sizeof...(Members);
};

}  // namespace detail

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

/// What a wrong mapping says. The assertion stands inside a template named after the mistake, so
/// that the compiler's first lines name the entity and the member.
namespace mapping_error {

template <bool Ok, class Entity>
struct entity_is_not_described {
    static_assert(Ok,
                  "this struct is not described: add BOOST_DESCRIBE_STRUCT(T, (), (members…)) "
                  "after it, in its namespace");
};

template <bool Ok, class Entity>
struct entity_has_no_mapping {
    static_assert(Ok,
                  "this struct has no mapping: add constexpr auto mapping_of(T const*) beside "
                  "it, returning tiebreak::map<T>(\"table\", …)");
};

template <bool Ok, class Entity>
struct entity_has_no_key {
    static_assert(Ok,
                  "this entity has no key: add tiebreak::key<&T::member> or "
                  "tiebreak::generated_key<&T::member> to its mapping");
};

template <bool Ok, class Entity>
struct entity_has_two_keys {
    static_assert(Ok, "this entity has two keys: keep one; key<&T::a, &T::b> is a composite key");
};

template <bool Ok, class Entity>
struct entity_has_two_versions {
    static_assert(Ok,
                  "this entity has more than one version member: keep one, or name the others "
                  "in tiebreak::ignored<>");
};

template <bool Ok, class Entity>
struct entity_has_a_member_that_is_neither_described_nor_ignored {
    static_assert(Ok,
                  "a member of this struct is missing in BOOST_DESCRIBE_STRUCT: describe it, "
                  "or name it in tiebreak::ignored<>");
};

template <bool Ok, class Entity>
struct entity_has_too_many_members {
    static_assert(Ok, "an entity has at most 64 stored members");
};

template <bool Ok, class Entity, class Type, auto Member>
struct member_has_a_type_that_cannot_be_stored {
    static_assert(Ok,
                  "this member's type has no column type: use a stored type, name the member "
                  "in tiebreak::ignored<>, or specialise tiebreak::field_type");
};

template <bool Ok, class Entity, class Type>
struct key_has_a_type_that_cannot_be_a_key {
    static_assert(Ok,
                  "a key is an integer, string, blob, enum or time; a generated key is an "
                  "integer; neither is optional, real or a version");
};

template <bool Ok, class Entity>
struct first_version_does_not_fit {
    static_assert(Ok, "first_version<N> needs a counter version whose type holds N");
};

template <bool Ok, class Entity, auto Member>
struct mapping_names_a_member_that_is_not_stored {
    static_assert(Ok, "the mapping names a member that is not described or is ignored");
};

}  // namespace mapping_error

namespace detail {

template <class T>
using described_members =
    boost::describe::describe_members<T,
                                      boost::describe::mod_public | boost::describe::mod_inherited>;

template <class T>
concept has_mapping = requires
{
    mapping_of(static_cast<T const*>(nullptr));
};

template <class T, template <auto...> class List>
inline constexpr bool is_part = false;
template <auto... M, template <auto...> class List>
inline constexpr bool is_part<List<M...>, List> = true;

template <class T>
inline constexpr bool is_generated_key = false;
template <auto M>
inline constexpr bool is_generated_key<generated_key_t<M>> = true;
template <class T>
inline constexpr bool is_reference = false;
template <auto M, class E>
inline constexpr bool is_reference<references_t<M, E>> = true;
template <class T>
inline constexpr bool is_column = false;
template <auto M>
inline constexpr bool is_column<column_t<M>> = true;
template <class T>
inline constexpr bool is_first_version = false;
template <std::int64_t N>
inline constexpr bool is_first_version<first_version_t<N>> = true;

template <std::int64_t N>
constexpr std::int64_t number_of(first_version_t<N>)
{
    return N;
}

/// "coupon" out of the compiler's own name of the function.
template <class T>
consteval std::string_view unqualified_name()
{
    std::string_view name = __PRETTY_FUNCTION__;  // … [with T = shop::coupon; std::string_view = …]
    auto const start = name.find("T = ") + 4;
    name = name.substr(start, name.find_first_of(";]", start) - start);
    auto const colon = name.rfind("::");
    return colon == std::string_view::npos ? name : name.substr(colon + 2);
}

/// Everything known at compile time of a described struct with a mapping.
template <class T>
struct entity {
    static constexpr auto mapped = mapping_of(static_cast<T const*>(nullptr));
    using parts = typename std::remove_cvref_t<decltype(mapped)>::parts;

    /// Calls f(part) for each part of the mapping.
    template <class F>
    static constexpr void each_part(F&& f)
    {
        std::apply([&](auto const&... part) { (f(part), ...); }, mapped.details);
    }

    template <auto M>
    static constexpr bool is_ignored = [] {
        bool found = false;
        each_part([&]<class P>(P const&) {
            if constexpr (is_part<P, ignored_t>)
                found = found || P::template contains<M>;
        });
        return found;
    }();

    template <class D>
    using dropped = std::bool_constant<is_ignored<D::pointer>>;
    using fields = boost::mp11::mp_remove_if<described_members<T>, dropped>;
    static constexpr std::size_t count = boost::mp11::mp_size<fields>::value;

    /// Calls f(descriptor, index) for each stored member, in order.
    template <class F>
    static constexpr void each(F&& f)
    {
        [&]<std::size_t... I>(std::index_sequence<I...>)
        {
            (f(boost::mp11::mp_at_c<fields, I>{}, std::integral_constant<std::size_t, I>{}), ...);
        }
        (std::make_index_sequence<count>{});
    }

    /// The column of a member; `count` when it is not stored.
    template <auto M>
    static constexpr std::size_t index_of = [] {
        std::size_t at = count;
        each([&](auto d, auto i) {
            if constexpr (same_member<decltype(d)::pointer, M>)
                at = i;
        });
        return at;
    }();

    template <auto... M>
    static constexpr column_mask mask_of(member_list<M...>)
    {
        return (column_mask{0} | ... |
                (index_of<M> < count ? column_mask{1} << index_of<M> : column_mask{0}));
    }

    template <class P>
    using key_part = std::bool_constant<is_part<P, key_t> || is_generated_key<P>>;
    using keys = boost::mp11::mp_copy_if<parts, key_part>;
    template <class D>
    using version_field = std::bool_constant<is_version<member_type<D::pointer>>>;
    static constexpr std::size_t versions = boost::mp11::mp_count_if<fields, version_field>::value;

    /// Members named by `ignored<>` that are not described: they are accounted for, too.
    static constexpr std::size_t ignored_only = [] {
        std::size_t number = 0;
        each_part([&]<class P>(P const&) {
            if constexpr (is_part<P, ignored_t>)
                number += P::size;
        });
        return number - (boost::mp11::mp_size<described_members<T>>::value - count);
    }();
};

template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;

template <class T>
inline constexpr bool can_be_key =
    storable<T> && !is_optional<T> && !is_version<T> && !std::floating_point<T>;

/// A member that a part of the mapping names.
template <class P, auto M>
struct named {
    using type = member_type<M>;
    static constexpr auto member = M;
    static constexpr bool in_key = is_part<P, key_t> || is_generated_key<P>;
    static constexpr bool can_be_key_here =
        can_be_key<type> && (!is_generated_key<P> || (std::integral<type> && sizeof(type) >= 4));
};
template <class P, auto... M>
boost::mp11::mp_list<named<P, M>...> members_named_by(member_list<M...> const*);
template <class P>
boost::mp11::mp_list<> members_named_by(void const*);
template <class P>
using named_by = std::conditional_t<is_part<P, ignored_t>,
                                    boost::mp11::mp_list<>,
                                    decltype(members_named_by<P>(static_cast<P const*>(nullptr)))>;

template <class T>
struct plan_maker;

/// What the checks below look for: wrong pieces of a mapping. Found first and reported afterwards
/// from one place, so that few lines of the compiler's output stand before the sentence.
template <class T>
struct mistakes {
    using e = entity<T>;
    template <class D>
    using stored = std::bool_constant<storable<member_type<D::pointer>>>;
    using unstorable = boost::mp11::mp_remove_if<typename e::fields, stored>;

    using names = boost::mp11::mp_flatten<
        boost::mp11::mp_transform<named_by,
                                  boost::mp11::mp_rename<typename e::parts, boost::mp11::mp_list>>>;
    template <class N>
    using known = std::bool_constant<(e::template index_of<N::member> < e::count)>;
    using unknown_names = boost::mp11::mp_remove_if<names, known>;
    template <class N>
    using wrong_key = std::bool_constant<N::in_key && !N::can_be_key_here>;
    using wrong_keys = boost::mp11::mp_copy_if<names, wrong_key>;

    template <class P>
    using first_version_given = std::bool_constant<is_first_version<P>>;
    using first_versions = boost::mp11::mp_copy_if<typename e::parts, first_version_given>;

    template <class P>
    static constexpr bool first_version_fits =
        plan_maker<T>::form ==
        version_form::counter&& number_of(P{}) <= plan_maker<T>::version_max&& number_of(P{}) >=
            -plan_maker<T>::version_max - 1;
};

template <class List>
inline constexpr bool none = boost::mp11::mp_empty<List>::value;

/// Checks the members and what the mapping says of them.
template <class T>
consteval bool members_are_right()
{
    using wrong = mistakes<T>;
    if constexpr (!none<typename wrong::unstorable>) {
        constexpr auto member = boost::mp11::mp_front<typename wrong::unstorable>::pointer;
        (void)sizeof(
            mapping_error::
                member_has_a_type_that_cannot_be_stored<false, T, member_type<member>, member>);
        return false;
    } else if constexpr (!none<typename wrong::unknown_names>) {
        (void)sizeof(mapping_error::mapping_names_a_member_that_is_not_stored<
                     false,
                     T,
                     boost::mp11::mp_front<typename wrong::unknown_names>::member>);
        return false;
    } else if constexpr (!none<typename wrong::wrong_keys>) {
        (void)sizeof(mapping_error::key_has_a_type_that_cannot_be_a_key<
                     false,
                     T,
                     typename boost::mp11::mp_front<typename wrong::wrong_keys>::type>);
        return false;
    } else if constexpr (!none<typename wrong::first_versions>) {
        constexpr bool fits = wrong::template first_version_fits<
            boost::mp11::mp_front<typename wrong::first_versions>>;
        (void)sizeof(mapping_error::first_version_does_not_fit<fits, T>);
        return fits;
    }
    return true;
}

/// True when the mapping is right; otherwise a `mapping_error` says what is wrong.
template <class T>
consteval bool mapping_is_right()
{
    constexpr bool described = boost::describe::has_describe_members<T>::value;
    (void)sizeof(mapping_error::entity_is_not_described<described, T>);
    if constexpr (described) {
        (void)sizeof(mapping_error::entity_has_no_mapping<has_mapping<T>, T>);
        if constexpr (has_mapping<T>) {
            using e = entity<T>;
            constexpr std::size_t key_count = boost::mp11::mp_size<typename e::keys>::value;
            (void)sizeof(mapping_error::entity_has_no_key<(key_count >= 1), T>);
            (void)sizeof(mapping_error::entity_has_two_keys<(key_count <= 1), T>);
            (void)sizeof(mapping_error::entity_has_two_versions<(e::versions <= 1), T>);
            (void)sizeof(mapping_error::entity_has_too_many_members<(e::count <= 64), T>);
            constexpr bool whole = key_count == 1 && e::versions <= 1 && e::count <= 64;
            if constexpr (whole && std::is_aggregate_v<T> &&
                          none<boost::describe::describe_bases<T,
                                                               boost::describe::mod_any_access>>) {
                constexpr bool all =
                    boost::pfr::tuple_size_v<T> ==
                    boost::mp11::mp_size<described_members<T>>::value + e::ignored_only;
                (void)sizeof(
                    mapping_error::entity_has_a_member_that_is_neither_described_nor_ignored<all,
                                                                                             T>);
                if constexpr (!all)
                    return false;
            }
            if constexpr (whole)
                return members_are_right<T>();
        }
    }
    return false;
}

/// Whole parts of a plan that depend on the struct.
template <class T>
struct plan_maker {
    using e = entity<T>;

    static constexpr std::array<column, e::count> columns = [] {
        std::array<column, e::count> result{};
        e::each([&](auto d, auto i) {
            using type = member_type<decltype(d)::pointer>;
            result[i] = {decltype(d)::name, field_type<type>::column, field_type<type>::nullable};
        });
        e::each_part([&]<class P>(P const& part) {
            if constexpr (is_column<P>) {
                for (std::size_t i = 0; i < e::count; ++i)
                    if (e::mask_of(part) >> i & 1)
                        result[i].name = part.name;
            }
        });
        return result;
    }();

    static constexpr std::size_t unique_count = [] {
        std::size_t number = 0;
        e::each_part([&]<class P>(P const&) { number += is_part<P, unique_t> ? 1 : 0; });
        return number;
    }();

    static constexpr std::array<column_mask, unique_count> uniques = [] {
        std::array<column_mask, unique_count> result{};
        std::size_t at = 0;
        e::each_part([&]<class P>(P const& part) {
            if constexpr (is_part<P, unique_t>)
                result[at++] = e::mask_of(part);
        });
        return result;
    }();

    static constexpr std::size_t reference_count = [] {
        std::size_t number = 0;
        e::each_part([&]<class P>(P const&) { number += is_reference<P> ? 1 : 0; });
        return number;
    }();

    static auto const& references();

    static constexpr column_mask key_mask = [] {
        column_mask mask = 0;
        e::each_part([&]<class P>(P const& part) {
            if constexpr (is_part<P, key_t> || is_generated_key<P>)
                mask |= e::mask_of(part);
        });
        return mask;
    }();

    static constexpr column_mask unversioned_mask = [] {
        column_mask mask = 0;
        e::each_part([&]<class P>(P const& part) {
            if constexpr (is_part<P, unversioned_t>)
                mask |= e::mask_of(part);
        });
        return mask;
    }();

    /// Numbers, times and versions are encoded by value.
    static constexpr column_mask borrowing_mask = [] {
        column_mask mask = 0;
        e::each([&](auto d, auto i) {
            using type = member_type<decltype(d)::pointer>;
            if constexpr (!std::is_arithmetic_v<type> && !is_version<type> &&
                          !std::same_as<type, time_point>)
                mask |= column_mask{1} << i;
        });
        return mask;
    }();

    static constexpr bool generated = [] {
        bool found = false;
        e::each_part([&]<class P>(P const&) { found = found || is_generated_key<P>; });
        return found;
    }();

    static constexpr std::size_t version_column = [] {
        std::size_t at = e::count;
        e::each([&](auto d, auto i) {
            if constexpr (is_version<member_type<decltype(d)::pointer>>)
                at = i;
        });
        return at;
    }();

    static constexpr std::int64_t version_max = [] {
        std::int64_t max = 0;
        e::each([&](auto d, auto) {
            using type = member_type<decltype(d)::pointer>;
            if constexpr (std::same_as<type, timestamp_version>)
                max = std::numeric_limits<std::int64_t>::max();
            else if constexpr (is_version<type>)
                max = std::numeric_limits<typename type::representation>::max();
        });
        return max;
    }();

    static constexpr version_form form = [] {
        auto result = version_form::none;
        e::each([&](auto d, auto) {
            using type = member_type<decltype(d)::pointer>;
            if constexpr (std::same_as<type, timestamp_version>)
                result = version_form::timestamp;
            else if constexpr (is_version<type>)
                result = version_form::counter;
        });
        return result;
    }();

    static constexpr std::int64_t version_first = [] {
        std::int64_t first = 1;
        e::each_part([&]<class P>(P const& part) {
            if constexpr (is_first_version<P>) {
                first = number_of(part);
            }
        });
        return first;
    }();

    static void construct(void* at) { ::new (at) T{}; }

    static void move_construct(void* at, void* from)
    {
        ::new (at) T(std::move(*static_cast<T*>(from)));
    }

    static void destroy(void* object) noexcept { static_cast<T*>(object)->~T(); }

    static std::size_t decode(void* object, column_mask mask, value const* row)
    {
        T& to = *static_cast<T*>(object);
        std::size_t bad = e::count;
        e::each([&](auto d, auto i) {
            if (mask >> i & 1) {
                auto& member = to.*decltype(d)::pointer;
                if (!field_type<std::remove_reference_t<decltype(member)>>::decode(*row++,
                                                                                   member) &&
                    bad == e::count)
                    bad = i;
            }
        });
        return bad;
    }

    static std::size_t encode(void const* object, column_mask mask, value* out)
    {
        T const& from = *static_cast<T const*>(object);
        std::size_t number = 0;
        e::each([&](auto d, auto i) {
            if (mask >> i & 1)
                out[number++] = field_type<member_type<decltype(d)::pointer>>::encode(
                    from.*decltype(d)::pointer);
        });
        return number;
    }

    static column_mask changed(void const* object, value const* snapshot)
    {
        T const& now = *static_cast<T const*>(object);
        column_mask mask = 0;
        e::each([&](auto d, auto i) {
            if (!(field_type<member_type<decltype(d)::pointer>>::encode(
                      now.*decltype(d)::pointer) == snapshot[i]))
                mask |= column_mask{1} << i;
        });
        return mask;
    }

    static plan make();
};

template <class T>
plan const& plan_of()
{
    if constexpr (mapping_is_right<T>()) {
        static plan const instance = plan_maker<T>::make();
        return instance;
    } else {
        // Never reached: the mapping_error above has stopped the compiler.
        return *static_cast<plan const*>(nullptr);
    }
}

template <class T>
auto const& plan_maker<T>::references()
{
    static constexpr std::array<reference, reference_count> result = [] {
        std::array<reference, reference_count> list{};
        std::size_t at = 0;
        e::each_part([&]<class P>(P const& part) {
            if constexpr (is_reference<P>) {
                static_assert(std::popcount(plan_maker<typename P::target>::key_mask) == 1,
                              "a reference is to an entity whose key is a single member");
                for (std::size_t i = 0; i < e::count; ++i)
                    if (e::mask_of(part) >> i & 1)
                        list[at++] = {i, &plan_of<typename P::target>};
            }
        });
        return list;
    }();
    return result;
}

template <class T>
plan plan_maker<T>::make()
{
    constexpr column_mask all = e::count == 64 ? ~column_mask{0} : (column_mask{1} << e::count) - 1;
    constexpr column_mask version =
        version_column < e::count ? column_mask{1} << version_column : column_mask{0};
    return {
        .entity = unqualified_name<T>(),
        .table = e::mapped.table,
        .columns = columns,
        .uniques = uniques,
        .references = references(),
        .all = all,
        .key = key_mask,
        .key_size = static_cast<std::size_t>(std::popcount(key_mask)),
        .version = version,
        .unversioned = unversioned_mask,
        .borrowing = borrowing_mask,
        .form = form,
        .generated = generated,
        .version_column = version_column,
        .version_first = version_first,
        .version_max = version_max,
        .size = sizeof(T),
        .align = alignof(T),
        .index = next_plan_index(),
        .construct = &construct,
        .move_construct = &move_construct,
        .destroy = &destroy,
        .decode = &decode,
        .encode = &encode,
        .changed = &changed,
    };
}

/// The type `find` takes: the key member's, or a tuple for a composite key in the order declared.
template <class T>
struct key_type {
    template <auto M>
    static member_type<M> one(member_list<M>);
    template <auto... M>
    requires(sizeof...(M) > 1) static std::tuple<member_type<M>...> one(member_list<M...>);
    using type = decltype(one(typename boost::mp11::mp_front<typename entity<T>::keys>::members{}));
};

/// The columns of the key in the order in which the mapping names them.
template <class T, class F>
constexpr void each_key_member(F&& f)
{
    [&]<auto... M>(member_list<M...>)
    {
        (f(std::integral_constant<std::size_t, entity<T>::template index_of<M>>{}), ...);
    }
    (typename boost::mp11::mp_front<typename entity<T>::keys>::members{});
}

/// A key as values, in column order: what the compiled core works with.
template <class T>
struct encoded_key {
    static constexpr std::size_t size = std::popcount(plan_maker<T>::key_mask);
    std::array<value, size> values;

    explicit encoded_key(typename key_type<T>::type const& key)
    {
        if constexpr (size == 1) {
            values[0] = field_type<typename key_type<T>::type>::encode(key);
        } else {
            std::array<value, 64> by_column;
            std::apply(
                [&](auto const&... part) {
                    std::array<value, size> const given{
                        field_type<std::remove_cvref_t<decltype(part)>>::encode(part)...};
                    std::size_t at = 0;
                    each_key_member<T>([&](auto i) { by_column[i] = given[at++]; });
                },
                key);
            std::size_t at = 0;
            for (std::size_t i = 0; i < entity<T>::count; ++i)
                if (plan_maker<T>::key_mask >> i & 1)
                    values[at++] = by_column[i];
        }
    }
};

}  // namespace detail

/// A struct with a right mapping. Asking is what makes a wrong one a compile error.
template <class T>
concept mapped_entity = detail::mapping_is_right<T>();

/// The type of an entity's key: the member's type, or a `std::tuple` for a composite key.
template <mapped_entity T>
using key_of = typename detail::key_type<T>::type;

}  // namespace tiebreak
