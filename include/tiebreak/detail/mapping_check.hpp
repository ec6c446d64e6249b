/// \file
/// Is a mapping right? Answered by the compiler, in sentences (mapping_error.hpp). Only a right one
/// has a plan.
#pragma once

#include <tiebreak/detail/plan_maker.hpp>
#include <tiebreak/mapping_error.hpp>

#include <boost/pfr/tuple_size.hpp>

#include <optional>

namespace tiebreak::detail {

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

}  // namespace tiebreak::detail
