// Many statements in one round trip. Nothing is sent that would have to be taken back: COMMIT comes
// later, alone.
#pragma once

#include "postgres/connection.hpp"

#include <cstddef>

namespace tiebreak::postgres {

// Sends the steps of a source and hands it their answers while it sends, so that neither side's
// buffers fill while the other waits for them to empty.
class connection::batch {
public:
    batch(connection& on, sql::step_source& source) : on_(on), source_(source) {}

    // Throws what the source throws, or the error of the first step that failed; the exchange has
    // ended then, all the same. Throws lost_session.
    void run();

private:
    void send_all();
    void send(sql::step const& one);
    void send_on();
    void take(result_handle one);
    void finish();
    void abandon();

    connection& on_;
    sql::step_source& source_;
    result_handle failed_;
    bool first_failed_ = false;  // and it was the transaction's first step
    lead before_{};
    std::size_t waiting_bytes_ = 0;
    bool begun_ = false;
    bool ended_ = false;
    bool quiet_ = false;  // answers are of no interest any more
};

}  // namespace tiebreak::postgres
