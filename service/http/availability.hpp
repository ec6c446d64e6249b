/// \file
/// Whether the database can be reached, as its users find out: so that while it is away requests
/// are answered at once, and it is not met by a storm of connections when it comes back.
///
/// | the database | who asks                                                                      |
/// |--------------|-------------------------------------------------------------------------------|
/// | is there     | may try                                                                       |
/// | is away      | one at a time may find out, within `probe_time`, `probe_pause` after the last |
/// |              | has ended; whoever else is to be answered 503 `unavailable` without trying    |
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <utility>

namespace tiebreak::service::http {

/// One for each database. Thread-safe; costs the reading of an atomic a request.
class availability {
public:
    /// A request that tries. Ends with its scope; tell what it found before.
    class attempt {
    public:
        /// \param probed  what it finds out about; null: nothing was known to be wrong
        explicit attempt(availability* probed) noexcept : probed_(probed) {}

        attempt(attempt&& other) noexcept : probed_(std::exchange(other.probed_, nullptr)) {}

        attempt& operator=(attempt&& other) noexcept
        {
            std::swap(probed_, other.probed_);
            return *this;
        }

        ~attempt()
        {
            if (probed_ != nullptr)
                probed_->end_probe();
        }

    private:
        availability* probed_;
    };

    /// How long a request tries that finds out: a database that is there answers much sooner.
    static constexpr std::chrono::milliseconds probe_time{1'000};

    explicit availability(std::chrono::milliseconds probe_pause = std::chrono::milliseconds{250})
        : probe_pause_(probe_pause)
    {
    }

    availability(availability const&) = delete;
    availability& operator=(availability const&) = delete;

    /// Empty: it is away, and somebody else finds out when it is back.
    [[nodiscard]] std::optional<attempt> try_enter() noexcept
    {
        if (!is_away()) [[likely]]
            return attempt(nullptr);
        if (now() < next_probe_ || is_probed_.exchange(true))
            return std::nullopt;
        return attempt(this);
    }

    /// It answered.
    void reached() noexcept
    {
        if (is_away())
            is_away_ = false;
    }

    /// It could not be reached.
    void lost() noexcept
    {
        if (!is_away_.exchange(true))
            next_probe_ = now() + probe_pause_.count();
    }

    [[nodiscard]] bool is_away() const noexcept { return is_away_.load(std::memory_order_relaxed); }

private:
    void end_probe() noexcept
    {
        next_probe_ = now() + probe_pause_.count();
        is_probed_ = false;
    }

    [[nodiscard]] static std::int64_t now() noexcept
    {
        return std::chrono::nanoseconds{std::chrono::steady_clock::now().time_since_epoch()}
            .count();
    }

    std::chrono::nanoseconds probe_pause_;
    std::atomic<bool> is_away_{false};
    std::atomic<std::int64_t> next_probe_{0};
    std::atomic<bool> is_probed_{false};
};

}  // namespace tiebreak::service::http
