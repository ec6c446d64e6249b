// A certificate made for one test: who shows it is known by it, and no one else.
#pragma once

#include "support/temporary_folder.hpp"

#include <string>

namespace tiebreak::test {

// Its own authority. Gone, with its key, at the end of the scope.
class certificate {
public:
    // For a host: "IP:127.0.0.1" or "DNS:elsewhere.example". Throws std::runtime_error.
    explicit certificate(std::string const& subject_name);

    [[nodiscard]] std::string file() const { return folder_.file("certificate"); }

    [[nodiscard]] std::string key_file() const { return folder_.file("key"); }

private:
    temporary_folder folder_;
};

}  // namespace tiebreak::test
