// Requests and answers for the tests of idempotency, and work that can be counted in the rows.
#pragma once

#include <tiebreak/idempotency.hpp>
#include <tiebreak/schema.hpp>

#include "support/checks.hpp"
#include "support/shop.hpp"

#include <string>

namespace tiebreak::test {

// "POST /orders" of tenant "t" with a key and a payload.
[[nodiscard]] inline idempotent_request request_of(std::string key, std::string_view payload = "{}")
{
    return {.tenant = "t",
            .route = "POST /orders",
            .key = std::move(key),
            .fingerprint = fingerprint_of({.method = "POST", .path = "/orders", .body = payload})};
}

[[nodiscard]] inline idempotent_answer answer_of(std::string body, int status = 201)
{
    return {.status = status,
            .headers = {{"content-type", "application/json"}},
            .body = std::move(body)};
}

// Work whose effect is one row, named after it.
[[nodiscard]] inline idempotency::work_body adds_setting(std::string name)
{
    return [name = std::move(name)](unit_of_work& work) {
        work.insert(setting{.name = name});
        return keep(answer_of(name));
    };
}

// Work that must not run.
[[nodiscard]] inline idempotency::work_body must_not_run()
{
    return [](unit_of_work&) -> idempotent_verdict {
        throw std::logic_error("the work of a repeat ran");
    };
}

[[nodiscard]] inline std::int64_t key_rows(database& in)
{
    return in.read([](snapshot& view) {
        return view.query<std::int64_t>("SELECT COUNT(*) FROM tiebreak_idempotency").front();
    });
}

// Makes every key row look as if time had passed: its deadline and its expiry.
inline void let_pass(database& in, std::chrono::seconds how_long)
{
    auto const seconds = std::to_string(how_long.count());
    auto const earlier = [&](std::string const& column) {
        if (in.engine() == "mariadb")
            return column + " - INTERVAL " + seconds + " SECOND";
        if (in.engine() == "postgresql")
            return column + " - INTERVAL '" + seconds + " seconds'";
        return column + " - " + seconds + "000000";
    };
    in.transact([&](unit_of_work& work) {
        work.execute("UPDATE tiebreak_idempotency SET deadline = " + earlier("deadline") +
                     ", expires_at = " + earlier("expires_at"));
        work.execute("UPDATE tiebreak_answer_parts SET expires_at = " + earlier("expires_at"));
    });
}

}  // namespace tiebreak::test
