// A disk that fails on request: between SQLite and the operating system, in this process only.
#pragma once

namespace tiebreak::sqlite {

// While it lives, files that are opened afterwards go through it. One at a time.
class failing_disk {
public:
    failing_disk();
    failing_disk(failing_disk const&) = delete;
    failing_disk& operator=(failing_disk const&) = delete;
    ~failing_disk();

    // From now on, writes to or flushes of the write-ahead log end with this result code, until 0
    // is given.
    static void fail_log_writes(int code);
    static void fail_log_flushes(int code);

    // The `nth` write or flush of the write-ahead log from now on, counted from 1, ends with this
    // result code; with `dies` the process is killed before it. Once.
    static void at_log_call(int nth, int code);
    // Whether that call has come.
    [[nodiscard]] static bool has_struck() noexcept;
    static constexpr int dies = -1;
};

}  // namespace tiebreak::sqlite
