// Subcommands whose names are settled and whose work comes with a later release: they exit with 2
// and say so, instead of "unknown".
#include "cli/commands.hpp"

#include <CLI/CLI.hpp>
#include <array>
#include <string>
#include <string_view>

namespace tiebreak::cli {

namespace {

struct later_command {
    std::string_view name;
    std::string_view text;
};

constexpr std::array<later_command, 2> later_commands{{
    {"work", "run a command for each claimed run (comes with a later release)"},
    {"reap", "return runs with expired leases (comes with a later release)"},
}};

}  // namespace

void add_later(CLI::App& app, body& chosen)
{
    for (auto const& command : later_commands) {
        std::string const name{command.name};
        auto* sub = app.add_subcommand(name, std::string{command.text});
        sub->allow_extras();
        sub->callback([&chosen, name] {
            chosen = [name]() -> int {
                throw usage_error("'" + name + "' comes with a later release");
            };
        });
    }
}

}  // namespace tiebreak::cli
