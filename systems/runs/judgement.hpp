/// \file
/// What a finalise may do, by the run as it was read: pure, no SQL. The conditional write that
/// follows decides; whoever loses it reads and is judged again.
#pragma once

#include "systems/runs/finalize.hpp"

#include <optional>

namespace tiebreak::systems::runs::detail {

struct judgement {
    enum class next : std::uint8_t {
        write,         ///< nothing refuses
        roll_forward,  ///< decided by this same request before, and CLAIMED still
        answer,        ///< `answer` is the end
    };
    next then = next::write;
    std::optional<finalize_result> answer{};
};

[[nodiscard]] judgement
judge(std::optional<run> const& now, finalize_request const& request, strategy how);

}  // namespace tiebreak::systems::runs::detail
