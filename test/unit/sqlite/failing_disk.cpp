// A shim of SQLite's file methods; see failing_disk.hpp.
#include "failing_disk.hpp"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <csignal>
#include <cstring>

namespace tiebreak::sqlite {
namespace {

int log_write_code = SQLITE_OK;
int log_flush_code = SQLITE_OK;
int calls_left = 0;
int code_of_call = SQLITE_OK;
bool struck = false;
sqlite3_vfs* below = nullptr;

struct shim {
    sqlite3_file base;
    bool is_log;
    // the file of the operating system follows
};

constexpr int shim_size = 64;
static_assert(sizeof(shim) <= shim_size);

sqlite3_file* real(sqlite3_file* file)
{
    return reinterpret_cast<sqlite3_file*>(reinterpret_cast<char*>(file) + shim_size);
}

// A method that only passes the call on.
template <auto Method, class... Arguments>
int pass_on(sqlite3_file* file, Arguments... arguments)
{
    auto const* methods = real(file)->pMethods;
    return (methods->*Method)(real(file), arguments...);
}

// What the fault that was asked for says to this call.
int code_now(sqlite3_file* file, int lasting)
{
    if (!reinterpret_cast<shim*>(file)->is_log)
        return SQLITE_OK;
    if (calls_left > 0 && --calls_left == 0) {
        struck = true;
        if (code_of_call == failing_disk::dies)
            ::raise(SIGKILL);
        return code_of_call;
    }
    return lasting;
}

int write(sqlite3_file* file, void const* from, int size, sqlite3_int64 at)
{
    if (int const code = code_now(file, log_write_code); code != SQLITE_OK)
        return code;
    return pass_on<&sqlite3_io_methods::xWrite>(file, from, size, at);
}

int flush(sqlite3_file* file, int flags)
{
    if (int const code = code_now(file, log_flush_code); code != SQLITE_OK)
        return code;
    return pass_on<&sqlite3_io_methods::xSync>(file, flags);
}

void shm_barrier(sqlite3_file* file)
{
    real(file)->pMethods->xShmBarrier(real(file));
}

using methods = sqlite3_io_methods;

methods const shim_methods = {
    .iVersion = 2,
    .xClose = [](sqlite3_file* f) { return pass_on<&methods::xClose>(f); },
    .xRead =
        [](sqlite3_file* f, void* to, int size, sqlite3_int64 at) {
            return pass_on<&methods::xRead>(f, to, size, at);
        },
    .xWrite = write,
    .xTruncate = [](sqlite3_file* f,
                    sqlite3_int64 n) { return pass_on<&methods::xTruncate>(f, n); },
    .xSync = flush,
    .xFileSize = [](sqlite3_file* f,
                    sqlite3_int64* n) { return pass_on<&methods::xFileSize>(f, n); },
    .xLock = [](sqlite3_file* f, int how) { return pass_on<&methods::xLock>(f, how); },
    .xUnlock = [](sqlite3_file* f, int how) { return pass_on<&methods::xUnlock>(f, how); },
    .xCheckReservedLock = [](sqlite3_file* f,
                             int* out) { return pass_on<&methods::xCheckReservedLock>(f, out); },
    .xFileControl = [](sqlite3_file* f,
                       int what,
                       void* with) { return pass_on<&methods::xFileControl>(f, what, with); },
    .xSectorSize = [](sqlite3_file* f) { return pass_on<&methods::xSectorSize>(f); },
    .xDeviceCharacteristics =
        [](sqlite3_file* f) { return pass_on<&methods::xDeviceCharacteristics>(f); },
    .xShmMap =
        [](sqlite3_file* f, int page, int size, int extend, void volatile** at) {
            return pass_on<&methods::xShmMap>(f, page, size, extend, at);
        },
    .xShmLock =
        [](sqlite3_file* f, int offset, int n, int flags) {
            return pass_on<&methods::xShmLock>(f, offset, n, flags);
        },
    .xShmBarrier = shm_barrier,
    .xShmUnmap = [](sqlite3_file* f,
                    int remove) { return pass_on<&methods::xShmUnmap>(f, remove); },
    .xFetch = nullptr,
    .xUnfetch = nullptr,
};

int open_file(sqlite3_vfs*, sqlite3_filename name, sqlite3_file* file, int flags, int* out)
{
    auto* const one = reinterpret_cast<shim*>(file);
    one->base.pMethods = nullptr;
    one->is_log = (flags & SQLITE_OPEN_WAL) != 0;
    int const code = below->xOpen(below, name, real(file), flags, out);
    if (real(file)->pMethods != nullptr)
        one->base.pMethods = &shim_methods;
    return code;
}

sqlite3_vfs above{};

}  // namespace

failing_disk::failing_disk()
{
    below = sqlite3_vfs_find(nullptr);
    above =
        *below;  // the other calls take any of the two: they use nothing of their first argument
    above.pNext = nullptr;
    above.zName = "failing";
    above.szOsFile = below->szOsFile + shim_size;
    above.xOpen = open_file;
    EXPECT_EQ(sqlite3_vfs_register(&above, 1), SQLITE_OK);
}

failing_disk::~failing_disk()
{
    fail_log_writes(SQLITE_OK);
    fail_log_flushes(SQLITE_OK);
    at_log_call(0, SQLITE_OK);
    sqlite3_vfs_unregister(&above);
    sqlite3_vfs_register(below, 1);
}

void failing_disk::fail_log_writes(int code)
{
    log_write_code = code;
}

void failing_disk::at_log_call(int nth, int code)
{
    calls_left = nth;
    code_of_call = code;
    struck = false;
}

bool failing_disk::has_struck() noexcept
{
    return struck;
}

void failing_disk::fail_log_flushes(int code)
{
    log_flush_code = code;
}

}  // namespace tiebreak::sqlite
