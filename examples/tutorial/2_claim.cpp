// Tutorial 2: the other style. One statement decides, and the answer is a value: eight threads
// claim one job, then send one payment, and each learns at once whether it won.
#include <tiebreak/database.hpp>
#include <tiebreak/log.hpp>
#include <tiebreak/schema.hpp>

#include <boost/describe/class.hpp>
#include <boost/describe/enum.hpp>

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

namespace jobs {

enum class status { queued, processing, done };
BOOST_DESCRIBE_ENUM(status, queued, processing, done)

struct job {
    std::int64_t id = 0;
    jobs::status status = jobs::status::queued;
    std::string worker{};
    tiebreak::version version{};
};
BOOST_DESCRIBE_STRUCT(job, (), (id, status, worker, version))

constexpr auto mapping_of(job const*)
{
    return tiebreak::map<job>("jobs", tiebreak::generated_key<&job::id>);
}

// A payment is claimed by inserting its key: the row is the claim.
struct payment {
    std::string payment_key{};
    std::string worker{};
};
BOOST_DESCRIBE_STRUCT(payment, (), (payment_key, worker))

constexpr auto mapping_of(payment const*)
{
    return tiebreak::map<payment>("payments", tiebreak::key<&payment::payment_key>);
}

}  // namespace jobs

namespace {

using jobs::job;
using jobs::payment;
using tiebreak::field;
using tiebreak::outcome;

// [update-if]
// Won: the job was queued and is this worker's now. Lost: another worker has it; nothing changed.
outcome claim(tiebreak::repository<job> const& jobs, std::int64_t id, std::string const& worker)
{
    return jobs.update_if(id,
                          field<&job::status> == jobs::status::queued,
                          field<&job::status> = jobs::status::processing,
                          field<&job::worker> = worker);
}

// [update-if end]

// [insert-if-absent]
// Won: nobody has paid with this key before. Lost: somebody has.
outcome claim_payment(tiebreak::repository<payment> const& payments,
                      std::string const& payment_key,
                      std::string const& worker)
{
    payment row{.payment_key = payment_key, .worker = worker};
    return payments.insert_if_absent(row);
}

// [insert-if-absent end]

// Runs `try_it(worker)` in eight threads and answers how many won.
template <class Try>
int winners_of(Try const& try_it)
{
    constexpr int threads = 8;
    std::atomic<int> winners{0};
    {
        std::vector<std::jthread> workers;
        workers.reserve(threads);
        for (int number = 0; number < threads; ++number) {
            workers.emplace_back([&winners, &try_it, number] {
                if (try_it("worker " + std::to_string(number)) == outcome::won)
                    ++winners;
            });
        }
    }
    return winners;
}

}  // namespace

int main(int argc, char** argv)
{
    tiebreak::database db(argc > 1 ? argv[1] : "sqlite:tutorial.db");
    tiebreak::set_log_sink([](tiebreak::log_record const&) {});  // losing is expected here
    tiebreak::create_table<job>(db);
    tiebreak::create_table<payment>(db);
    tiebreak::repository<job> const all_jobs(db);
    tiebreak::repository<payment> const payments(db);
    payments.remove_where({});

    job fresh{};
    all_jobs.insert(fresh);
    int const claimed =
        winners_of([&](std::string const& worker) { return claim(all_jobs, fresh.id, worker); });
    int const paid = winners_of(
        [&](std::string const& worker) { return claim_payment(payments, "key-1", worker); });

    auto const stored = all_jobs.find(fresh.id);
    std::printf(
        "claimed by %d of 8 (%s), paid by %d of 8\n", claimed, stored->worker.c_str(), paid);
    return claimed == 1 && paid == 1 ? 0 : 1;
}
