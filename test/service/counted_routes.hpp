// Routes that count how often they ran, for tests of what a server lets through to them.
#pragma once

#include "service/http/object_reader.hpp"
#include "service/http/router.hpp"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <string>

namespace tiebreak::test {

// A gate that handlers wait at until a test opens it.
class handler_gate {
public:
    void pass()
    {
        std::unique_lock hold(mutex_);
        ++inside_;
        changed_.notify_all();
        changed_.wait(hold, [&] { return is_open_; });
    }

    // Waits until so many handlers stand at the gate.
    void wait_for(int handlers)
    {
        std::unique_lock hold(mutex_);
        changed_.wait(hold, [&] { return inside_ >= handlers; });
    }

    void open()
    {
        std::scoped_lock const hold(mutex_);
        is_open_ = true;
        changed_.notify_all();
    }

private:
    std::mutex mutex_{};
    std::condition_variable changed_{};
    int inside_ = 0;
    bool is_open_ = false;
};

// Outlives the server that has its routes.
struct counted_routes {
    std::atomic<int> ran{0};
    handler_gate gate{};

    // GET /things/{name} in place; POST /things {name} and GET /waits on a work thread.
    [[nodiscard]] service::http::router routes()
    {
        using namespace service::http;
        router made;
        made.add(request_method::get,
                 "/things/{name}",
                 [this](request& asked) {
                     ++ran;
                     return json(200, json_object{}.add("name", asked.parameter("name")));
                 },
                 {.where = runs::in_place});
        made.add(request_method::post, "/things", [this](request& asked) {
            auto const name = read_body(
                asked, [](object_reader& in) { return in.text("name", {.bytes_max = 1000}); });
            ++ran;
            return json(201, json_object{}.add("name", name));
        });
        made.add(request_method::get, "/waits", [this](request&) {
            ++ran;
            gate.pass();
            return json(200, json_object{}.add("waited", true));
        });
        return made;
    }
};

inline std::string get(std::string const& path, std::string const& more_fields = {})
{
    return "GET " + path + " HTTP/1.1\r\nHost: a\r\n" + more_fields + "\r\n";
}

inline std::string post(std::string const& body, std::string const& more_fields = {})
{
    return "POST /things HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
           "Content-Length: " +
           std::to_string(body.size()) + "\r\n" + more_fields + "\r\n" + body;
}

}  // namespace tiebreak::test
