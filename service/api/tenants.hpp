/// \file
/// Bearer tokens and whose they are. Only SHA-256 hashes of tokens are kept, and they are compared
/// in constant time: neither the file nor a clock gives a token away.
///
/// The file has a line for each token, `TENANT HASH`: the tenant's name, a space, and 64
/// hexadecimal digits as `printf %s TOKEN | sha256sum` prints them. A tenant may have several, so
/// that tokens can be changed without a gap. Empty lines and lines that begin with # count as
/// nothing.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tiebreak::service::api {

/// The tenant when there is no token file.
inline constexpr std::string_view default_tenant = "default";

/// Thread-safe: constant after construction.
class tenants {
public:
    /// \throws std::invalid_argument with the number of the line that is wrong, never its text
    explicit tenants(std::string_view file_text);

    /// Reads a file. \throws std::invalid_argument: it cannot be read, is larger than 1 MiB, or a
    /// line of it is wrong
    [[nodiscard]] static tenants from_file(std::string const& path);

    /// The tenant of a token; empty when nobody has it. Takes as long whichever it is.
    [[nodiscard]] std::optional<std::string> tenant_of(std::string_view token) const;

    /// Every tenant once, in order.
    [[nodiscard]] std::vector<std::string> names() const;

private:
    using hash = std::array<std::uint8_t, 32>;

    struct entry {
        std::string tenant;
        hash token;
    };

    void add_line(std::string_view line, std::size_t number);

    std::vector<entry> entries_;
};

/// A new random token and the line for the file that lets it in.
struct new_token {
    std::string token;
    std::string line;
};

/// \throws std::invalid_argument: the name is not 1 to 100 printable characters without spaces
[[nodiscard]] new_token make_token(std::string_view tenant);

}  // namespace tiebreak::service::api
