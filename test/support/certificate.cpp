// See certificate.hpp.
#include "support/certificate.hpp"

#include <cstdlib>
#include <stdexcept>

namespace tiebreak::test {

certificate::certificate(std::string const& subject_name)
{
    auto const make = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
                      " -days 2 -subj /CN=tests -addext subjectAltName=" +
                      subject_name + " -keyout " + key_file() + " -out " + file() + " 2>/dev/null";
    if (std::system(make.c_str()) != 0)
        throw std::runtime_error("openssl cannot make a certificate");
}

}  // namespace tiebreak::test
