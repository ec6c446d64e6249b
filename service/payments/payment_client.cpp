// A call: one attempt after the other, until one settles it or nothing more may be tried.
#include "service/payments/payment_client.hpp"

#include <tiebreak/log.hpp>
#include <tiebreak/retry.hpp>

#include "service/http/json_text.hpp"
#include "service/payments/judgement.hpp"
#include "service/payments/transport.hpp"
#include "service/payments/wire.hpp"

#include <algorithm>
#include <array>
#include <random>
#include <thread>

namespace tiebreak::service::payments {

namespace tickets = systems::tickets;
using steady = std::chrono::steady_clock;
using std::chrono::milliseconds;

struct payment_client::state {
    payment_client_options options;
    transport server;
};

namespace {

// When the next attempt of one call may start, if at all.
class attempts {
public:
    attempts(payment_client_options const& options, int most)
        : options_(options), most_(most), until_(steady::now() + options.call_time)
    {
    }

    [[nodiscard]] steady::time_point until() const noexcept { return until_; }

    [[nodiscard]] int made() const noexcept { return made_; }

    // Call it after each attempt that settled nothing. False: that was the last.
    [[nodiscard]] bool wait_for_next(exchange const& after, bool is_refused_for_good)
    {
        ++made_;
        if (made_ >= most_ || is_refused_for_good)
            return false;
        milliseconds pause = next_pause();
        if (after.end == exchange_end::answered && after.reply.retry_after)
            pause = std::max<milliseconds>(pause, *after.reply.retry_after);
        if (steady::now() + pause >= until_)
            return false;
        std::this_thread::sleep_for(pause);
        return true;
    }

private:
    [[nodiscard]] milliseconds next_pause() const
    {
        thread_local std::mt19937_64 random{std::random_device{}()};
        retry_policy const policy{.base = options_.pause, .cap = options_.pause_max};
        return std::chrono::ceil<milliseconds>(pause_after(made_, policy, random()));
    }

    payment_client_options const& options_;
    int most_;
    int made_ = 0;
    steady::time_point until_;
};

// What the last attempt met, for people. Neither keys nor bodies.
void log_unsettled(std::string_view call,
                   std::string_view outcome,
                   transport const& server,
                   exchange const& last,
                   int attempts)
{
    auto const count = std::to_string(attempts);
    auto const why = last.end == exchange_end::answered
                         ? "status " + std::to_string(last.reply.status)
                         : std::string{last.why};
    std::array const fields{log_field{"call", call},
                            log_field{"outcome", outcome},
                            log_field{"provider", server.shown_url()},
                            log_field{"attempts", count},
                            log_field{"last", why}};
    log(log_level::warning, "payment_unsettled", fields);
}

std::string body_of(tickets::charge_request const& wish)
{
    return http::json_object{}
        .add("payment_key", wish.payment_key)
        .add("order_id", wish.order_id)
        .add("amount", wish.amount)
        .take();
}

// Sends until `read` finds an answer in a reply. Only for what may be repeated without end.
template <class Read>
auto ask(transport& server,
         payment_client_options const& options,
         outgoing const& what,
         std::string_view call,
         Read&& read) -> decltype(read(http_reply{}))
{
    attempts tries(options, options.attempts_max);
    for (;;) {
        auto const done = server.send(what, tries.until());
        bool const is_answered = done.end == exchange_end::answered;
        if (is_answered)
            if (auto answer = read(done.reply))
                return answer;
        if (!tries.wait_for_next(done, is_answered && is_refused_for_good(done.reply))) {
            log_unsettled(call, "no_answer", server, done, tries.made());
            return {};
        }
    }
}

}  // namespace

payment_client::payment_client(std::string_view base_url, payment_client_options const& options)
    : state_(new state{options, transport(base_url, options)})
{
}

payment_client::~payment_client() = default;

tickets::charge_reply payment_client::charge(tickets::charge_request const& wish)
{
    auto& [options, server] = *state_;
    outgoing what{.is_post = true, .path = std::string{payments_path}, .body = body_of(wish)};
    if (wish.idempotency_key)
        what.idempotency_key = header_value_of(*wish.idempotency_key);
    attempts tries(options, what.idempotency_key ? options.attempts_max : 1);
    bool is_in_doubt = false;
    for (;;) {
        auto const done = server.send(what, tries.until());
        charge_judgement judged{done.end == exchange_end::not_sent ? judgement::refused_for_now
                                                                   : judgement::doubtful};
        if (done.end == exchange_end::answered)
            judged = judge_charge(done.reply, wish);
        if (judged.how == judgement::settled)
            return std::move(judged.reply);
        is_in_doubt = is_in_doubt || judged.how == judgement::doubtful;
        if (!tries.wait_for_next(done, judged.how == judgement::refused)) {
            auto const outcome =
                is_in_doubt ? tickets::charge_outcome::no_answer : tickets::charge_outcome::error;
            log_unsettled("charge", name_of(outcome), server, done, tries.made());
            return {outcome};
        }
    }
}

std::optional<tickets::payment_record> payment_client::find(std::string_view payment_key)
{
    return ask(state_->server,
               state_->options,
               {.path = path_of(payment_key)},
               "find",
               [&](http_reply const& reply) { return judge_record(reply, payment_key); });
}

tickets::cancel_outcome payment_client::cancel(std::string_view payment_key)
{
    auto const is_done =
        ask(state_->server,
            state_->options,
            {.is_post = true, .path = path_of(payment_key) + "/cancel"},
            "cancel",
            [&](http_reply const& reply) { return says_cancelled(reply, payment_key); });
    return is_done ? tickets::cancel_outcome::cancelled : tickets::cancel_outcome::no_answer;
}

std::string const& payment_client::shown_url() const noexcept
{
    return state_->server.shown_url();
}

}  // namespace tiebreak::service::payments
