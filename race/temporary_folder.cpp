#include "race/temporary_folder.hpp"

#include "race/options.hpp"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <system_error>

namespace tiebreak::race {

temporary_folder::temporary_folder(std::string_view purpose)
{
    char const* const wanted = std::getenv("TMPDIR");
    std::string const parent = wanted != nullptr && *wanted != '\0' ? wanted : "/tmp";
    path_ = parent + "/tiebreak-" + std::string{purpose} + "-XXXXXX";
    if (::mkdtemp(path_.data()) == nullptr)
        throw cannot_race("no temporary folder can be made in " + parent + " (" +
                          std::strerror(errno) + "); set TMPDIR to a folder you can write to");
}

temporary_folder::~temporary_folder()
{
    std::error_code ignored;
    if (!keep_)
        std::filesystem::remove_all(path_, ignored);
}

}  // namespace tiebreak::race
