#include "idempotency/one_transaction.hpp"

#include "database/alone.hpp"
#include "idempotency/early_answer.hpp"
#include "idempotency/lost_commit.hpp"

#include <algorithm>
#include <stdexcept>

namespace tiebreak::detail {

namespace {

using std::chrono::steady_clock;

// After a wait that was told by Redis: enough to find out whether the key is really in use.
constexpr std::chrono::milliseconds brief_wait{50};

// How long Redis may say that a unit without a deadline is at work.
constexpr std::chrono::milliseconds longest_mark{60'000};

// Beyond the unit's own deadline there is nothing to limit, and a limit costs a statement.
std::chrono::milliseconds wait_within(std::chrono::milliseconds wait, retry_policy const& policy)
{
    bool const is_needless = policy.deadline.count() != 0 && wait >= policy.deadline;
    return is_needless ? sql::connection::no_limit : wait;
}

class one_call {
public:
    one_call(database& in,
             idempotent_request const& request,
             idempotency_options const& options,
             idempotency::work_body const& body)
        : in_(in),
          request_(request),
          options_(options),
          body_(body),
          policy_(options.retry ? *options.retry : core_of(in).options().retry),
          guard_(request, options, wait_within(options.wait, policy_)),
          early_(request, options, guard_.mine().owner),
          until_(deadline_after(steady_clock::now(), policy_))
    {
    }

    idempotent_result answer()
    {
        auto known = ask_early();
        while (!known) {
            known = attempt();
            if (!known)
                known = look_at_key();
            if (!known && steady_clock::now() >= until_)
                known = in_progress();
        }
        return *std::move(known);
    }

private:
    [[nodiscard]] idempotent_result in_progress() const
    {
        return {.how = idempotent_outcome::in_progress, .retry_after = options_.retry_after};
    }

    // What Redis knows is asked of the database before anything is written; empty when it is news.
    std::optional<idempotent_result> ask_early()
    {
        auto const work = policy_.deadline.count() == 0 ? longest_mark : policy_.deadline;
        auto hint = early_.read_and_mark(std::min(work, longest_mark));
        if (hint == early_answer::hint::in_progress) {
            hint = early_.wait_for_change(steady_clock::now() + options_.wait);
            if (hint == early_answer::hint::in_progress)
                guard_.limit_wait(std::min(brief_wait, options_.wait));
        }
        return hint == early_answer::hint::none ? std::nullopt : look_at_key();
    }

    // Runs the unit; empty when the key is taken.
    std::optional<idempotent_result> attempt()
    {
        try {
            return run_unit();
        } catch (error const& why) {
            if (!guard_.is_in_doubt() && why.code() != errc::commit_unknown)
                throw;
            resolve_lost_commit<key_is_taken>(in_, policy_, guard_, why);
            return std::nullopt;
        }
    }

    std::optional<idempotent_result> run_unit()
    {
        transact_options const how{.retry = policy_, .level = options_.level};
        transaction unit(in_, how, &guard_);
        for (;;) {
            try {
                auto verdict = run_body(unit);
                if (verdict.stored) {
                    guard_.store(verdict.answer);
                    unit.finish();
                    early_.tell(guard_.mine().owner, verdict.answer);
                }
                return idempotent_result{.answer = std::move(verdict.answer)};
            } catch (key_is_taken const&) {
                return std::nullopt;
            } catch (error const& why) {
                if (why.code() == errc::lock_timeout && !guard_.has_key())
                    return in_progress();
                unit.failed();
            } catch (...) {
                unit.failed();
            }
        }
    }

    // A body that ends before the key was heard of must not be believed: a repeat gets the stored
    // answer, whatever it would be answered now.
    idempotent_verdict run_body(transaction& unit)
    {
        guard_.forget_key();
        try {
            auto verdict = body_(unit.start());
            if (!verdict.stored && !guard_.has_key())
                unit.hear_first();
            return verdict;
        } catch (key_is_taken const&) {
            throw;
        } catch (...) {
            hear_key_after_failure(unit);
            throw;
        }
    }

    void hear_key_after_failure(transaction& unit)
    {
        if (guard_.has_key())
            return;
        try {
            unit.hear_first();
        } catch (key_is_taken const&) {
            throw;
        } catch (error const&) {
            throw;  // not heard yet: what the body made of it is not believed either
        } catch (std::logic_error const&) {  // NOLINT(bugprone-empty-catch): the unit has failed
        }
    }

    // What is known of a taken key; empty when the unit shall run (again).
    std::optional<idempotent_result> look_at_key()
    {
        idempotent_answer answer;
        std::int64_t epoch = 0;
        auto const next = run_alone(core_of(in_), purpose::reading, [&](session& on) {
            auto const row = look_early(on, request_, early_);
            epoch = row ? row->epoch : 0;
            auto const then = judge(standing_of(row, request_, guard_.mine().owner));
            if (row && row->status && then != key_judgement::refuse_as_reused)
                answer = answer_of(on, *row, early_);
            return then;
        });
        switch (next) {
        case key_judgement::begin: guard_.begin_with_new_row(); return std::nullopt;
        case key_judgement::take_over:
        case key_judgement::go_on: guard_.begin_with_row_of_dead(epoch); return std::nullopt;
        case key_judgement::replay:
            return idempotent_result{.how = idempotent_outcome::replayed,
                                     .answer = std::move(answer)};
        case key_judgement::answer_as_executed:
            return idempotent_result{.answer = std::move(answer)};
        case key_judgement::report_in_progress: return in_progress();
        case key_judgement::refuse_as_reused: break;
        }
        return idempotent_result{.how = idempotent_outcome::reused};
    }

    database& in_;
    idempotent_request const& request_;
    idempotency_options const& options_;
    idempotency::work_body const& body_;
    retry_policy policy_;
    key_guard guard_;
    early_answer early_;
    sql::deadline until_;
};

}  // namespace

idempotent_result run_in_one_transaction(database& in,
                                         idempotent_request const& request,
                                         idempotency_options const& options,
                                         idempotency::work_body const& body)
{
    return one_call(in, request, options, body).answer();
}

}  // namespace tiebreak::detail
