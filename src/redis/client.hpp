// Redis as the layers above use it: a bounded pool of links behind a breaker. A call either gets an
// answer soon or learns that there is none; nothing waits for a free link.
#pragma once

#include "redis/breaker.hpp"
#include "redis/link.hpp"

#include <mutex>
#include <vector>

namespace tiebreak::detail {

// Thread-safe.
class redis_client {
public:
    explicit redis_client(redis_settings settings);

    // Runs `ask(link)`; false when Redis did not do it all, or was not asked. `ask` may have
    // happened or not, then. `even_resting`: a Redis that rests is asked, too.
    template <class Ask>
    [[nodiscard]] bool use(Ask&& ask, bool even_resting = false)
    {
        std::unique_ptr<redis_link> link;
        try {
            link = take(even_resting);
            if (!link)
                return false;
            ask(*link);
        } catch (redis_failure const&) {
            give_after_failure(std::move(link));
            return false;
        } catch (...) {
            give_after_failure(nullptr);  // what the link still has to say is not known
            throw;
        }
        give(std::move(link));
        return true;
    }

    [[nodiscard]] bool is_resting() const noexcept;

    [[nodiscard]] redis_settings const& settings() const noexcept { return settings_; }

    // With the prefix.
    [[nodiscard]] std::string key(std::string_view name) const
    {
        return settings_.options.key_prefix + std::string{name};
    }

private:
    [[nodiscard]] std::unique_ptr<redis_link> take(bool even_resting);
    void give(std::unique_ptr<redis_link> link);
    void give_after_failure(std::unique_ptr<redis_link> link);
    void keep(std::unique_ptr<redis_link> link);

    redis_settings settings_;
    breaker breaker_;
    std::mutex mutex_;
    int links_ = 0;  // open, or being opened
    std::vector<std::unique_ptr<redis_link>> idle_;
};

struct redis_access {
    [[nodiscard]] static redis_client& client(redis const& of) noexcept { return *of.client_; }
};

}  // namespace tiebreak::detail
