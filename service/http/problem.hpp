/// \file
/// Problem documents (RFC 9457) from one table: slug, status, title, whether the same request may
/// succeed when it is sent again.
///
/// A slug that is in no row of the table does not compile: `problem("sold-out")`. The `type` is
/// "urn:tiebreak:problem:<slug>". Answers with 429 and 503 carry `Retry-After`, always.
#pragma once

#include "service/http/json_text.hpp"
#include "service/http/response.hpp"

#include <array>
#include <chrono>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tiebreak::service::http {

/// A row of the table.
struct problem_kind {
    std::string_view slug;
    int status;
    std::string_view title;  ///< one sentence, the same for every occurrence
    bool is_retryable;       ///< the same request, sent again later, may succeed
};

/// The table. Transport first, then what the library reports, then the resources.
inline constexpr std::array problem_kinds{
    problem_kind{"malformed-request", 400, "The request is not well-formed HTTP.", false},
    problem_kind{"invalid-request", 400, "The request does not say what this route needs.", false},
    problem_kind{"unauthorized", 401, "A valid bearer token is needed.", false},
    problem_kind{"forbidden", 403, "This token does not allow that.", false},
    problem_kind{"not-found", 404, "There is nothing here.", false},
    problem_kind{"method-not-allowed", 405, "This path does not have that method.", false},
    problem_kind{"request-timeout", 408, "The request took too long to arrive.", true},
    problem_kind{"body-too-large", 413, "The body is larger than the limit.", false},
    problem_kind{"url-too-long", 414, "The URL is longer than the limit.", false},
    problem_kind{
        "unsupported-media-type", 415, "The body has a type this route cannot read.", false},
    problem_kind{"expectation-failed", 417, "Only the expectation 100-continue is known.", false},
    problem_kind{"too-many-requests", 429, "There were too many requests.", true},
    problem_kind{"header-too-large", 431, "The header is larger than the limit.", false},
    problem_kind{"internal-error", 500, "Something went wrong here.", false},
    problem_kind{"overloaded", 503, "There is more work than can be done in time.", true},
    problem_kind{"shutting-down", 503, "This server is shutting down.", true},
    problem_kind{"version-not-supported", 505, "This server speaks HTTP/1.1.", false},

    problem_kind{"conflict", 409, "Somebody else changed it at the same time.", true},
    problem_kind{"stale-version", 412, "It is not in the version that was expected.", false},
    problem_kind{"already-exists", 409, "It exists already.", false},
    problem_kind{"constraint-violated", 409, "It refers to something that does not fit.", false},
    problem_kind{"lease-lost", 409, "The lease belongs to nobody or somebody else.", false},
    problem_kind{"transaction-aborted", 503, "The database gave up on the transaction.", true},
    problem_kind{"lock-timeout", 503, "Somebody else held it for too long.", true},
    problem_kind{"unavailable", 503, "The database cannot be reached; nothing was changed.", true},
    problem_kind{"commit-unknown",
                 503,
                 "It may have happened or not; repeat with the same key to find out.",
                 true},
    problem_kind{"deadline-exceeded", 503, "The time for this request was used up.", true},
    problem_kind{"attempts-exhausted", 503, "All attempts lost against others.", true},

    problem_kind{"key-invalid", 400, "The idempotency key is not valid.", false},
    problem_kind{"key-reused", 422, "The idempotency key was used for another request.", false},
    problem_kind{"in-progress", 409, "The same request is being answered right now.", true},
    problem_kind{
        "precondition-required", 428, "The request must say which version it is for.", false},
    problem_kind{"member-not-found", 404, "There is no such member.", false},
    problem_kind{"coupon-not-found", 404, "There is no such coupon.", false},
    problem_kind{"already-issued", 409, "The member has one already.", false},
    problem_kind{"sold-out", 409, "All of them are issued.", false},
    problem_kind{"not-issuable", 409, "It cannot be issued now.", false},
    problem_kind{"book-not-found", 404, "There is no such book.", false},
    problem_kind{"order-not-found", 404, "There is no such order.", false},
    problem_kind{"invalid-order", 422, "The order cannot be placed like this.", false},
    problem_kind{"already-processed", 409, "The order was decided already.", false},
    problem_kind{"amount-mismatch", 422, "The amount is not that of the order.", false},
    problem_kind{"payment-declined", 402, "The payment was declined.", false},
    problem_kind{"charge-failed", 502, "The charge failed; nothing was taken.", true},
    problem_kind{"payment-unavailable", 502, "The payment provider did not answer.", true},
    problem_kind{"run-not-found", 404, "There is no such run.", false},
    problem_kind{"budget-exhausted", 402, "The budget does not cover this.", false},
    problem_kind{"already-finalized", 409, "The run was finalised already.", false},
    problem_kind{"amount-exceeds-budget", 422, "The amount is above what was reserved.", false},
};

/// A row of the table, found when compiling.
class problem_slug {
public:
    // NOLINTNEXTLINE(google-explicit-constructor): a literal stands for its row
    consteval problem_slug(char const* slug) : row_(find(slug)) {}

    [[nodiscard]] constexpr problem_kind const& kind() const noexcept { return *row_; }

private:
    static consteval problem_kind const* find(std::string_view slug)
    {
        for (auto const& row : problem_kinds)
            if (row.slug == slug)
                return &row;
        throw "this slug is not in the table problem_kinds";
    }

    problem_kind const* row_;
};

/// One occurrence of a problem, on its way to become a response.
class problem {
public:
    /// \param detail  one sentence about this occurrence that is safe to show the client
    explicit problem(problem_slug slug, std::string detail = {})
        : kind_(&slug.kind()), detail_(std::move(detail))
    {
    }

    /// A field of its own in the document.
    template <class T>
    problem& with(std::string_view name, T const& value) &
    {
        fields_.add(name, value);
        return *this;
    }

    template <class T>
    problem&& with(std::string_view name, T const& value) &&
    {
        return std::move(with(name, value));
    }

    /// Instead of one second: rounded up to whole seconds, at least 1. Also on other statuses.
    problem& retry_after(std::chrono::milliseconds pause) &;
    problem&& retry_after(std::chrono::milliseconds pause) &&;
    /// Another header field of the response.
    problem& set_header(std::string_view name, std::string value) &;
    problem&& set_header(std::string_view name, std::string value) &&;

    [[nodiscard]] problem_kind const& kind() const noexcept { return *kind_; }

    [[nodiscard]] std::string const& detail() const noexcept { return detail_; }

    /// The document and its header fields.
    [[nodiscard]] response to_response() const;

private:
    problem_kind const* kind_;
    std::string detail_;
    json_object fields_{};
    std::optional<std::chrono::seconds> retry_after_{};
    std::vector<std::pair<std::string, std::string>> headers_{};
};

/// The response of a problem.
[[nodiscard]] inline response answer(problem const& what)
{
    return what.to_response();
}

/// Thrown to end a handler with a problem: the server answers it. Copying never throws.
class refusal : public std::exception {
public:
    explicit refusal(problem what) : what_(std::make_shared<problem const>(std::move(what))) {}

    [[nodiscard]] problem const& what_happened() const noexcept { return *what_; }

    [[nodiscard]] char const* what() const noexcept override;

private:
    std::shared_ptr<problem const> what_;
};

}  // namespace tiebreak::service::http
