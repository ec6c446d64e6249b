// Entries in Redis: what was put in comes out, and whatever was done to the bytes, no other entry.
#include "idempotency/early_entry.hpp"

#include <gtest/gtest.h>

namespace tiebreak::detail {

namespace {

early_entry answered()
{
    return {.fingerprint = sha256("request"),
            .owner = "0123456789abcdef",
            .answer = idempotent_answer{.status = 201,
                                        .headers = {{"location", "/orders/1"}},
                                        .body = std::string("a\0b:5:", 6)},
            .is_done = true};
}

TEST(EarlyEntry, ComesOutAsItWasPutIn)
{
    auto const out = decoded(encoded(answered(), "place"), "place");
    ASSERT_TRUE(out);
    EXPECT_EQ(out->fingerprint, answered().fingerprint);
    EXPECT_EQ(out->owner, answered().owner);
    EXPECT_EQ(out->answer, answered().answer);
    EXPECT_TRUE(out->is_done);
    early_entry const mark{.fingerprint = sha256("request"), .owner = "me"};
    auto const marked = decoded(encoded(mark, "place"), "place");
    ASSERT_TRUE(marked);
    EXPECT_FALSE(marked->is_done);
    EXPECT_FALSE(marked->answer);
    auto large = answered();
    large.answer.reset();
    auto const told = decoded(encoded(large, "place"), "place");
    ASSERT_TRUE(told);
    EXPECT_TRUE(told->is_done);
    EXPECT_FALSE(told->answer);
}

TEST(EarlyEntry, ThatWasCutAlteredOrMovedIsNone)
{
    auto const bytes = encoded(answered(), "place");
    EXPECT_FALSE(decoded(bytes, "another place"));
    for (std::size_t size = 0; size < bytes.size(); ++size)
        EXPECT_FALSE(decoded(bytes.substr(0, size), "place")) << size;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        auto altered = bytes;
        altered[i] = static_cast<char>(altered[i] ^ 1);
        EXPECT_FALSE(decoded(altered, "place")) << i;
    }
    EXPECT_FALSE(decoded(bytes + " ", "place"));
}

TEST(EarlyEntry, IsNotMadeOfWhatOthersPutThere)
{
    for (std::string const& bytes :
         {std::string{}, std::string{"DONE:42"}, std::string(32, '\0'), std::string(1'000, 'x')})
        EXPECT_FALSE(decoded(bytes, "place"));
}

}  // namespace

}  // namespace tiebreak::detail
