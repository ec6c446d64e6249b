// What the tests of the payment client share: a provider whose every byte is scripted, and the
// replies of a sane one.
#pragma once

#include "service/payments/payment_client.hpp"
#include "support/scripted_server.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace tiebreak::test {

namespace tickets = systems::tickets;

class scripted_provider : public testing::Test {
protected:
    static constexpr std::string_view json = "application/json";
    static constexpr std::string_view problem = "application/problem+json";

    // Short enough that waiting in vain costs a test little; nothing is asserted about time.
    static service::payments::payment_client_options patient_for(std::chrono::milliseconds attempt,
                                                                 int attempts)
    {
        return {.attempt_time = attempt,
                .call_time = std::chrono::seconds{30},
                .attempts_max = attempts,
                .pause = std::chrono::milliseconds{1}};
    }

    [[nodiscard]] std::string url() const
    {
        return "http://127.0.0.1:" + std::to_string(server_.port());
    }

    [[nodiscard]] service::payments::payment_client client(int attempts = 3) const
    {
        return service::payments::payment_client(url(),
                                                 patient_for(std::chrono::seconds{10}, attempts));
    }

    static tickets::charge_request wish(std::string_view key = "k") { return {key, 7, 1'000, key}; }

    static std::string approval(std::string_view key = "k")
    {
        return http_reply(200, json, approval_body(key));
    }

    static std::string approval_body(std::string_view key = "k")
    {
        return R"({"outcome":"approved","charge_id":"charge-1","payment_key":")" +
               std::string{key} + R"(","order_id":7,"amount":1000})";
    }

    // The provider's own problem document.
    static std::string refusal(int status, std::string_view slug, std::string_view key = "k")
    {
        return http_reply(status,
                          problem,
                          R"({"type":"urn:tiebreak:problem:)" + std::string{slug} +
                              R"(","title":"T","status":)" + std::to_string(status) +
                              R"(,"payment_key":")" + std::string{key} + R"("})");
    }

    // What one attempt comes to when the server says this.
    tickets::charge_outcome outcome_of(scripted_reply const& reply)
    {
        server_.reply(reply);
        return client(1).charge(wish()).outcome;
    }

    tickets::charge_outcome outcome_of(std::string bytes)
    {
        return outcome_of(scripted_reply{std::move(bytes)});
    }

    scripted_server server_;
};

}  // namespace tiebreak::test
