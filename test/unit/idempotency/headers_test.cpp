// What is kept of an answer's headers, and that none can pose as two.
#include "idempotency/headers.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace tiebreak::detail {

namespace {

std::vector<std::string> const allowed{"content-type", "location"};

TEST(StoredHeaders, AreThoseThatAreAllowed)
{
    std::vector<answer_header> const given{{"Content-Type", "application/json"},
                                           {"Set-Cookie", "session=secret"},
                                           {"location", "/v1/orders/7?a=b: c"},
                                           {"Date", "now"}};
    auto const text = packed(given, allowed);
    EXPECT_EQ(text.find("secret"), std::string::npos);
    std::vector<answer_header> const kept{given[0], given[2]};
    EXPECT_EQ(unpacked(text), kept);
}

TEST(StoredHeaders, CanBeNoneOrEmpty)
{
    EXPECT_EQ(packed({}, allowed), "");
    EXPECT_TRUE(unpacked("").empty());
    std::vector<answer_header> const empty{{"location", ""}};
    EXPECT_EQ(unpacked(packed(empty, allowed)), empty);
}

TEST(StoredHeaders, ThatWouldBeReadAsTwoAreRefused)
{
    for (answer_header const& wrong :
         {answer_header{"location", "a\nset-cookie: b"},
          answer_header{"location", "a\r"},
          answer_header{"loca\ntion", "a"},
          answer_header{"a: b", "c"},
          answer_header{"", "a"},
          answer_header{"x-other", "not allowed, yet not passed over\n"}})
        EXPECT_THROW((void)packed({wrong}, allowed), std::invalid_argument);
}

}  // namespace

}  // namespace tiebreak::detail
