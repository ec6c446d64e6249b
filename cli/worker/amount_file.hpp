// Where commands write what their run costs: one file a tenure, in a folder only this user sees.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace tiebreak::cli {

// A place for one file, which the command makes or not; removed with its owner.
class amount_file {
public:
    amount_file(std::string const& folder, std::int64_t run_id, std::int64_t epoch);
    amount_file(amount_file const&) = delete;
    amount_file& operator=(amount_file const&) = delete;
    ~amount_file();

    [[nodiscard]] std::string const& path() const noexcept { return path_; }

    // Empty when there is none. Only the beginning of a long one; of what is no plain file, or
    // cannot be read, a text that is no number.
    [[nodiscard]] std::optional<std::string> content() const;

private:
    std::string path_;
};

}  // namespace tiebreak::cli
