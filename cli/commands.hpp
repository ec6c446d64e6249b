// The subcommands of `tiebreak`. Each file adds its own to the command line and leaves behind what
// to do when it was chosen; main.cpp parses, runs it and turns errors into exit codes.
#pragma once

#include <functional>
#include <stdexcept>

namespace CLI {
class App;
}

namespace tiebreak::cli {

/// What every program answers: done, the answer is no, or it could not be asked.
enum exit_code : int { exit_done = 0, exit_no = 1, exit_usage = 2 };

/// Wrong use or a wrong environment: main prints the text as one line and exits with 2. The text
/// says what to change, and holds no password.
class usage_error : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// The body of the chosen subcommand; answers the exit code. Besides `usage_error`, main turns
/// `std::invalid_argument` and `tiebreak::error` into one line on stderr and exit code 2.
using body = std::function<int()>;

/// Each adds its subcommand to `app` and, from the callback CLI11 runs when the subcommand was
/// given, stores its body in `chosen`.
void add_race(CLI::App& app, body& chosen);
void add_schema(CLI::App& app, body& chosen);
void add_serve(CLI::App& app, body& chosen);
void add_token(CLI::App& app, body& chosen);
void add_payments(CLI::App& app, body& chosen);
void add_work(CLI::App& app, body& chosen);
void add_reap(CLI::App& app, body& chosen);

/// Of `schema`.
void add_schema_add_version(CLI::App& to, body& chosen);
void add_schema_gc(CLI::App& to, body& chosen);

}  // namespace tiebreak::cli
