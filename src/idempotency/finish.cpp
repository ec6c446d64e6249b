// Finishing claimed work: its commit completes the key row, fenced by owner and epoch.
#include "database/alone.hpp"
#include "database/unit_guard.hpp"
#include "idempotency/claimed_work.hpp"
#include "idempotency/early_answer.hpp"
#include "idempotency/lost_commit.hpp"

namespace tiebreak::detail {

namespace {

// Not an error: the tenure is over. Ends the unit.
struct work_is_overtaken {};

// Completes the row last. After a COMMIT without an answer the next unit raises the epoch first:
// when it can, the old transaction is over and changed nothing.
class finishing final : public unit_guard {
public:
    finishing(idempotent_work const& work, idempotency_options const& options)
        : work_(work), options_(options), mine_{work.owner, work.epoch}
    {
    }

    void store(idempotent_verdict const& verdict) noexcept { verdict_ = &verdict; }

    [[nodiscard]] bool is_in_doubt() const noexcept { return is_in_doubt_; }

    void write_first(workspace& in) override
    {
        if (!is_in_doubt_)
            return;
        key_tenure const next{mine_.owner, mine_.epoch + 1};
        auto const raise = raising(in.statements(), work_.request, mine_, next);
        if (raise.run->execute(raise.parameters) != 1)
            throw work_is_overtaken{};
        mine_ = next;
        is_in_doubt_ = false;
    }

    [[nodiscard]] std::chrono::milliseconds first_wait() const noexcept override
    {
        return sql::connection::no_limit;
    }

    void commit(workspace& in) override
    {
        auto& on = in.statements();
        auto const last =
            verdict_->stored
                ? completing(on, work_.request, mine_, verdict_->answer, options_, false)
                : removing(on, work_.request, mine_);
        if (last.run->execute(last.parameters) != 1)
            throw work_is_overtaken{};
        in.connection().commit();
    }

    void in_doubt() noexcept override { is_in_doubt_ = true; }

private:
    idempotent_work const& work_;
    idempotency_options const& options_;
    key_tenure mine_;
    idempotent_verdict const* verdict_ = nullptr;
    bool is_in_doubt_ = false;
};

class one_finish {
public:
    one_finish(database& in,
               idempotent_work const& work,
               idempotency_options const& options,
               idempotency::work_body const& body)
        : in_(in),
          work_(work),
          options_(options),
          body_(body),
          policy_(options.retry ? *options.retry : core_of(in).options().retry),
          guard_(work, options),
          early_(work.request, options, work.owner)
    {
    }

    idempotent_result answer()
    {
        try {
            if (auto done = run_unit())
                return *std::move(done);
        } catch (error const& why) {
            if (!guard_.is_in_doubt())
                throw;
            resolve_lost_commit<work_is_overtaken>(in_, policy_, guard_, why);
        }
        return winners_answer();
    }

private:
    // Empty when the tenure is over.
    std::optional<idempotent_result> run_unit()
    {
        transact_options const how{.retry = policy_, .level = options_.level};
        transaction unit(in_, how, &guard_);
        for (;;) {
            try {
                auto verdict = body_(unit.start());
                guard_.store(verdict);
                unit.finish();
                early_.adopt_mark();
                if (verdict.stored)
                    early_.tell(work_.owner, verdict.answer);
                return idempotent_result{.answer = std::move(verdict.answer)};
            } catch (work_is_overtaken const&) {
                return std::nullopt;
            } catch (...) {
                unit.failed();
            }
        }
    }

    // What became of a key that is not this tenure's any more. After a COMMIT without an answer the
    // winner can be this very call.
    idempotent_result winners_answer()
    {
        return run_alone(core_of(in_), purpose::reading, [&](session& on) -> idempotent_result {
            auto const row = look(on, work_.request);
            switch (judge(standing_of(row, work_.request, work_.owner))) {
            case key_judgement::answer_as_executed: return {.answer = stored_answer(on, *row)};
            case key_judgement::replay:
                return {.how = idempotent_outcome::replayed, .answer = stored_answer(on, *row)};
            case key_judgement::refuse_as_reused: return {.how = idempotent_outcome::reused};
            case key_judgement::begin:
            case key_judgement::take_over:
            case key_judgement::go_on:
            case key_judgement::report_in_progress: break;
            }
            return {.how = idempotent_outcome::in_progress, .retry_after = options_.retry_after};
        });
    }

    database& in_;
    idempotent_work const& work_;
    idempotency_options const& options_;
    idempotency::work_body const& body_;
    retry_policy policy_;
    finishing guard_;
    early_answer early_;
};

}  // namespace

idempotent_result finish_work(database& in,
                              idempotent_work const& work,
                              idempotency_options const& options,
                              idempotency::work_body const& body)
{
    return one_finish(in, work, options, body).answer();
}

}  // namespace tiebreak::detail
