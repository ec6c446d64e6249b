/// \file
/// How many connections each address has.
#pragma once

#include <cstddef>
#include <map>
#include <mutex>
#include <string>

namespace tiebreak::service::http {

/// Counts connections by address. Thread-safe; asked once a connection, never once a request.
class peers {
public:
    /// \param most  connections of one address; 0: no limit
    explicit peers(std::size_t most) noexcept : most_(most) {}

    /// False when the address has as many as it may have; else it counts one until `leave`.
    [[nodiscard]] bool try_enter(std::string const& address)
    {
        if (most_ == 0)
            return true;
        std::scoped_lock const hold(mutex_);
        auto& count = counts_[address];
        if (count >= most_)
            return false;
        ++count;
        return true;
    }

    void leave(std::string const& address) noexcept
    {
        if (most_ == 0)
            return;
        std::scoped_lock const hold(mutex_);
        auto const found = counts_.find(address);
        if (found != counts_.end() && --found->second == 0)
            counts_.erase(found);
    }

private:
    std::size_t most_;
    std::mutex mutex_{};
    std::map<std::string, std::size_t> counts_{};
};

}  // namespace tiebreak::service::http
