/// \file
/// Redis, as a place for hints that may be lost, late or wrong. Nothing here decides anything: what
/// has an effect is decided by the database.
///
/// URLs: `redis://user:password@host:port/db`, `unix:/run/redis/redis.sock?db=0`. Parameters after
/// `?`, joined by `&`: `db=`, `connections=`, `connect_timeout_ms=`, `command_timeout_ms=`,
/// `key_prefix=`, `password_file=` and `password_env=` (a password that is not in the URL).
///
/// | Redis is         | a call                                                            |
/// |------------------|-------------------------------------------------------------------|
/// | answering        | takes one round trip                                              |
/// | not answering    | fails, at most `connect_timeout` + `command_timeout` later        |
/// | resting (1)      | fails at once, without a system call                              |
/// | all connections are in use | fails at once, and counts as nothing                    |
///
/// (1) after `failures_max` failures in a row it is left alone for `rest`; then one call tries. So
/// a Redis that is down or slow costs nothing after the first failures.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

namespace tiebreak {

namespace detail {

class redis_client;
struct redis_access;

}  // namespace detail

/// How Redis is used. What the URL says overrides it.
struct redis_options {
    /// At most; 1 to 1000. Opened when first needed.
    int connections_max = 8;
    /// For connecting and logging in; more than 0.
    std::chrono::milliseconds connect_timeout{100};
    /// For one answer; more than 0.
    std::chrono::milliseconds command_timeout{50};
    /// Failures in a row until Redis is left alone; at least 1.
    int failures_max = 3;
    /// How long it is left alone; more than 0.
    std::chrono::milliseconds rest{1'000};
    /// Stands before every key; at most 100 bytes.
    std::string key_prefix{"tiebreak:"};
};

/// Thread-safe; one object serves the whole process. Not to be used across `fork`.
class redis {
public:
    /// Connects to nothing yet: Redis may be away.
    /// \throws std::invalid_argument: the URL or an option is wrong, or the password file is not
    ///   there; the sentence holds no part of a password
    explicit redis(std::string_view url, redis_options options = {});
    /// Moves the connections.
    redis(redis&&) noexcept;
    /// Moves the connections; closes those held before.
    redis& operator=(redis&&) noexcept;
    ~redis();

    /// True when Redis answered now. One round trip. Also tries a Redis that rests.
    [[nodiscard]] bool ping() const;

    /// True when Redis is left alone for now. No system call.
    [[nodiscard]] bool resting() const noexcept;

    /// The URL as given, with a password masked. Safe to log.
    [[nodiscard]] std::string const& shown_url() const noexcept;

private:
    friend struct detail::redis_access;

    std::unique_ptr<detail::redis_client> client_;
};

}  // namespace tiebreak
