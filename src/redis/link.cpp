#include "redis/link.hpp"

#include "redis/quiet_pipe.hpp"

#include <hiredis/hiredis.h>

namespace tiebreak::detail {

namespace {

timeval as_timeval(std::chrono::milliseconds time) noexcept
{
    auto const whole = std::chrono::duration_cast<std::chrono::seconds>(time);
    return {.tv_sec = whole.count(), .tv_usec = std::chrono::microseconds{time - whole}.count()};
}

redis_reply converted(redisReply const& from)
{
    redis_reply to;
    switch (from.type) {
    case REDIS_REPLY_STRING:
    case REDIS_REPLY_STATUS:
        to.what = redis_reply::kind::text;
        to.text.assign(from.str, from.len);
        break;
    case REDIS_REPLY_INTEGER:
        to.what = redis_reply::kind::integer;
        to.integer = from.integer;
        break;
    case REDIS_REPLY_ARRAY:
        to.what = redis_reply::kind::list;
        for (std::size_t i = 0; i < from.elements; ++i)
            to.list.push_back(converted(*from.element[i]));
        break;
    case REDIS_REPLY_NIL: break;
    default: throw redis_failure("Redis answered with an error");
    }
    return to;
}

}  // namespace

void redis_link::closed::operator()(redisContext* context) const noexcept
{
    quiet_pipe const quiet;
    redisFree(context);
}

redis_link::redis_link(redis_settings const& to)
{
    quiet_pipe const quiet;
    auto const limit = as_timeval(to.options.connect_timeout);
    context_.reset(to.socket.empty() ? redisConnectWithTimeout(to.host.c_str(), to.port, limit)
                                     : redisConnectUnixWithTimeout(to.socket.c_str(), limit));
    if (!context_ || context_->err != 0)
        throw redis_failure("Redis cannot be reached");
    redisSetTimeout(context_.get(), limit);
    log_in(to);
    redisSetTimeout(context_.get(), as_timeval(to.options.command_timeout));
}

redis_link::~redis_link() = default;

void redis_link::log_in(redis_settings const& to)
{
    if (!to.user.empty())
        run({"AUTH", to.user, to.password});
    else if (!to.password.empty())
        run({"AUTH", to.password});
    if (to.database != 0)
        run({"SELECT", std::to_string(to.database)});
}

bool redis_link::is_usable() const noexcept
{
    return context_->err == 0;
}

redis_reply redis_link::run(redis_command command)
{
    quiet_pipe const quiet;
    append(command);
    return receive();
}

// Every answer is taken, also behind an error, so that none is mistaken for that of a later call.
std::vector<redis_reply> redis_link::run(std::initializer_list<redis_command> commands)
{
    quiet_pipe const quiet;
    for (auto const& one : commands)
        append(one);
    std::vector<redis_reply> replies;
    bool failed = false;
    for (std::size_t i = 0; i < commands.size(); ++i) {
        try {
            replies.push_back(receive());
        } catch (redis_failure const&) {
            if (!is_usable())
                throw;
            failed = true;
        }
    }
    if (failed)
        throw redis_failure("Redis answered with an error");
    return replies;
}

void redis_link::append(redis_command command)
{
    std::vector<char const*> words;
    std::vector<std::size_t> sizes;
    for (auto const word : command) {
        words.push_back(word.data());
        sizes.push_back(word.size());
    }
    if (redisAppendCommandArgv(
            context_.get(), static_cast<int>(words.size()), words.data(), sizes.data()) != REDIS_OK)
        throw redis_failure("a command could not be sent to Redis");
}

redis_reply redis_link::receive()
{
    void* answer = nullptr;
    if (redisGetReply(context_.get(), &answer) != REDIS_OK || answer == nullptr)
        throw redis_failure("Redis did not answer");

    struct freed {
        void operator()(redisReply* reply) const noexcept { freeReplyObject(reply); }
    };

    std::unique_ptr<redisReply, freed> const owned(static_cast<redisReply*>(answer));
    return converted(*owned);
}

}  // namespace tiebreak::detail
