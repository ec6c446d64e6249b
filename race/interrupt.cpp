#include "race/interrupt.hpp"

#include <array>
#include <csignal>

namespace tiebreak::race {

namespace {

constexpr std::array<int, 2> signals{SIGINT, SIGTERM};
volatile std::sig_atomic_t received = 0;
std::array<struct sigaction, signals.size()> before{};

extern "C" void remember(int signal)
{
    received = signal;
}

}  // namespace

interrupt_guard::interrupt_guard()
{
    received = 0;

    struct sigaction action {};

    action.sa_handler = &remember;
    for (std::size_t i = 0; i < signals.size(); ++i)
        ::sigaction(signals[i], &action, &before[i]);
}

interrupt_guard::~interrupt_guard()
{
    for (std::size_t i = 0; i < signals.size(); ++i)
        ::sigaction(signals[i], &before[i], nullptr);
}

int interrupted() noexcept
{
    return received;
}

void leave_interrupts_to_the_parent() noexcept
{
    for (int const signal : signals)
        std::signal(signal, SIG_IGN);
}

}  // namespace tiebreak::race
