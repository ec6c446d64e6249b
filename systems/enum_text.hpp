/// \file
/// Described enums as text: the name as written, and the capitals in which statuses are stored.
#pragma once

#include <tiebreak/field_type.hpp>

#include <array>
#include <optional>
#include <string_view>

namespace tiebreak::systems {

template <class E>
concept described_enum = boost::describe::has_describe_enumerators<E>::value;

/// The enumerator's name as written in source: "in_process". Empty for a number without a name.
template <described_enum E>
[[nodiscard]] std::string_view name_of(E of) noexcept
{
    return boost::describe::enum_to_string(of, "");
}

/// The enumerator with this name; empty when there is none.
template <described_enum E>
[[nodiscard]] std::optional<E> parse(std::string_view name) noexcept
{
    std::optional<E> found;
    boost::mp11::mp_for_each<boost::describe::describe_enumerators<E>>([&]<class D>(D) {
        if (name == D::name)
            found = D::value;
    });
    return found;
}

namespace detail {

/// The name of an enumerator in capitals, made by the compiler.
template <class Enumerator>
inline constexpr auto capitals = [] {
    constexpr std::string_view name = Enumerator::name;
    std::array<char, name.size()> upper{};
    for (std::size_t i = 0; i < name.size(); ++i)
        upper[i] =
            name[i] >= 'a' && name[i] <= 'z' ? static_cast<char>(name[i] - 'a' + 'A') : name[i];
    return upper;
}();

}  // namespace detail

/// The enumerator's name in capitals: "ACTIVE". Empty for a number without a name.
template <described_enum E>
[[nodiscard]] std::string_view status_text(E of) noexcept
{
    std::string_view text;
    boost::mp11::mp_for_each<boost::describe::describe_enumerators<E>>([&]<class D>(D) {
        if (D::value == of)
            text = {detail::capitals<D>.data(), detail::capitals<D>.size()};
    });
    return text;
}

/// The enumerator whose name in capitals this is; empty when there is none.
template <described_enum E>
[[nodiscard]] std::optional<E> parse_status(std::string_view text) noexcept
{
    std::optional<E> found;
    boost::mp11::mp_for_each<boost::describe::describe_enumerators<E>>([&]<class D>(D) {
        if (status_text(D::value) == text)
            found = D::value;
    });
    return found;
}

/// A `field_type` that stores an enum by its name in capitals, as people write a status:
/// `template <> struct tiebreak::field_type<status> : tiebreak::systems::stored_status<status> {};`
template <described_enum E>
struct stored_status {
    static constexpr auto column = column_type::text;
    static constexpr bool nullable = false;

    /// \throws std::logic_error: the number has no name
    static value encode(E from)
    {
        auto const text = status_text(from);
        if (text.empty())
            tiebreak::detail::throw_enumerator_without_name();
        return value{text};
    }

    static bool decode(value from, E& out) noexcept
    {
        if (from.kind() != value_kind::text)
            return false;
        auto const found = parse_status<E>(from.text());
        out = found.value_or(out);
        return found.has_value();
    }
};

}  // namespace tiebreak::systems
