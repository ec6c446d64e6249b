// How often a piece of work waits for a server's answer. Time says little about that on one
// machine, and everything over a network.
#pragma once

#include <functional>

namespace bench {

/// The round trips of this thread while `work` runs: answers that came after something was sent.
/// Messages sent in a row count once, however their answers arrive. What programs send and receive
/// by send() and recv() is counted, as libpq and libmariadb do, by functions of these names in the
/// program itself.
[[nodiscard]] int round_trips(std::function<void()> const& work);

}  // namespace bench
