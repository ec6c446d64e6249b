// A fresh folder in $TMPDIR or /tmp, removed with everything in it unless told to stay.
#pragma once

#include <string>

namespace tiebreak::race {

class temporary_folder {
public:
    /// \throws cannot_race: no folder can be made there
    temporary_folder();
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
