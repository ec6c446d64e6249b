/// \file
/// Keys of entities, as their users write them and as the compiled core takes them.
#pragma once

#include <tiebreak/detail/plan_maker.hpp>

namespace tiebreak::detail {

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

}  // namespace tiebreak::detail
