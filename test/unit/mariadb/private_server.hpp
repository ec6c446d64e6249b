// A MariaDB server of a test's own, for what cannot be done to one that others use.
#pragma once

#include "support/temporary_folder.hpp"

#include <string>

namespace tiebreak::mariadb {

// Started by tools/databases.sh, gone at the end of the scope.
class private_server {
public:
    private_server();
    private_server(private_server const&) = delete;
    private_server& operator=(private_server const&) = delete;
    ~private_server();

    // Of an administrator.
    [[nodiscard]] std::string const& url() const noexcept { return url_; }

    void stop();

private:
    [[nodiscard]] std::string run(std::string const& command) const;

    test::temporary_folder folder_;
    std::string url_;
};

}  // namespace tiebreak::mariadb
