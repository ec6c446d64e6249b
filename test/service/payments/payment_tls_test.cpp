// https: the provider's certificate is verified before a byte of a payment is sent. `error` means
// that surely nothing was sent; a request that was sent is answered by nobody here, so `no_answer`.
#include "service/payments/payment_client.hpp"
#include "support/certificate.hpp"
#include "support/process.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <optional>
#include <stdexcept>
#include <unistd.h>

namespace tiebreak::test {

namespace {

using service::payments::payment_client;
using systems::tickets::charge_outcome;

// A TLS server with a certificate of its own making, that answers no POST.
class tls_server {
public:
    explicit tls_server(std::string const& subject_name) : known_by_(subject_name)
    {
        int ends[2] = {-1, -1};
        if (::pipe2(ends, O_CLOEXEC) != 0)
            throw std::runtime_error("no pipe for the TLS server");
        auto const key = known_by_.key_file();
        auto const cert = known_by_.file();
        process_.emplace([&] {
            ::dup2(ends[1], STDOUT_FILENO);
            ::execlp("openssl",
                     "openssl",
                     "s_server",
                     "-www",
                     "-accept",
                     "127.0.0.1:0",
                     "-key",
                     key.c_str(),
                     "-cert",
                     cert.c_str(),
                     nullptr);
            return 100;
        });
        ::close(ends[1]);
        out_ = ends[0];
        wait_for_port();
    }

    tls_server(tls_server const&) = delete;
    tls_server& operator=(tls_server const&) = delete;

    ~tls_server()
    {
        process_.reset();
        ::close(out_);
    }

    [[nodiscard]] std::string certificate() const { return known_by_.file(); }

    [[nodiscard]] std::string url() const { return "https://127.0.0.1:" + port_; }

private:
    // "ACCEPT 127.0.0.1:37571"
    void wait_for_port()
    {
        std::string line;
        for (char letter = 0; ::read(out_, &letter, 1) == 1;) {
            if (letter != '\n') {
                line += letter;
                continue;
            }
            if (line.starts_with("ACCEPT ")) {
                port_ = line.substr(line.rfind(':') + 1);
                return;
            }
            line.clear();
        }
        throw std::runtime_error("openssl s_server does not listen");
    }

    test::certificate known_by_;
    std::optional<child_process> process_{};
    int out_ = -1;
    std::string port_{};
};

charge_outcome charge_at(tls_server const& server, std::string ca_file)
{
    payment_client pay(server.url(),
                       {.attempt_time = std::chrono::milliseconds{700},
                        .attempts_max = 1,
                        .ca_file = std::move(ca_file)});
    return pay.charge({"k", 1, 1'000, "k"}).outcome;
}

TEST(PaymentTls, ACertificateThatIsTrustedIsSentThePayment)
{
    tls_server const server("IP:127.0.0.1");
    EXPECT_EQ(charge_at(server, server.certificate()), charge_outcome::no_answer);
}

TEST(PaymentTls, ACertificateThatNobodySignedIsSentNothing)
{
    tls_server const server("IP:127.0.0.1");
    EXPECT_EQ(charge_at(server, {}), charge_outcome::error);
}

TEST(PaymentTls, ACertificateOfAnotherHostIsSentNothing)
{
    tls_server const server("DNS:elsewhere.example");
    EXPECT_EQ(charge_at(server, server.certificate()), charge_outcome::error);
}

TEST(PaymentTls, AFileOfCertificatesThatIsNotThereSendsNothing)
{
    tls_server const server("IP:127.0.0.1");
    EXPECT_EQ(charge_at(server, "/nowhere/certificates"), charge_outcome::error);
}

}  // namespace

}  // namespace tiebreak::test
