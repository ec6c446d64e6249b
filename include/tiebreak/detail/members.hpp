/// \file
/// Pointers to members as types: what a member is, whose it is, and lists of them.
#pragma once

#include <concepts>
#include <cstddef>

namespace tiebreak::detail {

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

}  // namespace tiebreak::detail
