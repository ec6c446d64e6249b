// Ends calls to the server at their deadline: the client library has no timeouts below a second,
// and none that would also free what the server holds.
//
// One thread of the process, started when the first deadline is set, looks after all connections
// and ends with the last of them. At the deadline of a call it sends KILL QUERY through a
// connection of its own; the call then ends with the server's answer to that. When no answer comes,
// or the server cannot be reached, it shuts the socket down, and the call ends as on any dead link.
// One that could not be reached is not tried again for a while, so that the calls of many
// connections to a dead server do not wait for each other.
//
// A kill must not meet a later statement: `watched::end` waits while one is on its way, and a
// connection that one was sent to is not used for another transaction.
#pragma once

#include "sql/connection.hpp"

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>

namespace tiebreak::mariadb {

class watchdog;

// A connection to the same server, for one command.
class killer {
public:
    killer() = default;
    killer(killer const&) = delete;
    killer& operator=(killer const&) = delete;
    virtual ~killer() = default;

    // Which server: the same number for the same one.
    [[nodiscard]] virtual std::size_t server() const noexcept = 0;
    // Within a few seconds; false when the server cannot be reached.
    [[nodiscard]] virtual bool connect() noexcept = 0;
    // Ends the statement that runs on the watched connection.
    [[nodiscard]] virtual bool kill() noexcept = 0;
};

// Not to be touched, not even destroyed, in a child made by fork: the thread is not there.
class watched {
public:
    // `socket` is copied: the client library may close its own at any time.
    watched(int socket, std::unique_ptr<killer> with);
    watched(watched const&) = delete;
    watched& operator=(watched const&) = delete;
    ~watched();

    // A call begins: at `kill` its statement is ended, at `cut` the socket is shut down.
    void begin(sql::deadline kill, sql::deadline cut) noexcept;

    // The call is over. True when its statement was killed by us, or may be yet.
    [[nodiscard]] bool end() noexcept;

private:
    friend class watchdog;

    // For the thread. When there is something to do next; nothing while no call runs.
    [[nodiscard]] sql::deadline next() noexcept;
    // Does what is due now.
    void act() noexcept;
    [[nodiscard]] bool reach_server() noexcept;
    void cut_off() noexcept;

    std::shared_ptr<watchdog> dog_;
    std::unique_ptr<killer> killer_;
    int socket_ = -1;
    std::mutex mutex_;
    std::condition_variable sent_;
    sql::deadline kill_at_ = sql::deadline::max();
    sql::deadline cut_at_ = sql::deadline::max();
    std::uint64_t number_ = 0;  // of the call
    bool running_ = false;
    bool sending_ = false;
    bool killed_ = false;
    // of the list of all, guarded by the watchdog
    watched* previous_ = nullptr;
    watched* next_ = nullptr;
    bool held_ = false;  // the thread acts on it now
};

}  // namespace tiebreak::mariadb
