// Values on the wire: binary for the types that are known, text for parameters of all others.
#pragma once

#include <tiebreak/value.hpp>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tiebreak::postgres {

using type_id = unsigned int;  // libpq's Oid

// How the values of a type travel.
enum class shape : std::uint8_t {
    boolean,
    int2,
    int4,
    int8,
    oid,
    float4,
    float8,
    numeric,
    text,  // bytes that are text: text, varchar, name, json, xml, enumerations
    bytes,
    timestamp,  // microseconds since 2000
    date,       // days since 2000
    uuid,
    jsonb,
    nothing,  // void
    other,    // parameters as text, columns not at all
};

// Empty for a type that is not built in and known.
[[nodiscard]] std::optional<shape> shape_of(type_id type) noexcept;

// "bigint"; for sentences.
[[nodiscard]] std::string_view name_of(shape which) noexcept;

// One parameter as libpq wants it. Short ones are in `space`, text and bytes stay where they are.
struct parameter {
    char const* data = nullptr;  // null: NULL
    int size = 0;
    int format = 1;  // 0 is text, which ends with a NUL byte
    std::array<char, 32> space;
    std::string copy{};  // of a text that is not followed by one
};

// Throws constraint_violated when the value does not fit (range, kind, a NUL byte in a text);
// `number`, counted from 1, is for the message.
void encode(value const& v, shape to, std::size_t number, parameter& out);

// What a column's bytes mean. Text and bytes are borrowed from `data`; what has to be made is put
// into `made`. Throws backend_failure, naming the column, when it cannot be a value.
[[nodiscard]] value
decode(std::string_view data, shape from, char const* column, std::string& made);

}  // namespace tiebreak::postgres
