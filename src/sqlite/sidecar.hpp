// The small file beside a database through which its writers take turns: two bytes that are locked,
// and two words in it that wake who waits. Mechanism only; gate.hpp decides who goes when.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace tiebreak::sqlite {

// The two places a writer passes. Each is a byte that one descriptor can lock, and a bell.
enum class place : std::uint8_t { queue, turn };

// One descriptor of the file; its locks end when it is closed, so also when the process dies.
// Not thread-safe. The content of the file decides nothing: it may be cut short, overwritten or
// removed at any time, and is then at worst of no use for waking.
class sidecar {
public:
    // Opens the file of the database at `database_path`, or makes it with the database's owner
    // and permissions. Throws std::system_error when it cannot be used for locking.
    explicit sidecar(std::string const& database_path);
    sidecar(sidecar const&) = delete;
    sidecar& operator=(sidecar const&) = delete;
    ~sidecar();

    [[nodiscard]] static std::string path_beside(std::string const& database_path)
    {
        return database_path + "-tiebreak";
    }

    enum class answer : std::uint8_t { yes, no, failed };

    [[nodiscard]] answer try_lock(place where) noexcept;
    void unlock(place where) noexcept;
    // True when another descriptor has it.
    [[nodiscard]] bool taken(place where) noexcept;

    // What `wait` compares with; read it before the last try to lock.
    [[nodiscard]] std::uint32_t bell(place where) noexcept;
    // Answers whether somebody was woken.
    bool ring(place where) noexcept;
    // Wakes one who sleeps, but is not remembered for who is about to: writes nothing.
    void wake(place where) noexcept;
    // Sleeps until the bell rings, or it has rung since `seen`, or the time is over, or for no
    // reason. False when the time was over.
    bool wait(place where, std::uint32_t seen, std::chrono::nanoseconds at_most) noexcept;

    // A mark that the queue is meant for somebody who was woken and may not run yet.
    void reserve_queue(bool reserved) noexcept;
    [[nodiscard]] bool queue_reserved() noexcept;

    // True when the file in use is no longer the one that others find beside the database.
    [[nodiscard]] bool replaced() noexcept;

    // In a child made by fork: gives the descriptor back, or the child would keep the locks of its
    // parent.
    void abandon() noexcept;

private:
    void open_or_make(std::string const& database_path);
    void map();

    std::string path_;
    int descriptor_ = -1;
    void* words_ = nullptr;  // mapped for the kernel's use alone: never read or written from here,
                             // because that would be fatal when the file is cut short
};

}  // namespace tiebreak::sqlite
