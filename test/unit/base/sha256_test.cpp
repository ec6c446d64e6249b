// The digests of FIPS 180-4's examples, and fields that keep apart.
#include <tiebreak/sha256.hpp>

#include <gtest/gtest.h>

namespace tiebreak {

namespace {

TEST(Sha256, IsTheOneOfTheStandard)
{
    EXPECT_EQ(to_hex(sha256("")),
              "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    EXPECT_EQ(to_hex(sha256("abc")),
              "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(to_hex(sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")),
              "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

TEST(Sha256, ComparesWholeDigests)
{
    auto const a = sha256("a");
    auto b = a;
    EXPECT_TRUE(same_digest(a, b));
    b.back() ^= std::byte{1};
    EXPECT_FALSE(same_digest(a, b));
}

TEST(Sha256, OfFieldsKeepsThemApart)
{
    auto const of = [](auto... fields) {
        sha256_of_fields all;
        (all.add(fields), ...);
        return all.finish();
    };
    EXPECT_NE(of("ab", "c"), of("a", "bc"));
    EXPECT_NE(of("a", ""), of("a"));
    EXPECT_NE(of("", "a"), of("a", ""));
    EXPECT_EQ(of("a", "b"), of("a", "b"));
}

}  // namespace

}  // namespace tiebreak
