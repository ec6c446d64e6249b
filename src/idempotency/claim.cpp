// Claiming a key: the row is committed before anything else happens. A write whose answer is lost
// is not told apart from one that lost: whoever wrote the row is seen in it.
#include "database/alone.hpp"
#include "database/commit_token.hpp"
#include "idempotency/claimed_work.hpp"
#include "idempotency/early_answer.hpp"

#include <algorithm>

namespace tiebreak::detail {

namespace {

using std::chrono::steady_clock;

// Whether the statement that `make` makes wrote the row.
template <class Make>
[[nodiscard]] bool writes(database& in, Make&& make)
{
    try {
        return run_alone(core_of(in), purpose::writing, [&](session& on) {
            bound_statement const statement = make(on);
            return statement.run->execute(statement.parameters) == 1;
        });
    } catch (error const& why) {
        if (why.code() != errc::already_exists && why.code() != errc::commit_unknown)
            throw;
        return false;
    }
}

class one_claim {
public:
    one_claim(database& in, idempotent_request const& request, idempotency_options const& options)
        : in_(in),
          request_(request),
          options_(options),
          early_(request, options, mine_.owner),
          until_(deadline_after(steady_clock::now(), core_of(in).options().retry))
    {
    }

    std::variant<idempotent_work, idempotent_result> answer()
    {
        for (auto next = first_step();; next = look_at_key()) {
            switch (next) {
            case key_judgement::begin:
                mine_.epoch = 1;
                if (insert())
                    return work();
                break;
            case key_judgement::take_over:
                mine_.epoch = seen_->epoch + 1;
                if (take_over())
                    return work();
                break;
            case key_judgement::go_on: mine_.epoch = seen_->epoch; return work();
            case key_judgement::replay:
            case key_judgement::answer_as_executed:
                return idempotent_result{.how = idempotent_outcome::replayed,
                                         .answer = std::move(answer_)};
            case key_judgement::refuse_as_reused:
                return idempotent_result{.how = idempotent_outcome::reused};
            case key_judgement::report_in_progress: return in_progress();
            }
            if (steady_clock::now() >= until_)
                return in_progress();
        }
    }

    // Of a row that was seen dead.
    std::optional<idempotent_work> take_over_seen(idempotency_row const& row)
    {
        seen_.emplace().progress = row.progress;
        seen_->epoch = row.epoch;
        mine_.epoch = row.epoch + 1;
        if (take_over())
            return work();
        return std::nullopt;
    }

private:
    [[nodiscard]] idempotent_result in_progress() const
    {
        return {.how = idempotent_outcome::in_progress, .retry_after = options_.retry_after};
    }

    // What Redis knows is asked of the database before anything is written.
    key_judgement first_step()
    {
        bool const is_news = early_.read_and_mark(options_.deadline) == early_answer::hint::none;
        return is_news ? key_judgement::begin : look_at_key();
    }

    [[nodiscard]] idempotent_work work()
    {
        early_.leave_mark();
        return {.request = request_,
                .owner = mine_.owner,
                .epoch = mine_.epoch,
                .taken_over = mine_.epoch > 1,
                .progress = seen_ ? seen_->progress : std::string{}};
    }

    bool insert()
    {
        return writes(in_, [&](session& on) {
            return inserting(on, request_, mine_, options_.deadline, options_.retention, true);
        });
    }

    bool take_over()
    {
        return writes(in_, [&](session& on) {
            return taking_over(on, request_, seen_->epoch, mine_, options_.deadline);
        });
    }

    key_judgement look_at_key()
    {
        return run_alone(core_of(in_), purpose::reading, [&](session& on) {
            seen_ = look_early(on, request_, early_);
            auto const then = judge(standing_of(seen_, request_, mine_.owner));
            if (seen_ && seen_->status && then != key_judgement::refuse_as_reused)
                answer_ = answer_of(on, *seen_, early_);
            return then;
        });
    }

    database& in_;
    idempotent_request const& request_;
    idempotency_options const& options_;
    key_tenure mine_{.owner = random_token()};
    early_answer early_;
    sql::deadline until_;
    std::optional<seen_key> seen_;
    idempotent_answer answer_;
};

}  // namespace

std::variant<idempotent_work, idempotent_result>
claim_key(database& in, idempotent_request const& request, idempotency_options const& options)
{
    return one_claim(in, request, options).answer();
}

std::optional<idempotent_work>
take_over_dead(database& in, idempotency_row const& seen, idempotency_options const& options)
{
    idempotent_request request{.tenant = seen.tenant, .route = seen.route, .key = seen.request_key};
    if (seen.fingerprint.size() == request.fingerprint.size())
        std::ranges::copy(seen.fingerprint, request.fingerprint.begin());
    return one_claim(in, request, options).take_over_seen(seen);
}

}  // namespace tiebreak::detail
