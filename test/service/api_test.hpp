// What the tests of the resources share: the service on a fresh database with the schema's tables,
// and a client that speaks JSON.
#pragma once

#include <tiebreak/schema.hpp>

#include "schema/schema.hpp"
#include "service/api/resources.hpp"
#include "service/http/server.hpp"
#include "service/raw_client.hpp"
#include "support/captured_log.hpp"
#include "support/engines.hpp"
#include "systems/tickets/stand_in_provider.hpp"

#include <boost/json.hpp>

#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace tiebreak::test {

using field_list = std::vector<std::pair<std::string, std::string>>;

// A response whose body, if there is one, is JSON.
struct api_response {
    raw_response raw{};
    boost::json::value json{};

    [[nodiscard]] int status() const { return raw.status; }

    [[nodiscard]] std::string slug() const { return raw.slug(); }

    // A member of the body, which must be there.
    [[nodiscard]] std::int64_t integer(std::string_view name) const
    {
        return json.at(name).as_int64();
    }

    [[nodiscard]] std::string text(std::string_view name) const
    {
        return std::string{json.at(name).as_string()};
    }
};

// One request, over a connection of its own.
inline api_response ask(std::uint16_t port,
                        std::string const& method,
                        std::string const& path,
                        std::optional<std::string> const& body = {},
                        field_list const& fields = {})
{
    auto text = method + " " + path + " HTTP/1.1\r\nHost: test\r\nConnection: close\r\n";
    for (auto const& [name, value] : fields)
        text += name + ": " + value + "\r\n";
    if (body)
        text +=
            "Content-Type: application/json\r\nContent-Length: " + std::to_string(body->size()) +
            "\r\n";
    text += "\r\n" + body.value_or("");
    auto answer = raw_client(port).ask(text);
    if (!answer)
        throw std::runtime_error(method + " " + path + " got no answer");
    api_response made{.raw = std::move(*answer)};
    if (!made.raw.body.empty())
        made.json = boost::json::parse(made.raw.body);
    return made;
}

class api_test : public engine_test {
protected:
    void SetUp() override
    {
        engine_test::SetUp();
        if (HasFatalFailure())
            return;
        schema::apply(db());
        install(db());
        app_.name = "test";
        app_.db = &db();
        app_.payments = &payments_;
    }

    void TearDown() override
    {
        stop();
        engine_test::TearDown();
    }

    // What `app` says at the first request stays so.
    [[nodiscard]] service::api::application& app() noexcept { return app_; }

    void start()
    {
        if (!server_)
            server_.emplace(service::api::routes_of(app_),
                            service::http::server_options{.metrics = app_.counted});
    }

    void stop() noexcept { server_.reset(); }

    [[nodiscard]] std::uint16_t port()
    {
        start();
        return server_->port();
    }

    [[nodiscard]] api_response ask(std::string const& method,
                                   std::string const& path,
                                   std::optional<std::string> const& body = {},
                                   field_list const& fields = {})
    {
        return test::ask(port(), method, path, body, fields);
    }

    [[nodiscard]] std::int64_t new_member()
    {
        return ask("POST", "/v1/members", R"({"name":"Ada"})").integer("id");
    }

    [[nodiscard]] systems::tickets::stand_in_provider& payments() noexcept { return payments_; }

private:
    captured_log log_;
    systems::tickets::stand_in_provider payments_{"sqlite::memory:"};
    service::api::application app_;
    std::optional<service::http::server> server_;
};

}  // namespace tiebreak::test
