/// \file
/// Fills in the plan of a mapped struct: tables evaluated at compile time and a handful of loops
/// over its members.
#pragma once

#include <tiebreak/detail/entity.hpp>

#include <array>
#include <bit>
#include <limits>
#include <new>

namespace tiebreak::detail {

/// \cond made at the first call (mapping_check.hpp)
template <class T>
plan const& plan_of();

/// \endcond

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

}  // namespace tiebreak::detail
