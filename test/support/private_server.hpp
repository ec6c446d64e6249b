// A database server of a test's own, for what cannot be done to one that others use: stopping it,
// killing it, spoiling its settings.
#pragma once

#include "support/engines.hpp"
#include "support/temporary_folder.hpp"

#include <string>
#include <string_view>

namespace tiebreak::test {

struct private_server_options {
    bool takes_tls = false;  // encrypted connections, too
};

// Started by tools/databases.sh, gone at the end of the scope. Each call returns when it is done.
class private_server {
public:
    // "postgresql" or "mariadb". Fails the running test when no such server can be had.
    explicit private_server(std::string_view engine, private_server_options how = {});
    private_server(private_server const&) = delete;
    private_server& operator=(private_server const&) = delete;
    ~private_server();

    // Of an administrator; empty when the server could not be started.
    [[nodiscard]] std::string const& url() const noexcept { return url_; }

    // The folder of its data.
    [[nodiscard]] std::string data() const;

    // The file of the certificate that it shows, which names 127.0.0.1 and is its own authority,
    // and of its key.
    [[nodiscard]] std::string certificate() const;
    [[nodiscard]] std::string certificate_key() const;

    // Again after `stop` or `kill`, on the same port and with the same data.
    void start();
    void stop();
    // At once, as a crash would end it.
    void kill();

private:
    std::string run(std::string const& command, std::string const& more = {}) const;

    private_server_options how_;
    temporary_folder folder_;
    std::string name_;  // as tools/databases.sh calls it
    std::string url_;
};

}  // namespace tiebreak::test
