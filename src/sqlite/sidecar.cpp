// Locks and bells in the file beside a database; see sidecar.hpp.
#include "sqlite/sidecar.hpp"

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <fcntl.h>
#include <linux/futex.h>
#include <string_view>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <system_error>
#include <unistd.h>

namespace tiebreak::sqlite {

namespace {

constexpr off_t file_size = 4096;
constexpr off_t words_at = 2048;  // behind the sentence for people, far from the locked bytes

constexpr std::string_view sentence =
    "Tiebreak: writers of the database beside this file take turns here.\n"
    "It holds no data and may be removed while no program uses the database.\n";

[[noreturn]] void fail(char const* what)
{
    throw std::system_error(errno, std::generic_category(), what);
}

[[nodiscard]] off_t offset_of(place where) noexcept
{
    return where == place::queue ? 0 : 1;
}

[[nodiscard]] off_t word_of(place where) noexcept
{
    return words_at + (where == place::queue ? 0 : 64);
}

[[nodiscard]] struct flock range(short type, place where) noexcept
{
    struct flock wanted {};

    wanted.l_type = type;
    wanted.l_whence = SEEK_SET;
    wanted.l_start = offset_of(where);
    wanted.l_len = 1;
    return wanted;
}

// Words of their own: the mark of a reserved queue, and one at which nobody ever sleeps.
constexpr off_t reserved_at = words_at + 128;
constexpr off_t nobody_at = words_at + 192;

[[nodiscard]] void* address(void* words, off_t offset) noexcept
{
    return static_cast<char*>(words) + offset;
}

[[nodiscard]] std::uint32_t read_word(int descriptor, off_t offset) noexcept
{
    std::uint32_t seen = 0;
    return ::pread(descriptor, &seen, sizeof seen, offset) == sizeof seen ? seen : 0;
}

}  // namespace

sidecar::sidecar(std::string const& database_path) : path_(path_beside(database_path))
{
    open_or_make(database_path);
    try {
        map();
        struct flock asked = range(F_WRLCK, place::turn);
        if (::fcntl(descriptor_, F_OFD_GETLK, &asked) != 0)
            fail("locks of an open file");
    } catch (...) {
        abandon();
        throw;
    }
}

sidecar::~sidecar()
{
    abandon();
}

void sidecar::abandon() noexcept
{
    // the mapping keeps the file open, and with it the locks, as a descriptor does
    if (words_ != nullptr)
        ::munmap(words_, file_size);
    words_ = nullptr;
    if (descriptor_ >= 0)
        ::close(descriptor_);
    descriptor_ = -1;
}

void sidecar::open_or_make(std::string const& database_path)
{
    constexpr int flags = O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
    for (int tries = 0; descriptor_ < 0; ++tries) {
        descriptor_ = ::open(path_.c_str(), flags);
        if (descriptor_ >= 0)
            break;
        if (errno != ENOENT || tries == 10)
            fail("open");

        struct stat database {};

        if (::stat(database_path.c_str(), &database) != 0)
            fail("stat");
        auto const mode = database.st_mode & 0777U;
        descriptor_ = ::open(path_.c_str(), flags | O_CREAT | O_EXCL, mode);
        if (descriptor_ < 0) {
            if (errno == EEXIST)
                continue;
            fail("open");
        }
        // whoever may write the database may take turns; the mask of this process does not decide
        bool const owned =
            ::geteuid() != 0 || ::fchown(descriptor_, database.st_uid, database.st_gid) == 0;
        bool const allowed = ::fchmod(descriptor_, mode) == 0;
        bool const told = ::pwrite(descriptor_, sentence.data(), sentence.size(), 0) > 0;
        static_cast<void>(owned && allowed && told);  // without them it serves this user as well
    }
}

void sidecar::map()
{
    struct stat found {};

    if (::fstat(descriptor_, &found) != 0)
        fail("stat");
    if (!S_ISREG(found.st_mode)) {
        errno = EINVAL;
        fail("not a regular file");
    }
    if (found.st_size < file_size && ::ftruncate(descriptor_, file_size) != 0)
        fail("truncate");
    void* const at = ::mmap(nullptr, file_size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor_, 0);
    if (at == MAP_FAILED)
        fail("map");
    words_ = at;
}

sidecar::answer sidecar::try_lock(place where) noexcept
{
    struct flock wanted = range(F_WRLCK, where);
    while (::fcntl(descriptor_, F_OFD_SETLK, &wanted) != 0) {
        if (errno == EAGAIN || errno == EACCES)
            return answer::no;
        if (errno != EINTR)
            return answer::failed;
    }
    return answer::yes;
}

void sidecar::unlock(place where) noexcept
{
    struct flock wanted = range(F_UNLCK, where);
    while (::fcntl(descriptor_, F_OFD_SETLK, &wanted) != 0 && errno == EINTR) {
    }
}

bool sidecar::taken(place where) noexcept
{
    struct flock asked = range(F_WRLCK, where);
    return ::fcntl(descriptor_, F_OFD_GETLK, &asked) == 0 && asked.l_type != F_UNLCK;
}

std::uint32_t sidecar::bell(place where) noexcept
{
    return read_word(descriptor_, word_of(where));
}

bool sidecar::ring(place where) noexcept
{
    // adds one and wakes one, both inside the kernel
    void* const word = address(words_, word_of(where));
    constexpr auto add_one = FUTEX_OP(FUTEX_OP_ADD, 1, FUTEX_OP_CMP_LT, 0);
    return ::syscall(SYS_futex, word, FUTEX_WAKE_OP, 1, 0L, word, add_one) > 0;
}

void sidecar::wake(place where) noexcept
{
    ::syscall(SYS_futex, address(words_, word_of(where)), FUTEX_WAKE, 1, nullptr, nullptr, 0);
}

void sidecar::reserve_queue(bool reserved) noexcept
{
    // the call that writes inside the kernel also wakes, so it is given a word without sleepers
    constexpr auto set = FUTEX_OP(FUTEX_OP_SET, 1, FUTEX_OP_CMP_LT, 0);
    constexpr auto clear = FUTEX_OP(FUTEX_OP_SET, 0, FUTEX_OP_CMP_LT, 0);
    ::syscall(SYS_futex,
              address(words_, nobody_at),
              FUTEX_WAKE_OP,
              1,
              0L,
              address(words_, reserved_at),
              reserved ? set : clear);
}

bool sidecar::queue_reserved() noexcept
{
    return read_word(descriptor_, reserved_at) == 1;
}

bool sidecar::wait(place where, std::uint32_t seen, std::chrono::nanoseconds at_most) noexcept
{
    auto const count = std::max<std::int64_t>(at_most.count(), 0);
    timespec const limit{static_cast<time_t>(count / 1'000'000'000),
                         static_cast<long>(count % 1'000'000'000)};
    if (::syscall(
            SYS_futex, address(words_, word_of(where)), FUTEX_WAIT, seen, &limit, nullptr, 0) == 0)
        return true;
    if (errno == ETIMEDOUT)
        return false;
    if (errno == EAGAIN || errno == EINTR)
        return true;
    // the file was cut short: mend it, and for this once sleep without a bell
    if (::ftruncate(descriptor_, file_size) == 0)
        errno = 0;
    ::nanosleep(&limit, nullptr);
    return false;
}

bool sidecar::replaced() noexcept
{
    struct stat mine {};

    struct stat found {};

    if (::fstat(descriptor_, &mine) != 0)
        return true;
    if (mine.st_nlink == 0)
        return true;
    return ::stat(path_.c_str(), &found) != 0 || found.st_ino != mine.st_ino ||
           found.st_dev != mine.st_dev;
}

}  // namespace tiebreak::sqlite
