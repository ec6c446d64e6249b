// Ctrl-C and SIGTERM as a question that the lab asks, instead of the end of the process.
#pragma once

namespace tiebreak::race {

/// While one exists, SIGINT and SIGTERM only set a flag; afterwards they do what they did before.
/// One at a time.
class interrupt_guard {
public:
    interrupt_guard();
    interrupt_guard(interrupt_guard const&) = delete;
    interrupt_guard& operator=(interrupt_guard const&) = delete;
    ~interrupt_guard();
};

/// The signal that came, or 0.
[[nodiscard]] int interrupted() noexcept;

/// In a racer: Ctrl-C reaches the whole group, but the parent decides what follows from it.
void leave_interrupts_to_the_parent() noexcept;

}  // namespace tiebreak::race
