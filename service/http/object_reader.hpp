/// \file
/// Reading the members of a JSON object by name, type and range. Everything that is wrong is
/// collected and answered at once: 400 `invalid-request` with `errors`, each a `pointer` (RFC 6901)
/// and a `detail`.
///
///     auto const wanted = read_body(asked, [](object_reader& in) {
///         return new_coupon{.code = in.text("code", {.bytes_max = 64}),
///                           .total_quantity = in.integer("total_quantity", {.least = 0}),
///                           .starts_at = in.optional_time("starts_at")};
///     });
///
/// A member that nobody asked for is an error: after the function has returned, `read_body` throws
/// if anything was wrong. What the reader answers for a wrong member is a placeholder that never
/// leaves `read_body`.
#pragma once

#include <tiebreak/time.hpp>

#include "service/http/json.hpp"
#include "service/http/request.hpp"

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tiebreak::service::http {

/// What a text may be. Always: UTF-8 without NUL.
struct text_rule {
    std::size_t bytes_min = 0;
    std::size_t bytes_max = 1'000'000;
};

/// What a whole number may be, both ends included.
struct integer_rule {
    std::int64_t least = std::numeric_limits<std::int64_t>::min();
    std::int64_t most = std::numeric_limits<std::int64_t>::max();
};

/// How many elements an array may have.
struct count_rule {
    std::size_t least = 0;
    std::size_t most = 1'000;
};

/// One thing that is wrong.
struct member_fault {
    std::string pointer;
    std::string detail;
};

/// Reads one object. Made by `read_body` and `read_object`.
class object_reader {
public:
    object_reader(json_value const& object, std::string pointer, std::vector<member_fault>& faults);
    object_reader(object_reader const&) = delete;
    object_reader& operator=(object_reader const&) = delete;

    /// A text that must be there.
    [[nodiscard]] std::string text(std::string_view name, text_rule rule = {});
    /// Absent and null are empty.
    [[nodiscard]] std::optional<std::string> optional_text(std::string_view name,
                                                           text_rule rule = {});
    /// A text that must be one of these.
    [[nodiscard]] std::string one_of(std::string_view name,
                                     std::initializer_list<std::string_view> words);

    [[nodiscard]] std::int64_t integer(std::string_view name, integer_rule rule = {});
    [[nodiscard]] std::optional<std::int64_t> optional_integer(std::string_view name,
                                                               integer_rule rule = {});
    [[nodiscard]] bool boolean(std::string_view name);
    [[nodiscard]] std::optional<bool> optional_boolean(std::string_view name);

    /// A moment by RFC 3339, with an offset.
    [[nodiscard]] time_point time(std::string_view name);
    [[nodiscard]] std::optional<time_point> optional_time(std::string_view name);

    /// Any value, null included, that must be there.
    [[nodiscard]] json_value any(std::string_view name);
    [[nodiscard]] std::optional<json_value> optional_any(std::string_view name);

    /// An array of whole numbers that must be there.
    [[nodiscard]] std::vector<std::int64_t>
    integers(std::string_view name, count_rule count = {}, integer_rule rule = {});

    /// An array of objects that must be there, each read by `read(object_reader&)`.
    template <class Read>
    [[nodiscard]] auto objects(std::string_view name, count_rule count, Read&& read)
    {
        std::vector<decltype(read(*this))> made;
        if (auto const* elements = array(name, count))
            for (std::size_t i = 0; i < elements->size(); ++i) {
                object_reader element((*elements)[i], pointer_to(name, i), faults_);
                made.push_back(read(element));
                element.refuse_unknown();
            }
        return made;
    }

    /// Whether the member is there, null included. Does not count as reading it.
    [[nodiscard]] bool has(std::string_view name) const noexcept;
    /// Whether the member is there and null: what a merge patch (RFC 7386) removes.
    [[nodiscard]] bool is_null(std::string_view name) const noexcept;
    /// A rule of the caller's is broken.
    void refuse(std::string_view name, std::string detail);
    /// What nobody asked for is wrong. Called by whoever made the reader, at the end.
    void refuse_unknown();

private:
    [[nodiscard]] json_value const* find(std::string_view name);
    [[nodiscard]] json_value const* find_required(std::string_view name);
    [[nodiscard]] json_value::array const* array(std::string_view name, count_rule count);
    [[nodiscard]] std::string pointer_to(std::string_view name) const;
    [[nodiscard]] std::string pointer_to(std::string_view name, std::size_t index) const;
    std::optional<std::string>
    text_in(json_value const* value, std::string_view name, text_rule rule);
    std::optional<std::int64_t>
    integer_in(json_value const* value, std::string pointer, integer_rule rule);
    std::optional<bool> boolean_in(json_value const* value, std::string_view name);
    std::optional<time_point> time_in(json_value const* value, std::string_view name);
    void add(std::string pointer, std::string detail);

    json_value::object const* members_;  // null when the value is no object
    std::string pointer_;
    std::vector<member_fault>& faults_;
    std::vector<bool> was_read_;
};

namespace detail {

/// \throws refusal when there are any
void throw_if_wrong(std::vector<member_fault> const& faults);

}  // namespace detail

/// Reads an object with `read(object_reader&)` and answers what it answered.
/// \throws refusal `invalid-request`: something is wrong with it
template <class Read>
[[nodiscard]] auto read_object(json_value const& value, Read&& read)
{
    std::vector<member_fault> faults;
    object_reader in(value, {}, faults);
    auto made = std::forward<Read>(read)(in);
    in.refuse_unknown();
    detail::throw_if_wrong(faults);
    return made;
}

/// The body as a value, within the server's limits.
/// \throws refusal `invalid-request`
[[nodiscard]] json_value body_of(request const& asked);

/// Reads the body, which must be one object.
/// \throws refusal `invalid-request`
template <class Read>
[[nodiscard]] auto read_body(request const& asked, Read&& read)
{
    return read_object(body_of(asked), std::forward<Read>(read));
}

}  // namespace tiebreak::service::http
