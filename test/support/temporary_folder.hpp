// A folder of its own for one test: made under $TMPDIR (else /tmp), removed with all it holds.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace tiebreak::test {

class temporary_folder {
public:
    // Makes an empty folder whose name nobody else has.
    temporary_folder();
    // The same, below another folder than the default.
    explicit temporary_folder(std::filesystem::path const& below);
    temporary_folder(temporary_folder const&) = delete;
    temporary_folder& operator=(temporary_folder const&) = delete;
    // Removes the folder; the running test fails if it holds files that `expect_only` did not name.
    ~temporary_folder();

    // From now on, only files with these names may be left at the end.
    void expect_only(std::vector<std::string> names);

    // Names of the files that stand here now and are not expected; empty without `expect_only`.
    [[nodiscard]] std::vector<std::string> unexpected() const;

    [[nodiscard]] std::filesystem::path const& path() const noexcept { return path_; }

    [[nodiscard]] std::string file(std::string_view name) const;

private:
    std::filesystem::path path_;
    std::vector<std::string> expected_;
    bool checks_ = false;
};

}  // namespace tiebreak::test
