/// \file
/// Every limit of the HTTP layer in one aggregate: unit, default, range, and what a client gets
/// that goes beyond it.
#pragma once

#include <chrono>
#include <cstddef>

namespace tiebreak::service::http {

/// Limits of one server. Fill with designated initialisers; `validate` names a wrong one.
struct limits {
    // What one request may be.

    /// Bytes of the request line and all header fields; 1 KiB to 1 MiB. Above: 431.
    std::size_t head_bytes = 16 * 1024;
    /// Header fields; 8 to 1,000. Above: 431.
    std::size_t header_fields = 100;
    /// Bytes of the request target; 128 to `head_bytes`. Above: 414.
    std::size_t url_bytes = 8 * 1024;
    /// Bytes of a body, decoded; 1 KiB to 1 GiB. Above: 413, before the body is read. A route may
    /// have a smaller one.
    std::size_t body_bytes = 1024 * 1024;
    /// Bytes of extensions and trailers of a chunked body, together; 0 to 64 KiB. Above: 400.
    std::size_t chunk_extra_bytes = 1024;
    /// Arrays and objects in each other; 1 to 1,000. Above: 400.
    std::size_t json_depth = 64;
    /// Values in one JSON text, names not counted; 16 to 10 million. Above: 400.
    std::size_t json_values = 10'000;

    // How long a client may take.

    /// From the first byte of a head to its end; 100 ms to 10 min. Then 408 and close.
    std::chrono::milliseconds head_time{10'000};
    /// From the end of a head to the end of its body; 100 ms to 1 h. Then 408 and close.
    std::chrono::milliseconds body_time{30'000};
    /// Between two requests of a connection, and before the first; 100 ms to 1 h. Then close.
    std::chrono::milliseconds idle_time{60'000};
    /// To take a response; 100 ms to 1 h. Then close: a slow reader holds memory.
    std::chrono::milliseconds write_time{30'000};
    /// After an answer that ends a connection in the middle of a request: what the client still
    /// sends is thrown away so that it can read the answer; 0 to 1 min. Then close.
    std::chrono::milliseconds linger_time{2'000};

    // How much there is for all.

    /// Bytes of bodies that are arriving or being handled, of all connections; `body_bytes` to
    /// 1 TiB. Above: 503, and closed.
    std::size_t body_bytes_total = 256 * 1024 * 1024;

    /// Connections in total; 1 to 1 million, and never more than the process may have files less
    /// 64. When full the connection idle longest is closed; when none is idle: 503 and close.
    std::size_t connections = 4'096;
    /// Connections from one address; 0: no limit. Loopback is not counted, a proxy stands there.
    std::size_t connections_per_peer = 512;
    /// Requests on one connection; 1 or more. The last is answered with `Connection: close`.
    std::size_t requests_per_connection = 100'000;
    /// Threads that read, write and run cheap handlers; 0: one for each processor, at most 16.
    std::size_t io_threads = 0;
    /// Threads that run blocking handlers; 1 to 1,000. Sensible: as many as database connections.
    std::size_t work_threads = 8;
    /// Requests that wait for such a thread; 0 to 1 million. Above: 503 with Retry-After, at once.
    std::size_t work_queue = 512;
    /// From the end of a request's head to the moment at which its handler must give up; 10 ms to
    /// 1 h. Passed while it waited in the queue: 503, and the handler never ran.
    std::chrono::milliseconds request_time{10'000};
    /// From `drain` to the moment at which connections are closed though answers are owed; 0 to
    /// 1 h. Sensible: above `request_time`.
    std::chrono::milliseconds drain_time{15'000};
};

/// \throws std::invalid_argument with a sentence that names the wrong member and its range.
void validate(limits const& of);

}  // namespace tiebreak::service::http
