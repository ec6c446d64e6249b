#include "cli/worker/worker.hpp"

#include <algorithm>
#include <random>
#include <system_error>
#include <unistd.h>

namespace tiebreak::cli {

namespace {

namespace runs = systems::runs;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds care_most{15'000};
constexpr milliseconds for_ever{3'600'000};

// Never that of another process: machine, process, and something no successor draws again.
std::string unique_name()
{
    std::array<char, 65> host{};
    if (::gethostname(host.data(), host.size() - 1) != 0)
        host[0] = '\0';
    std::random_device random;
    return std::string{host.data()} + ":" + std::to_string(::getpid()) + ":" +
           std::to_string(random()) + std::to_string(random());
}

std::string quoted(std::string text)
{
    std::ranges::replace_if(
        text, [](unsigned char c) { return c < 0x20 || c == 0x7f || c == '"'; }, ' ');
    return '"' + text + '"';
}

}  // namespace

std::string worker_tally::text() const
{
    std::int64_t all = 0;
    std::string parts;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
        if (counts_[i] == 0)
            continue;
        all += counts_[i];
        parts += (parts.empty() ? ": " : ", ") + std::to_string(counts_[i]) + " ";
        parts += name_of(static_cast<tenure_end>(i));
    }
    return std::to_string(all) + (all == 1 ? " run" : " runs") + parts;
}

worker::worker(database& in, worker_options options, stop_signals const& signals)
    : in_(in), options_(std::move(options)), signals_(signals), name_(unique_name())
{
    options_.tenure.draining = draining_.get_token();
    options_.tenure.giving_up = giving_up_.get_token();
}

worker::~worker()
{
    giving_up_.request_stop();
}

worker_tally worker::run()
{
    for (;;) {
        collect();
        int const told = signals_.received();
        if (told >= 1 && draining_.request_stop())
            say_line("tiebreak: no new runs are claimed; what runs is finished");
        if (told >= 2 && giving_up_.request_stop())
            say_line("tiebreak: commands are ended, their runs given back");
        if (told == 0)
            take();
        if (jobs_.empty() && (signals_.received() > 0 || is_dry_))
            return tally_;
        signals_.wait(time_to_wait());
    }
}

int worker::room() const
{
    return options_.concurrency - static_cast<int>(jobs_.size());
}

milliseconds worker::time_to_wait() const
{
    if (signals_.received() > 0 || room() == 0)
        return for_ever;  // a signal or the end of a command rings
    auto const left = std::chrono::ceil<milliseconds>(next_look_ - steady_clock::now());
    return std::max(left, milliseconds{0});
}

void worker::take()
{
    if (room() == 0 || steady_clock::now() < next_look_)
        return;
    try {
        care_for_the_dead();
        auto const wanted = room();
        auto claimed = runs::claim(in_,
                                   {.worker = name_,
                                    .limit = wanted,
                                    .tenant_id = options_.tenant,
                                    .lease = options_.tenure.lease});
        claiming_.worked();
        is_dry_ = options_.once && claimed.empty();
        next_look_ = steady_clock::now();
        if (static_cast<int>(claimed.size()) < wanted)
            next_look_ += options_.poll;
        for (auto& each : claimed)
            start(std::move(each));
    } catch (error const& away) {
        next_look_ = steady_clock::now() + claiming_.failed(away.what());
    }
}

void worker::care_for_the_dead()
{
    if (steady_clock::now() < next_care_)
        return;
    if (auto const returned = runs::reap(in_); returned > 0 && !options_.quiet)
        say_line("reaped=" + std::to_string(returned));
    if (auto const completed = runs::recover(in_); completed > 0 && !options_.quiet)
        say_line("rolled_forward=" + std::to_string(completed));
    next_care_ = steady_clock::now() + std::min(options_.tenure.lease.ttl / 4, care_most);
}

void worker::start(runs::claimed_run of)
{
    auto& one = jobs_.emplace_back();
    one.of = std::move(of);
    try {
        one.thread = std::jthread([this, &one] {
            one.result = work_on(in_, one.of, options_.tenure);
            one.is_done = true;
            signals_.ring();
        });
    } catch (std::system_error const& why) {
        one.result = {tenure_end::not_started, 0, why.what()};
        one.is_done = true;
        signals_.ring();
        give_back(one);
    }
}

void worker::give_back(job& one)
{
    auto const& work = one.of.work;
    try {
        if (runs::release(in_, work.tenant_id, work.run_id, work.lease_epoch) == outcome::lost)
            one.result.how = tenure_end::lease_lost;
    } catch (error const& away) {  // the lease runs out by itself
        one.result = {tenure_end::unanswered, 0, away.what()};
    }
}

void worker::collect()
{
    for (auto one = jobs_.begin(); one != jobs_.end();) {
        if (!one->is_done) {
            ++one;
            continue;
        }
        if (one->thread.joinable())
            one->thread.join();
        record(*one);
        one = jobs_.erase(one);
    }
}

void worker::record(job const& ended)
{
    auto const& [how, amount, detail] = ended.result;
    tally_.add(how);
    // There is room again, and maybe work for it.
    is_dry_ = false;
    next_look_ = steady_clock::now();
    if (how == tenure_end::not_started)
        next_look_ += starting_.failed(detail.c_str());
    else
        starting_.worked();
    if (options_.quiet)
        return;
    auto const time =
        std::chrono::duration_cast<milliseconds>(steady_clock::now() - ended.of.claimed_at);
    std::string line = "run=" + std::to_string(ended.of.work.run_id) +
                       " epoch=" + std::to_string(ended.of.work.lease_epoch) + " outcome=";
    line += name_of(how);
    line += " amount=" + std::to_string(amount) + " ms=" + std::to_string(time.count());
    if (!detail.empty())
        line += " detail=" + quoted(detail);
    say_line(std::move(line));
}

}  // namespace tiebreak::cli
