#include "race/board.hpp"

#include "race/options.hpp"

#include <algorithm>
#include <chrono>
#include <climits>
#include <ctime>
#include <linux/futex.h>
#include <memory>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace tiebreak::race {

namespace {

static_assert(std::atomic<std::uint32_t>::is_always_lock_free &&
              sizeof(std::atomic<std::uint32_t>) == sizeof(std::uint32_t));
static_assert(std::atomic<std::int64_t>::is_always_lock_free);

// std::atomic::wait sleeps on a futex that is private to the process; this one is not.
void futex(std::atomic<std::uint32_t> const& word,
           int what,
           std::uint32_t number,
           timespec const* limit) noexcept
{
    auto* address = const_cast<std::uint32_t*>(reinterpret_cast<std::uint32_t const*>(&word));
    ::syscall(SYS_futex, address, what, number, limit, nullptr, 0);
}

template <class T>
std::size_t room_for(std::size_t number) noexcept
{
    constexpr std::size_t line = 64;
    return (number * sizeof(T) + line - 1) / line * line;
}

template <class T>
std::span<T> make(std::byte*& at, std::size_t number)
{
    auto* first = reinterpret_cast<T*>(at);
    std::uninitialized_value_construct_n(first, number);
    at += room_for<T>(number);
    return {first, number};
}

// Slots are not constructed one by one, that would touch all of them: fresh anonymous memory is
// zero, and all zero is what an unused slot is.
template <class T>
std::span<T> zeroed(std::byte*& at, std::size_t number) noexcept
{
    auto* first = reinterpret_cast<T*>(at);
    at += room_for<T>(number);
    return {first, number};
}

}  // namespace

void request_slot::explain(std::string_view why) noexcept
{
    auto const length = std::min(why.size(), failure.size() - 1);
    std::copy_n(why.data(), length, failure.data());
    failure[length] = '\0';
}

void shared_event::set() noexcept
{
    word_.store(1);
    futex(word_, FUTEX_WAKE, INT_MAX, nullptr);
}

void shared_event::wait(int at_most_ms) const noexcept
{
    timespec const limit{at_most_ms / 1000, (at_most_ms % 1000) * 1'000'000L};
    if (!is_set())
        futex(word_, FUTEX_WAIT, 0, &limit);
}

board::board(std::size_t requests, std::size_t racers, std::size_t own_words)
    : size_(room_for<board_head>(1) + room_for<request_slot>(requests) +
            room_for<racer_slot>(racers) + room_for<std::atomic<std::int64_t>>(own_words))
{
    memory_ = ::mmap(
        nullptr, size_, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory_ == MAP_FAILED)
        throw cannot_race("there is not enough memory for so many requests; lower --users");
    auto* at = static_cast<std::byte*>(memory_);
    head_ = make<board_head>(at, 1).data();
    racers_ = make<racer_slot>(at, racers);
    slots_ = zeroed<request_slot>(at, requests);
    own_ = zeroed<std::atomic<std::int64_t>>(at, own_words);
}

board::~board()
{
    ::munmap(memory_, size_);
}

std::span<request_slot const> board::used() const noexcept
{
    auto const taken =
        std::clamp<std::int64_t>(head_->next.load(), 0, static_cast<std::int64_t>(slots_.size()));
    return slots_.first(static_cast<std::size_t>(taken));
}

void board::cut_off(int number) noexcept
{
    for (auto& slot : slots_.first(used().size()))
        if (slot.process == number && slot.state.load() == slot_state::running)
            slot.state.store(slot_state::cut_off);
}

std::int64_t monotonic_us() noexcept
{
    using namespace std::chrono;
    return duration_cast<microseconds>(steady_clock::now().time_since_epoch()).count();
}

}  // namespace tiebreak::race
