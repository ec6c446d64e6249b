#include "cli/worker/amount_file.hpp"

#include "cli/worker/descriptor.hpp"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace tiebreak::cli {

namespace {

// Longer than any number with some space around it.
constexpr std::size_t bytes_read = 256;
constexpr char const* no_number = "?";

}  // namespace

amount_file::amount_file(std::string const& folder, std::int64_t run_id, std::int64_t epoch)
    : path_(folder + "/amount-" + std::to_string(run_id) + "-" + std::to_string(epoch))
{
}

amount_file::~amount_file()
{
    ::unlink(path_.c_str());
}

std::optional<std::string> amount_file::content() const
{
    descriptor const file{::open(path_.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC)};
    if (!file.is_open())
        return errno == ENOENT ? std::nullopt : std::optional<std::string>{no_number};

    struct stat about {};

    std::array<char, bytes_read> text{};
    if (::fstat(file.get(), &about) != 0 || !S_ISREG(about.st_mode))
        return no_number;
    auto const got = ::read(file.get(), text.data(), text.size());
    if (got < 0 || static_cast<std::size_t>(got) == text.size())
        return no_number;
    return std::string(text.data(), static_cast<std::size_t>(got));
}

}  // namespace tiebreak::cli
