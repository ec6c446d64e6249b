// `tiebreak token`: makes a bearer token for a tenant.
#include "cli/commands.hpp"
#include "service/api/tenants.hpp"

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <string>

namespace tiebreak::cli {

namespace {

constexpr char const* token_description =
    "Make a bearer token for a tenant: the token goes to standard error, for the tenant alone; the "
    "line with its hash to standard output, for the file that 'serve --token-file' reads.";

constexpr char const* token_examples = R"(Examples:
  tiebreak token acme >> tokens
  tiebreak serve --db sqlite:shop.db --token-file tokens)";

}  // namespace

void add_token(CLI::App& app, body& chosen)
{
    auto* command = app.add_subcommand("token", token_description);
    auto const tenant = std::make_shared<std::string>();
    command->add_option("tenant", *tenant, "the tenant's name, without spaces")->required();
    command->footer(token_examples);
    command->callback([&chosen, tenant] {
        chosen = [tenant]() -> int {
            auto const made = service::api::make_token(*tenant);
            std::cerr << made.token << '\n';
            std::cout << made.line << '\n';
            return exit_done;
        };
    });
}

}  // namespace tiebreak::cli
