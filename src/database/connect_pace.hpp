// Connecting to a server that is away: one tries, the others wait for what it finds. So a server
// that comes back is not met by a storm, and nobody waits for long to be told that it is away.
//
// | the last connect  | who wants a connection                                                   |
// |-------------------|--------------------------------------------------------------------------|
// | succeeded         | connects                                                                 |
// | failed            | waits for the pause after it, then one tries; who waited meanwhile gets  |
// |                   | the same failure, or connects too                                        |
#pragma once

#include <tiebreak/error.hpp>

#include "sql/connection.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>

namespace tiebreak::detail {

class connect_pace {
public:
    using opener = std::function<std::unique_ptr<sql::connection>()>;

    // The pause after the first failure; it doubles with each, up to 16 times this.
    explicit connect_pace(std::chrono::milliseconds first_pause = std::chrono::milliseconds{10})
        : first_pause_(first_pause)
    {
    }

    // Calls `open` when it is this caller's turn. Throws what it throws, and `unavailable` as
    // another caller met it, or as the last one did when `until` comes first.
    [[nodiscard]] std::unique_ptr<sql::connection> connect(opener const& open, sql::deadline until);

    // Callers that wait for what another finds.
    [[nodiscard]] int waiting() const;

private:
    using lock = std::unique_lock<std::mutex>;

    [[nodiscard]] bool wait_for_turn(lock& held, sql::deadline until);
    [[nodiscard]] std::unique_ptr<sql::connection> try_now(opener const& open);
    void learn(std::optional<error> failure);

    std::chrono::milliseconds first_pause_;
    std::atomic<bool> is_failing_{false};
    mutable std::mutex mutex_{};
    std::condition_variable news_{};
    std::optional<error> last_{};  // the failure; empty: the last connect succeeded
    std::chrono::milliseconds pause_{0};
    std::chrono::steady_clock::time_point next_{};
    bool is_tried_ = false;  // somebody tries
    unsigned long failures_ = 0;
    int waiting_ = 0;
};

}  // namespace tiebreak::detail
