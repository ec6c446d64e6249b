// Clients that make one member after the other over HTTP, and keep what they were told.
#pragma once

#include "service/api_test.hpp"

#include <atomic>
#include <cstdint>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

namespace tiebreak::test {

// They stop when told to, and a client also when nobody accepts its connection any more.
class member_makers {
public:
    member_makers(std::uint16_t port, int clients)
    {
        for (int i = 0; i < clients; ++i)
            threads_.emplace_back([this, port] { work(port); });
    }

    ~member_makers() { stop(); }

    void stop()
    {
        ends_ = true;
        threads_.clear();
    }

    void wait_for_made(int more) const { wait_for(made_, made_ + more); }

    void wait_for_refused(int more) const { wait_for(refused_, refused_ + more); }

    // 201: the ids.
    [[nodiscard]] std::set<std::int64_t> acknowledged() const
    {
        std::scoped_lock const hold(mutex_);
        return ids_;
    }

    [[nodiscard]] int refused() const noexcept { return refused_; }  // 503

private:
    static void wait_for(std::atomic<int> const& count, int wanted)
    {
        while (count < wanted)
            std::this_thread::yield();
    }

    void work(std::uint16_t port)
    {
        while (!ends_) {
            try {
                raw_client client(port);
                while (!ends_ && one(client))
                    continue;
            } catch (std::runtime_error const&) {
                return;
            }
        }
    }

    // False when the connection has ended.
    bool one(raw_client& client)
    {
        auto const answer =
            client.ask("POST /v1/members HTTP/1.1\r\nHost: test\r\nContent-Type: application/json"
                       "\r\nContent-Length: 14\r\n\r\n{\"name\":\"Ada\"}");
        if (!answer)
            return false;
        if (answer->status == 201) {
            auto const id = boost::json::parse(answer->body).at("id").as_int64();
            std::scoped_lock const hold(mutex_);
            EXPECT_TRUE(ids_.insert(id).second) << id << " was given twice";
            ++made_;
        } else {
            EXPECT_EQ(answer->status, 503) << answer->body;
            EXPECT_FALSE(answer->header("Retry-After").empty());
            ++refused_;
        }
        return answer->header("Connection") != "close";
    }

    std::atomic<bool> ends_{false};
    std::atomic<int> made_{0};
    std::atomic<int> refused_{0};
    mutable std::mutex mutex_{};
    std::set<std::int64_t> ids_{};
    std::vector<std::jthread> threads_{};
};

// Every member of a database.
[[nodiscard]] inline std::set<std::int64_t> member_ids(database& in)
{
    return in.read([](snapshot& view) {
        auto const found = view.query<std::int64_t>("SELECT id FROM members");
        return std::set<std::int64_t>(found.begin(), found.end());
    });
}

}  // namespace tiebreak::test
