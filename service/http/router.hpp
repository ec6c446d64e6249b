/// \file
/// Routes: method and pattern to handler. Patterns are literal segments and parameters,
/// "/v1/coupons/{code}/issues"; a literal wins over a parameter in the same place.
///
/// | asked                                  | answered                                        |
/// |----------------------------------------|-------------------------------------------------|
/// | HEAD where GET is                      | by the handler of GET, without the body         |
/// | OPTIONS where anything is, OPTIONS *   | 204 with `Allow`                                |
/// | another method                         | 405 `method-not-allowed` with `Allow`           |
/// | another path                           | 404 `not-found`; a slash at the end is another  |
#pragma once

#include "service/http/request.hpp"
#include "service/http/response.hpp"

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace tiebreak::service::http {

/// Answers a request. Called from several threads at once. May throw: see failure.hpp.
using handler = std::function<response(request&)>;

/// Which thread runs a handler.
enum class runs : std::uint8_t {
    on_work_thread,  ///< may wait for a database; bounded queue before it
    in_place,        ///< on the thread that reads and writes: must return within microseconds
};

class availability;

/// How a route is run and what it reads.
struct route_options {
    runs where = runs::on_work_thread;
    /// Media types of a body, without parameters; any other is 415. A request without a body needs
    /// none.
    std::vector<std::string> body_types{"application/json"};
    /// Bytes of a body, when smaller than the server's limit; 0: the server's.
    std::size_t body_bytes_max = 0;
    /// What the handler cannot do without: while it is away a request is answered 503 at once, but
    /// for one now and then. Null: nothing.
    availability* needs = nullptr;
};

/// One route as it was added.
struct route {
    request_method method = request_method::get;
    std::string pattern{};
    http::handler handler{};
    route_options options{};
    std::size_t number = 0;  ///< counted from 0 in the order of adding
};

/// What a method and a path lead to.
struct route_match {
    route const* found = nullptr;  ///< null: `allow` says why
    /// Of the path, "GET, HEAD, OPTIONS"; empty: there is nothing at this path.
    std::string allow{};
};

/// The routes of a server. Filled first, then only read, by any number of threads.
class router {
public:
    router();
    router(router&&) noexcept;
    router& operator=(router&&) noexcept;
    ~router();

    /// \throws std::invalid_argument: not a pattern, there already, HEAD or OPTIONS
    router&
    add(request_method method, std::string pattern, handler answers, route_options options = {});

    /// In the order of adding.
    [[nodiscard]] std::vector<route> const& routes() const noexcept;

    /// Finds the route for a path without query, and fills `to` with its decoded parameters. A
    /// segment that is not percent-encoded UTF-8 without NUL matches nothing.
    [[nodiscard]] route_match
    match(request_method method, std::string_view path, std::vector<named_text>& to) const;

    /// Every method that some route has, for `OPTIONS *`.
    [[nodiscard]] std::string allow_of_all() const;

private:
    struct path_pattern;
    std::vector<route> routes_;
    std::vector<path_pattern> patterns_;  // literals before parameters, segment by segment
};

/// Decodes %XX; empty when a percent sign stands alone, or when the result is not UTF-8 without
/// NUL. With `plus_is_space` as in queries.
[[nodiscard]] std::optional<std::string> percent_decoded(std::string_view text,
                                                         bool plus_is_space = false);

/// The names and values of a query, decoded; empty when one cannot be.
[[nodiscard]] std::optional<std::vector<named_text>> parse_query(std::string_view raw);

}  // namespace tiebreak::service::http
