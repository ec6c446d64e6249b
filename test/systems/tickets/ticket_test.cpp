// See ticket_test.hpp.
#include "systems/tickets/ticket_test.hpp"

#include "schema/schema.hpp"

#include <algorithm>
#include <stdexcept>
#include <thread>

namespace tiebreak::test {

namespace {

constexpr int error_code = 100;

// One number for each rival of each order: the index of the answer, or `error_code`.
using scores = std::array<std::array<std::atomic<int>, rivals>, orders_max>;

// Names in the order of the variant's alternatives.
std::string name_of_index(int index)
{
    static std::vector<std::string> const names = [] {
        std::vector<std::string> all;
        [&]<std::size_t... I>(std::index_sequence<I...>)
        {
            (all.emplace_back(tickets::name_of(tickets::approval{std::in_place_index<I>})), ...);
        }
        (std::make_index_sequence<std::variant_size_v<tickets::approval>>{});
        return all;
    }();
    return index == error_code ? "error" : names.at(static_cast<std::size_t>(index));
}

struct stage {
    std::string url;
    std::string books_url;
    std::vector<tickets::order> const& orders;
    race_options const& options;
    barrier start{rivals};
    barrier between{processes};
    shared_value<scores> score{};
    shared_value<std::atomic<bool>> over{false};
};

void run_rival(stage& on, database& db, tickets::payment_provider& provider, int rival)
{
    for (std::size_t i = 0; i < on.orders.size(); ++i) {
        auto const& order = on.orders[i];
        on.start.wait();
        int result = error_code;
        try {
            auto const answer = tickets::approve(
                db,
                provider,
                {order.lotto_publish_id, order.id, "key-" + std::to_string(order.id), order.amount},
                on.options.approve);
            result = static_cast<int>(answer.index());
        } catch (std::exception const& why) {
            ADD_FAILURE() << "order " << order.id << ": " << why.what();
        }
        (*on.score)[i][static_cast<std::size_t>(rival)] = result;
    }
}

// Rivals 0 and 4 share a process, the others have one each.
int run_process(stage& on, int process)
{
    database db(on.url);
    tickets::stand_in_provider provider(on.books_url, on.options.provider);
    std::vector<std::jthread> threads;
    for (int rival = process; rival < rivals; rival += processes)
        threads.emplace_back([&, rival] { run_rival(on, db, provider, rival); });
    return 0;
}

int run_recovery(stage& on)
{
    database db(on.url);
    tickets::stand_in_provider provider(on.books_url, on.options.provider);
    while (!on.over->load())
        tickets::recover(db, provider, {.older_than = std::chrono::milliseconds{0}});
    return 0;
}

verdicts verdicts_of(std::array<std::atomic<int>, rivals> const& answers)
{
    verdicts told;
    for (auto const& one : answers) {
        int const index = one.load();
        told.names.push_back(name_of_index(index));
        ++(index == error_code ? told.errors : index == 0 ? told.approved : told.refused);
    }
    return told;
}

}  // namespace

int verdicts::count(std::string_view name) const
{
    return static_cast<int>(std::ranges::count(names, name));
}

std::vector<tickets::order> ticket_test::make_orders(int number)
{
    schema::apply(db());
    std::vector<tickets::order> orders;
    for (int i = 0; i < number; ++i) {
        auto made = tickets::create_order(db(), {.member_id = 7, .lines = {{{1, 2, 3, 4, 5, 45}}}});
        orders.push_back(std::get<tickets::order>(std::move(made)));
    }
    close_all();
    return orders;
}

std::string ticket_test::books_url() const
{
    return "sqlite:" + books_.file("provider.db") + "?synchronous=normal";
}

tickets::stand_in_provider& ticket_test::provider()
{
    return provider_ ? *provider_ : provider_.emplace(books_url());
}

void ticket_test::close_all()
{
    provider_.reset();
    close();
}

tickets::approval_request ticket_test::request_for(tickets::order const& of, std::string key)
{
    if (key.empty())
        key = "key-" + std::to_string(of.id);
    return {of.lotto_publish_id, of.id, std::move(key), of.amount};
}

std::vector<verdicts> ticket_test::race(std::vector<tickets::order> const& orders,
                                        race_options const& options)
{
    close_all();
    race_options adjusted = options;
    stage on{fresh().url(), books_url(), orders, adjusted};
    if (options.meet_between)
        adjusted.approve.between = [&on] { on.between.wait(); };
    std::vector<child_process> children;
    for (int i = 0; i < processes; ++i)
        children.emplace_back([&on, i] { return run_process(on, i); });
    std::optional<child_process> recoverer;
    if (options.recover_meanwhile)
        recoverer.emplace([&on] { return run_recovery(on); });
    for (auto& child : children)
        EXPECT_EQ(child.wait(), 0);
    *on.over = true;
    if (recoverer) {
        EXPECT_EQ(recoverer->wait(), 0);
    }
    std::vector<verdicts> told;
    for (std::size_t i = 0; i < orders.size(); ++i)
        told.push_back(verdicts_of((*on.score)[i]));
    return told;
}

void ticket_test::recover_from_two_processes()
{
    close_all();
    barrier start(2);
    auto const run_dry = [&] {
        database db(fresh().url());
        tickets::stand_in_provider provider(books_url());
        start.wait();
        while (tickets::recover(db, provider, {.older_than = std::chrono::milliseconds{0}}).found >
               0) {
        }
        return 0;
    };
    child_process one(run_dry);
    child_process other(run_dry);
    EXPECT_EQ(one.wait(), 0);
    EXPECT_EQ(other.wait(), 0);
}

tickets::order ticket_test::read(std::int64_t order_id)
{
    return repository<tickets::order>(db()).find(order_id).value();
}

tickets::audit_report ticket_test::audit()
{
    return tickets::audit(db(), provider());
}

void ticket_test::expect_one_approved(tickets::approve_options const& how)
{
    auto const orders = make_orders(24);
    auto const told =
        race(orders, {.provider = {.latency_max = std::chrono::milliseconds{4}}, .approve = how});
    for (auto const& one : told) {
        EXPECT_EQ(one.approved, 1);
        EXPECT_EQ(one.refused, 4);
        EXPECT_EQ(one.errors, 0);
        EXPECT_EQ(one.count("in-progress") + one.count("already-processed"), 4)
            << testing::PrintToString(one.names);
    }
    auto const report = audit();
    EXPECT_TRUE(report.sound());
    EXPECT_EQ(report.keys_called_twice, 0);
    ASSERT_EQ(report.orders.size(), orders.size());
    for (auto const& one : report.orders) {
        EXPECT_EQ(one.status, tickets::order_status::complete);
        EXPECT_EQ(one.approvals, 1);
        EXPECT_EQ(one.bills, 1);
        EXPECT_EQ(one.tickets, 1);
        EXPECT_EQ(one.calls, 1);
        EXPECT_EQ(one.charges_standing, 1);
    }
}

tickets::charge_reply watched_provider::charge(tickets::charge_request const& wish)
{
    last_idempotency_key = wish.idempotency_key;
    if (before_charge)
        before_charge();
    auto reply = real_.charge(wish);
    if (after_charge)
        after_charge();
    return reply;
}

std::optional<tickets::payment_record> watched_provider::find(std::string_view payment_key)
{
    auto found = real_.find(payment_key);
    if (after_find)
        after_find();
    if (!answers_find)
        return std::nullopt;
    return found;
}

tickets::cancel_outcome watched_provider::cancel(std::string_view payment_key)
{
    if (before_cancel)
        before_cancel();
    auto const done = real_.cancel(payment_key);
    if (after_cancel)
        after_cancel();
    return answers_cancel ? done : tickets::cancel_outcome::no_answer;
}

}  // namespace tiebreak::test
