// SHA-256 by OpenSSL's libcrypto, which libpq and libmariadb load anyway.
#include <tiebreak/error.hpp>
#include <tiebreak/sha256.hpp>

#include <openssl/crypto.h>
#include <openssl/evp.h>

namespace tiebreak {

namespace {

[[noreturn]] void throw_failed()
{
    throw error(errc::backend_failure, "a digest could not be computed: libcrypto failed");
}

}  // namespace

struct sha256_of_fields::state {
    struct freed {
        void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
    };

    std::unique_ptr<EVP_MD_CTX, freed> context{EVP_MD_CTX_new()};

    state()
    {
        if (!context || EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr) != 1)
            throw_failed();
    }

    void add(void const* bytes, std::size_t size)
    {
        if (EVP_DigestUpdate(context.get(), bytes, size) != 1)
            throw_failed();
    }

    [[nodiscard]] sha256_digest finish()
    {
        sha256_digest digest{};
        unsigned int size = 0;
        if (EVP_DigestFinal_ex(
                context.get(), reinterpret_cast<unsigned char*>(digest.data()), &size) != 1 ||
            size != digest.size())
            throw_failed();
        return digest;
    }
};

sha256_digest sha256(std::string_view bytes)
{
    sha256_digest digest{};
    unsigned int size = 0;
    if (EVP_Digest(bytes.data(),
                   bytes.size(),
                   reinterpret_cast<unsigned char*>(digest.data()),
                   &size,
                   EVP_sha256(),
                   nullptr) != 1 ||
        size != digest.size())
        throw_failed();
    return digest;
}

std::string to_hex(sha256_digest const& of)
{
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    text.reserve(of.size() * 2);
    for (auto const byte : of) {
        text += digits[std::to_integer<std::size_t>(byte >> 4)];
        text += digits[std::to_integer<std::size_t>(byte & std::byte{15})];
    }
    return text;
}

bool same_digest(sha256_digest const& a, sha256_digest const& b) noexcept
{
    return CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

sha256_of_fields::sha256_of_fields() : state_(std::make_unique<state>()) {}

sha256_of_fields::sha256_of_fields(sha256_of_fields&&) noexcept = default;
sha256_of_fields& sha256_of_fields::operator=(sha256_of_fields&&) noexcept = default;
sha256_of_fields::~sha256_of_fields() = default;

sha256_of_fields& sha256_of_fields::add(std::string_view field)
{
    std::array<unsigned char, 8> length{};
    for (std::size_t i = 0; i < length.size(); ++i)
        length[i] = static_cast<unsigned char>(field.size() >> (8 * i));
    state_->add(length.data(), length.size());
    state_->add(field.data(), field.size());
    return *this;
}

sha256_digest sha256_of_fields::finish()
{
    return state_->finish();
}

}  // namespace tiebreak
