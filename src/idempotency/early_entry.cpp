#include "idempotency/early_entry.hpp"

#include "idempotency/headers.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>

namespace tiebreak::detail {

namespace {

constexpr std::string_view form = "tiebreak 1";

enum class state : char { in_progress = 'p', done = 'd', answered = 'a' };

[[nodiscard]] std::string_view text_of(sha256_digest const& digest) noexcept
{
    return {reinterpret_cast<char const*>(digest.data()), digest.size()};
}

void put(std::string& to, std::string_view field)
{
    ((to += std::to_string(field.size())) += ':') += field;
}

// Takes one field off the front; false when there is none.
[[nodiscard]] bool take(std::string_view& from, std::string_view& field) noexcept
{
    std::size_t size = 0;
    auto const* const last = from.data() + from.size();
    auto const [end, wrong] = std::from_chars(from.data(), last, size);
    if (wrong != std::errc{} || end == last || *end != ':')
        return false;
    from.remove_prefix(static_cast<std::size_t>(end - from.data()) + 1);
    if (size > from.size())
        return false;
    field = from.substr(0, size);
    from.remove_prefix(size);
    return true;
}

[[nodiscard]] sha256_digest seal(std::string_view content, std::string_view place)
{
    return sha256_of_fields{}.add(form).add(place).add(content).finish();
}

[[nodiscard]] bool take_answer(std::string_view& from, idempotent_answer& to)
{
    std::string_view status;
    std::string_view headers;
    std::string_view body;
    if (!take(from, status) || !take(from, headers) || !take(from, body))
        return false;
    auto const* const last = status.data() + status.size();
    auto const [end, wrong] = std::from_chars(status.data(), last, to.status);
    to.headers = unpacked(headers);
    to.body = body;
    return wrong == std::errc{} && end == last;
}

}  // namespace

std::string encoded(early_entry const& entry, std::string_view place)
{
    auto const is = entry.answer    ? state::answered
                    : entry.is_done ? state::done
                                    : state::in_progress;
    std::string content(1, static_cast<char>(is));
    put(content, text_of(entry.fingerprint));
    put(content, entry.owner);
    if (entry.answer) {
        put(content, std::to_string(entry.answer->status));
        put(content, packed_all(entry.answer->headers));
        put(content, entry.answer->body);
    }
    auto const sealed = seal(content, place);
    return std::string{text_of(sealed)} + content;
}

std::optional<early_entry> decoded(std::string_view bytes, std::string_view place)
{
    sha256_digest sealed{};
    if (bytes.size() <= sealed.size())
        return std::nullopt;
    std::memcpy(sealed.data(), bytes.data(), sealed.size());
    bytes.remove_prefix(sealed.size());
    if (!same_digest(sealed, seal(bytes, place)))
        return std::nullopt;
    early_entry entry;
    auto const is = static_cast<state>(bytes.front());
    bytes.remove_prefix(1);
    std::string_view fingerprint;
    std::string_view owner;
    if (!take(bytes, fingerprint) || fingerprint.size() != entry.fingerprint.size() ||
        !take(bytes, owner))
        return std::nullopt;
    std::memcpy(entry.fingerprint.data(), fingerprint.data(), fingerprint.size());
    entry.owner = owner;
    entry.is_done = is != state::in_progress;
    if (is == state::answered && !take_answer(bytes, entry.answer.emplace()))
        return std::nullopt;
    return entry;
}

}  // namespace tiebreak::detail
