#include "idempotency/early_answer.hpp"

#include "idempotency/headers.hpp"

#include <algorithm>
#include <thread>

namespace tiebreak::detail {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds first_pause{2};
constexpr milliseconds longest_pause{50};

// Deletes what stands at a place if it is still what was written there.
constexpr char const* compare_and_delete =
    "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0";

// The key itself may be somebody's: Redis only sees its digest.
std::string place_of(redis_client const* in, idempotent_request const& request)
{
    if (in == nullptr)
        return {};
    auto const digest =
        sha256_of_fields{}.add(request.tenant).add(request.route).add(request.key).finish();
    return in->key("answer:" + to_hex(digest));
}

std::string count_of(milliseconds time)
{
    return std::to_string(std::max(time, milliseconds{1}).count());
}

}  // namespace

early_answer::early_answer(idempotent_request const& request,
                           idempotency_options const& options,
                           std::string const& owner)
    : in_(options.early == nullptr ? nullptr : &redis_access::client(*options.early)),
      request_(request),
      options_(options),
      owner_(owner),
      place_(place_of(in_, request))
{
}

early_answer::hint early_answer::understood(redis_reply const& value)
{
    found_.reset();
    if (value.what == redis_reply::kind::text)
        found_ = decoded(value.text, place_);
    if (!found_)
        return hint::none;
    bool const is_same = same_digest(found_->fingerprint, request_.fingerprint);
    return found_->is_done || !is_same ? hint::look : hint::in_progress;
}

early_answer::hint early_answer::read_and_mark(milliseconds work_takes)
{
    if (in_ == nullptr)
        return hint::none;
    auto const mark = encoded({.fingerprint = request_.fingerprint, .owner = owner_}, place_);
    std::vector<redis_reply> replies;
    bool const answered = in_->use([&](redis_link& link) {
        replies =
            link.run({{"GET", place_}, {"SET", place_, mark, "NX", "PX", count_of(work_takes)}});
    });
    if (!answered)
        return hint::none;
    if (!replies.at(1).is_nil())
        mark_ = mark;
    return understood(replies.at(0));
}

early_answer::hint early_answer::wait_for_change(deadline until)
{
    auto pause = first_pause;
    for (;;) {
        auto const now = std::chrono::steady_clock::now();
        if (now >= until)
            return hint::in_progress;
        std::this_thread::sleep_for(std::min(pause, std::chrono::ceil<milliseconds>(until - now)));
        pause = std::min(pause * 2, longest_pause);
        redis_reply reply;
        bool const answered = in_->use([&](redis_link& link) {
            reply = link.run({"GET", place_});
        });
        if (!answered)
            return hint::none;
        if (auto const is = understood(reply); is != hint::in_progress)
            return is;
    }
}

void early_answer::adopt_mark()
{
    if (in_ != nullptr)
        mark_ = encoded({.fingerprint = request_.fingerprint, .owner = owner_}, place_);
}

idempotent_answer const* early_answer::answer_by(std::string_view owner) const noexcept
{
    bool const is_it = found_ && found_->answer && found_->owner == owner &&
                       same_digest(found_->fingerprint, request_.fingerprint);
    return is_it ? &*found_->answer : nullptr;
}

void early_answer::tell(std::string_view owner, idempotent_answer const& answer)
{
    if (in_ == nullptr)
        return;
    early_entry entry{
        .fingerprint = request_.fingerprint, .owner = std::string{owner}, .is_done = true};
    if (answer.body.size() <= options_.early_bytes_max) {
        entry.answer = answer;
        entry.answer->headers = unpacked(packed(answer.headers, options_.headers));
    }
    put(entry, options_.early_for);
    mark_.clear();
}

void early_answer::put(early_entry const& entry, milliseconds lasts)
{
    auto const bytes = encoded(entry, place_);
    static_cast<void>(in_->use([&](redis_link& link) {
        link.run({"SET", place_, bytes, "PX", count_of(lasts)});
    }));
}

std::optional<seen_key>
look_early(session& on, idempotent_request const& at, early_answer const& early)
{
    if (early.has_answer()) {
        auto head = look(on, at, extent::head);
        if (!head || !head->status || early.answer_by(head->owner) != nullptr)
            return head;
    }
    return look(on, at);
}

idempotent_answer answer_of(session& on, seen_key const& row, early_answer& early)
{
    if (auto const* const known = early.answer_by(row.owner))
        return *known;
    auto answer = stored_answer(on, row);
    early.tell(row.owner, answer);
    return answer;
}

// After its time was over the mark may be another call's.
void early_answer::unmark() noexcept
{
    if (mark_.empty())
        return;
    try {
        static_cast<void>(in_->use([&](redis_link& link) {
            link.run({"EVAL", compare_and_delete, "1", place_, mark_});
        }));
    } catch (...) {  // NOLINT(bugprone-empty-catch): it ends by itself
    }
    mark_.clear();
}

}  // namespace tiebreak::detail
