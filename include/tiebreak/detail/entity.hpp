/// \file
/// Everything known at compile time of a described struct with a mapping.
#pragma once

#include <tiebreak/detail/plan.hpp>
#include <tiebreak/mapping_words.hpp>

#include <boost/describe/class.hpp>
#include <boost/describe/members.hpp>
#include <boost/mp11/algorithm.hpp>
#include <boost/mp11/list.hpp>

#include <tuple>
#include <type_traits>
#include <utility>

namespace tiebreak::detail {

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

}  // namespace tiebreak::detail
