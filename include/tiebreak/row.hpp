/// \file
/// Results of own SQL: a described struct whose members are named like the result's columns, or a
/// single value.
#pragma once

#include <tiebreak/mapping.hpp>

#include <string_view>
#include <utility>

namespace tiebreak {

namespace detail {

/// Makes room for each row read and answers where.
struct row_receiver {
    void* to;
    void* (*add)(void* to);
};

/// How a row of own SQL becomes a `T`; the compiled core sees only this.
struct row_plan {
    std::span<std::string_view const> columns;  ///< empty: a single value
    /// Reads one member; false when the value does not fit it.
    bool (*decode)(void* object, std::size_t member, value v);
};

template <class T>
concept row_struct = boost::describe::has_describe_members<T>::value && !storable<T>;

template <class T>
row_plan const& row_plan_of()
{
    if constexpr (storable<T>) {
        static constexpr row_plan plan{{}, [](void* object, std::size_t, value v) {
                                           return field_type<T>::decode(v,
                                                                        *static_cast<T*>(object));
                                       }};
        return plan;
    } else {
        static_assert(row_struct<T>, "a row is a described struct or a stored type");
        using members = described_members<T>;
        static constexpr auto names = []<class... D>(boost::mp11::mp_list<D...>) {
            return std::array<std::string_view, sizeof...(D)>{D::name...};
        }(boost::mp11::mp_rename<members, boost::mp11::mp_list>{});
        static constexpr row_plan plan{
            names, [](void* object, std::size_t member, value v) {
                T& to = *static_cast<T*>(object);
                bool fits = false;
                [&]<std::size_t... I>(std::index_sequence<I...>)
                {
                    ((I == member
                          ? void(fits = field_type<
                                     member_type<boost::mp11::mp_at_c<members, I>::pointer>>::
                                     decode(v, to.*boost::mp11::mp_at_c<members, I>::pointer))
                          : void()),
                     ...);
                }
                (std::make_index_sequence<names.size()>{});
                return fits;
            }};
        return plan;
    }
}

}  // namespace detail

/// A bound parameter of own SQL. Converts from everything that can be stored, and from string
/// literals and views. Borrows text and bytes.
class parameter {
public:
    /// Anything that can be stored.
    template <storable T>
    parameter(T const& from) : value_(field_type<T>::encode(from))
    {
    }

    /// Text.
    parameter(std::string_view text) : value_(text) {}

    /// Text that ends with a zero byte.
    parameter(char const* text) : value_(std::string_view{text}) {}

    /// NULL.
    parameter(std::nullptr_t) {}

    /// NULL.
    parameter(std::nullopt_t) {}

    /// The value that is bound.
    [[nodiscard]] value get() const noexcept { return value_; }

private:
    value value_;
};

}  // namespace tiebreak
