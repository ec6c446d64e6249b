#include "service/api/application.hpp"

#include <thread>

namespace tiebreak::service::api {

std::function<void()> pause_of(decisions const& how)
{
    if (how.think.count() == 0)
        return {};
    return [pause = how.think] { std::this_thread::sleep_for(pause); };
}

}  // namespace tiebreak::service::api
