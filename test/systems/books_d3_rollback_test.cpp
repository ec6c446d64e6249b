// D3: a conflict rolls the whole transaction back; a retry wraps the transaction, not a statement
// in it, and reloads what it works on. And the race for one text, with all its strategies.
#include <tiebreak/counters.hpp>

#include "book_test.hpp"
#include "support/barrier.hpp"
#include "support/process.hpp"

#include <algorithm>
#include <atomic>
#include <thread>

namespace tiebreak::systems::books {

inline void PrintTo(strategy how, std::ostream* out)
{
    *out << name_of(how);
}

}  // namespace tiebreak::systems::books

namespace tiebreak::test {

namespace {

class D3 : public system_test {
protected:
    void change_as_another_client(std::int64_t id)
    {
        auto const changed = as_another_client([&] { return books::add_line(db(), id, "theirs"); });
        EXPECT_TRUE(is_answer<books::accepted>(changed));
    }
};

TEST_P(D3, AConflictUndoesEverythingTheTransactionWrote)
{
    auto const first = make_book(db());
    auto const second = make_book(db());
    try {
        db().transact(
            [&](unit_of_work& work) {
                auto& a = work.load<books::book>(first.id);
                auto& b = work.load<books::book>(second.id);
                change_as_another_client(second.id);
                a.price = 1;
                work.flush();
                work.insert(books::book{.title = "New", .author = "Ada"});
                b.price = 1;
            },
            {.retry = retry_presets::once});
        FAIL() << "the conflict was missed";
    } catch (error const& lost) {
        EXPECT_EQ(lost.code(), errc::stale_version);
        ASSERT_NE(lost.what_conflicted(), nullptr);
        EXPECT_EQ(lost.what_conflicted()->key, std::to_string(second.id));
    }
    EXPECT_EQ(books::find(db(), first.id)->price, 2500);
    EXPECT_EQ(books::find(db(), first.id)->version, version{1});
    EXPECT_EQ(books::find(db(), second.id)->text, "theirs\n");
    EXPECT_EQ(repository<books::book>(db()).select().count(), 2);
}

TEST_P(D3, ARetryRunsTheWholeTransactionAgainAndReloads)
{
    auto const first = make_book(db());
    auto const second = make_book(db());
    std::vector<version> loaded;
    db().transact([&](unit_of_work& work) {
        auto& a = work.load<books::book>(first.id);
        auto& b = work.load<books::book>(second.id);
        loaded.push_back(b.version);
        if (loaded.size() == 1)
            change_as_another_client(second.id);
        a.price += 1;
        b.text += "mine\n";
    });
    EXPECT_EQ(loaded, (std::vector{version{1}, version{2}}));
    EXPECT_EQ(books::find(db(), first.id)->price, 2501) << "the first attempt left nothing";
    EXPECT_EQ(books::find(db(), first.id)->version, version{2});
    EXPECT_EQ(books::find(db(), second.id)->text, "theirs\nmine\n");
    EXPECT_EQ(books::find(db(), second.id)->version, version{3});
}

TEST_P(D3, AnAddedLineKeepsTheOtherClientsLine)
{
    auto const made = make_book(db());
    auto const result = books::add_line(
        db(), made.id, "mine", {.between = only_once([&] { change_as_another_client(made.id); })});
    ASSERT_TRUE(is_answer<books::accepted>(result));
    EXPECT_EQ(std::get<books::accepted>(result).version, version{3});
    EXPECT_EQ(books::find(db(), made.id)->text, "theirs\nmine\n");
}

TEST_P(D3, TheLockMakesTheOtherClientWaitInsteadOfRunAgain)
{
    counters seen;
    auto watched = fresh().open({.watcher = &seen});
    auto const made = make_book(db());
    books::line_options const locking{.how = books::strategy::pessimistic};
    auto mine = locking;
    std::future<books::line_result> other;
    mine.between = only_once([&] {
        auto impatient = locking;
        impatient.retry = {.attempts_max = 1, .deadline = std::chrono::milliseconds{20}};
        EXPECT_TRUE(is_answer<books::writing_failed>(as_another_client(
            [&] { return books::add_line(db(), made.id, "too early", impatient); })));
        other = std::async(std::launch::async,
                           [&] { return books::add_line(watched, made.id, "theirs", locking); });
    });
    EXPECT_TRUE(is_answer<books::accepted>(books::add_line(watched, made.id, "mine", mine)));
    EXPECT_TRUE(is_answer<books::accepted>(other.get()));
    EXPECT_EQ(books::find(db(), made.id)->text, "mine\ntheirs\n");
    EXPECT_EQ(seen.retries(), 0);
    EXPECT_EQ(seen.conflicts(), 0);
}

TEST_P(D3, WithASingleAttemptTheLoserIsToldSo)
{
    auto const made = make_book(db());
    auto const result = books::add_line(db(),
                                        made.id,
                                        "mine",
                                        {
                                            .retry = retry_presets::once,
                                            .between = [&] { change_as_another_client(made.id); },
                                        });
    ASSERT_TRUE(is_answer<books::writing_failed>(result));
    EXPECT_EQ(std::get<books::writing_failed>(result).attempts, 1);
    EXPECT_EQ(std::get<books::writing_failed>(result).last, errc::stale_version);
    EXPECT_EQ(books::find(db(), made.id)->text, "theirs\n");
    EXPECT_EQ(books::find(db(), made.id)->version, version{2});
}

TEST_P(D3, TheNaiveControlLosesTheOtherClientsLine)
{
    auto const made = make_book(db());
    auto const result = books::add_line(db(),
                                        made.id,
                                        "mine",
                                        {
                                            .how = books::strategy::naive,
                                            .between = [&] { change_as_another_client(made.id); },
                                        });
    EXPECT_TRUE(is_answer<books::accepted>(result));
    EXPECT_EQ(books::find(db(), made.id)->text, "mine\n");
}

TEST_P(D3, ABookThatIsNotThereIsSaidToBeSoByEveryStrategy)
{
    for (auto const how : {books::strategy::naive,
                           books::strategy::in_process,
                           books::strategy::optimistic,
                           books::strategy::pessimistic})
        EXPECT_TRUE(
            is_answer<books::book_not_found>(books::add_line(db(), 7, "mine", {.how = how})));
}

TEST_P(D3, FourProcessesAddTheirLinesAndNoneIsLost)
{
    captured_log const quiet(log_level::error);
    for (auto const how : {books::strategy::optimistic, books::strategy::pessimistic}) {
        SCOPED_TRACE(name_of(how));
        auto const id = make_book(db()).id;
        close();
        books::line_options patient{.how = how};
        patient.retry = {.deadline = std::chrono::minutes{5}};
        constexpr int lines = 30;
        constexpr int processes = 4;
        barrier start(processes);
        std::vector<child_process> writers;
        for (int p = 0; p < processes; ++p) {
            writers.emplace_back([&, p] {
                auto own = fresh().open();
                start.wait();
                for (int i = 0; i < lines; ++i) {
                    auto const line = std::to_string(p) + "/" + std::to_string(i);
                    auto const result = books::add_line(own, id, line, patient);
                    if (!is_answer<books::accepted>(result))
                        return 1;
                }
                return 0;
            });
        }
        for (auto& writer : writers)
            EXPECT_EQ(writer.wait(), 0);
        auto const row = books::find(db(), id);
        auto found = books::lines_of(row->text);
        EXPECT_EQ(found.size(), std::size_t{lines * processes});
        std::ranges::sort(found);
        EXPECT_EQ(std::ranges::adjacent_find(found), found.end());
        EXPECT_EQ(row->version, version{1 + lines * processes});
    }
}

TIEBREAK_ON_SHARED_ENGINES(D3);

}  // namespace

}  // namespace tiebreak::test
