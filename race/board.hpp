// The score board: memory shared by the parent and all racers, one slot a request. It belongs to no
// process, so what was written there is still known after a racer was killed.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace tiebreak::race {

/// Where a request stands.
enum class slot_state : std::uint8_t { unused, running, answered, cut_off };

/// How a request was answered. Each request ends in exactly one of them, or was cut off.
enum class answer : std::uint8_t { won, refused, replayed, failed };

/// One request, written by the thread that makes it, read by everybody.
struct request_slot {
    std::atomic<slot_state> state{slot_state::unused};
    answer outcome = answer::failed;
    bool unknown = false;  ///< failed, and what it wanted may be done all the same
    std::uint16_t process = 0;
    std::uint32_t conflicts = 0;
    std::uint32_t retries = 0;
    std::uint32_t deadlocks = 0;
    std::int64_t subject = 0;       ///< what was asked for: member, order, run …
    std::int64_t acknowledged = 0;  ///< what a winner was told: issue, version, epoch …
    std::int64_t started_us = 0;    ///< monotonic clock
    std::int64_t latency_us = 0;
    std::array<char, 96> failure{};  ///< why it failed, cut to fit

    void explain(std::string_view why) noexcept;
};

/// An event that all processes see: set once, for good.
class shared_event {
public:
    void set() noexcept;

    [[nodiscard]] bool is_set() const noexcept { return word_.load() != 0; }

    /// Returns when the event is set, or after about `at_most_ms`.
    void wait(int at_most_ms) const noexcept;

private:
    std::atomic<std::uint32_t> word_{0};
};

/// What one racer process says of itself.
struct racer_slot {
    std::atomic<bool> broken{false};  ///< it could not start; `failure` says why
    std::array<char, 256> failure{};
};

/// The part of the board that is not a slot.
struct board_head {
    shared_event go;                           ///< the start signal
    std::atomic<bool> stop{false};             ///< finish the request at hand, take no further
    std::atomic<std::int32_t> ready{0};        ///< threads that wait for the start signal
    std::atomic<std::int32_t> racers_lost{0};  ///< processes that died: nobody shall wait for them
    std::atomic<std::int64_t> next{0};         ///< the next request nobody has taken
    std::atomic<std::int64_t> answered{0};     ///< for the progress line
    std::atomic<std::int64_t> goal{0};         ///< what `answered` will reach; 0 when unknown
    std::int64_t started_us = 0;               ///< when `go` was set
};

/// The shared memory itself; freed with the object in the process that made it.
class board {
public:
    /// Room for so many requests, racers, and numbers for the scenario's own use; all zero.
    /// Memory is taken when it is touched, so generous sizes cost nothing.
    board(std::size_t requests, std::size_t racers, std::size_t own_words);
    board(board const&) = delete;
    board& operator=(board const&) = delete;
    ~board();

    [[nodiscard]] board_head& head() noexcept { return *head_; }

    [[nodiscard]] board_head const& head() const noexcept { return *head_; }

    [[nodiscard]] std::span<request_slot> slots() noexcept { return slots_; }

    [[nodiscard]] std::span<request_slot const> slots() const noexcept { return slots_; }

    [[nodiscard]] std::span<racer_slot> racers() noexcept { return racers_; }

    /// Numbers that mean what the scenario says they mean.
    [[nodiscard]] std::span<std::atomic<std::int64_t>> own() noexcept { return own_; }

    [[nodiscard]] std::span<std::atomic<std::int64_t> const> own() const noexcept { return own_; }

    /// The slots that were ever taken.
    [[nodiscard]] std::span<request_slot const> used() const noexcept;

    /// Racer `number` has died: what it was doing stays undone.
    void cut_off(int number) noexcept;

private:
    void* memory_ = nullptr;
    std::size_t size_ = 0;
    board_head* head_ = nullptr;
    std::span<request_slot> slots_;
    std::span<racer_slot> racers_;
    std::span<std::atomic<std::int64_t>> own_;
};

/// The monotonic clock in microseconds; the same in all processes.
[[nodiscard]] std::int64_t monotonic_us() noexcept;

}  // namespace tiebreak::race
