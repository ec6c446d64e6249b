// A fresh folder in $TMPDIR or /tmp, removed with everything in it unless told to stay.
#pragma once

#include <string>
#include <string_view>

namespace tiebreak::race {

class temporary_folder {
public:
    /// \param purpose  stands in its name: "race"
    /// \throws cannot_race: no folder can be made there
    explicit temporary_folder(std::string_view purpose);
    temporary_folder(temporary_folder const&) = delete;
    temporary_folder& operator=(temporary_folder const&) = delete;
    ~temporary_folder();

    void keep() noexcept { keep_ = true; }

    [[nodiscard]] std::string const& path() const noexcept { return path_; }

private:
    std::string path_;
    bool keep_ = false;
};

}  // namespace tiebreak::race
