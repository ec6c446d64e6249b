// A database server of a test's own, to be killed and started again.
#pragma once

#include "support/temporary_folder.hpp"

#include <string>

namespace tiebreak::test {

// Started by tools/databases.sh, gone at the end of the scope.
class private_database {
public:
    // \param engine  "postgresql" or "mariadb". Throws std::runtime_error.
    explicit private_database(std::string const& engine);
    private_database(private_database const&) = delete;
    private_database& operator=(private_database const&) = delete;
    ~private_database();

    // The same as long as it lives.
    [[nodiscard]] std::string const& url() const noexcept { return url_; }

    // As a crash would end it.
    void kill() const;
    // With the data that it had, at the same port; answers when it accepts work.
    void start_again() const;

private:
    [[nodiscard]] std::string run(std::string const& command, std::string const& more = {}) const;

    std::string engine_;  // as tools/databases.sh names it
    temporary_folder folder_{"/dev/shm"};
    std::string url_;
};

}  // namespace tiebreak::test
