// See temporary_folder.hpp.
#include "support/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <stdlib.h>
#include <system_error>

namespace tiebreak::test {

temporary_folder::temporary_folder() : temporary_folder(std::filesystem::temp_directory_path()) {}

temporary_folder::temporary_folder(std::filesystem::path const& below)
{
    std::string name = (below / "tiebreak-test-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr)
        throw std::system_error(errno, std::generic_category(), "cannot make a folder: " + name);
    path_ = name;
}

temporary_folder::~temporary_folder()
{
    for (auto const& name : unexpected())
        ADD_FAILURE() << "the test left a file behind: " << name;
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

void temporary_folder::expect_only(std::vector<std::string> names)
{
    expected_ = std::move(names);
    checks_ = true;
}

std::vector<std::string> temporary_folder::unexpected() const
{
    std::vector<std::string> found;
    if (!checks_)
        return found;
    for (auto const& entry : std::filesystem::directory_iterator(path_)) {
        std::string const name = entry.path().filename().string();
        if (std::ranges::find(expected_, name) == expected_.end())
            found.push_back(name);
    }
    return found;
}

std::string temporary_folder::file(std::string_view name) const
{
    return (path_ / name).string();
}

}  // namespace tiebreak::test
