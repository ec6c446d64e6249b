// A client of the service over HTTP: one connection that is kept, JSON in and out, and patience
// while a server is away.
#pragma once

#include <boost/json/object.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

namespace tiebreak::race {

/// What came back.
struct http_answer {
    int status = 0;              ///< 0: nothing came back in time
    std::string slug{};          ///< of a problem document: "sold-out"
    bool replayed = false;       ///< marked as the answer to an earlier request
    boost::json::object body{};  ///< empty when it was no object

    /// A whole number of the body; 0 when it is not there.
    [[nodiscard]] std::int64_t integer(std::string_view name) const;

    /// For people: "503 unavailable".
    [[nodiscard]] std::string shown() const;
};

/// Belongs to one thread.
class http_client {
public:
    /// \param entrance  "http://127.0.0.1:4711"
    explicit http_client(std::string entrance);
    http_client(http_client const&) = delete;
    http_client& operator=(http_client const&) = delete;
    ~http_client();

    /// Sends once. Answers status 0 when nothing came back within `patience`.
    [[nodiscard]] http_answer post(std::string const& path,
                                   boost::json::object const& body,
                                   std::chrono::milliseconds patience);

    /// Sends again, after a pause, while no server is there to answer (502, 504, nothing, or 503
    /// `unavailable` and `shutting-down`), as a client does; until `patience` is over. With a key
    /// the repeats are known to the service as such.
    [[nodiscard]] http_answer post_until_answered(std::string const& path,
                                                  boost::json::object const& body,
                                                  std::chrono::milliseconds patience,
                                                  std::string const& idempotency_key = {});

private:
    struct handle;

    http_answer send(std::string const& path,
                     std::string const& body,
                     std::chrono::milliseconds patience,
                     std::string const& idempotency_key);

    std::string entrance_;
    std::unique_ptr<handle> handle_;
};

}  // namespace tiebreak::race
