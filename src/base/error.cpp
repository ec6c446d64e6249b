// The exception type: shared immutable content, and messages that hold no data.
#include <tiebreak/conflict.hpp>
#include <tiebreak/error.hpp>

#include <optional>
#include <stdexcept>
#include <utility>

namespace tiebreak {

struct error::content {
    errc code;
    std::string message;
    std::string server_message{};
    std::vector<conflict> what_happened{};
    int attempts = 0;
    std::optional<error> last{};
    phase when = phase::in_transaction;
};

namespace {

// The entity's name is the application's own word; the key may be somebody's address and stays in
// the conflict.
std::string sentence_of(errc code, conflict const& what)
{
    if (code == errc::precondition_failed)
        return "this " + what.entity + " is not in the version that was expected";
    switch (what.kind) {
    case conflict_kind::changed_or_gone:
        return "this " + what.entity + " was changed or removed by somebody else meanwhile";
    case conflict_kind::changed:
        return "this " + what.entity + " was changed by somebody else meanwhile";
    case conflict_kind::gone:
        return "this " + what.entity + " was removed by somebody else meanwhile";
    case conflict_kind::appeared:
        return "this " + what.entity + " was added by somebody else meanwhile";
    }
    return "this " + what.entity + " was not as expected";
}

std::string sentence_of(errc code, int attempts, error const& last)
{
    auto const runs = std::to_string(attempts) + (attempts == 1 ? " attempt" : " attempts");
    auto const* const start =
        code == errc::deadline_exceeded ? "the time was used up after " : "gave up after ";
    return start + runs + ": " + last.what();
}

}  // namespace

error::error(errc code, std::string message, std::string server_message)
    : content_(
          std::make_shared<content const>(content{.code = code,
                                                  .message = std::move(message),
                                                  .server_message = std::move(server_message)}))
{
}

error::error(errc code, conflict what_happened)
    : error(code, std::vector<conflict>{std::move(what_happened)})
{
}

error::error(errc code, std::vector<conflict> what_happened)
{
    auto message = sentence_of(code, what_happened.front());
    if (what_happened.size() > 1)
        message += ", and so were " + std::to_string(what_happened.size() - 1) + " other rows";
    content_ = std::make_shared<content const>(content{
        .code = code, .message = std::move(message), .what_happened = std::move(what_happened)});
}

error::error(errc code, int attempts, error const& last)
    : content_(std::make_shared<content const>(
          content{.code = code,
                  .message = sentence_of(code, attempts, last),
                  .server_message = std::string{last.server_message()},
                  .attempts = attempts,
                  .last = last,
                  .when = last.when()}))
{
}

error::error(error const&) noexcept = default;
error& error::operator=(error const&) noexcept = default;
error::~error() = default;

errc error::code() const noexcept
{
    return content_->code;
}

char const* error::what() const noexcept
{
    return content_->message.c_str();
}

std::string_view error::server_message() const noexcept
{
    return content_->server_message;
}

conflict const* error::what_conflicted() const noexcept
{
    auto const& all = conflicts();
    return all.empty() ? nullptr : &all.front();
}

std::vector<conflict> const& error::conflicts() const noexcept
{
    if (content_->what_happened.empty() && content_->last)
        return content_->last->conflicts();
    return content_->what_happened;
}

int error::attempts() const noexcept
{
    return content_->attempts;
}

error const* error::last() const noexcept
{
    return content_->last ? &*content_->last : nullptr;
}

phase error::when() const noexcept
{
    return content_->when;
}

error error::seen_in(phase when) const
{
    error result(*this);
    auto changed = std::make_shared<content>(*content_);
    changed->when = when;
    result.content_ = std::move(changed);
    return result;
}

}  // namespace tiebreak
