#include "database/connect_pace.hpp"

#include <algorithm>
#include <utility>

namespace tiebreak::detail {

std::unique_ptr<sql::connection> connect_pace::connect(opener const& open, sql::deadline until)
{
    if (is_failing_.load()) {
        lock held(mutex_);
        ++waiting_;
        bool const is_my_turn = wait_for_turn(held, until);
        --waiting_;
        if (is_my_turn)
            is_tried_ = true;
        else if (last_)
            throw error(*last_);
    }
    return try_now(open);
}

// True when the caller is to try for all. False: somebody has, or it is too late.
bool connect_pace::wait_for_turn(lock& held, sql::deadline until)
{
    auto const seen = failures_;
    while (last_ && failures_ == seen) {
        auto const now = std::chrono::steady_clock::now();
        if (now >= until)
            return false;
        if (!is_tried_ && now >= next_)
            return true;
        if (is_tried_ && until == sql::deadline::max())
            news_.wait(held);
        else
            news_.wait_until(held, is_tried_ ? until : std::min(next_, until));
    }
    return false;
}

std::unique_ptr<sql::connection> connect_pace::try_now(opener const& open)
{
    try {
        auto made = open();
        if (is_failing_.load())
            learn(std::nullopt);
        return made;
    } catch (error const& failure) {
        // Any other failure is the answer of a server that is there.
        if (failure.code() == errc::unavailable)
            learn(failure);
        else if (is_failing_.load())
            learn(std::nullopt);
        throw;
    } catch (...) {
        if (is_failing_.load())
            learn(std::nullopt);
        throw;
    }
}

void connect_pace::learn(std::optional<error> failure)
{
    {
        std::scoped_lock const hold(mutex_);
        auto const now = std::chrono::steady_clock::now();
        if (!failure)
            pause_ = std::chrono::milliseconds{0};
        else if (pause_.count() == 0)
            pause_ = first_pause_;
        else if (now >= next_)  // sooner: of those that had begun before the first failure
            pause_ = std::min(pause_ * 2, first_pause_ * 16);
        next_ = now + pause_;
        failures_ += failure ? 1 : 0;
        last_ = std::move(failure);
        is_failing_ = last_.has_value();
        is_tried_ = false;
    }
    news_.notify_all();
}

int connect_pace::waiting() const
{
    std::scoped_lock const hold(mutex_);
    return waiting_;
}

}  // namespace tiebreak::detail
