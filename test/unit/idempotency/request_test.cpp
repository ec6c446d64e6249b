// Keys as clients spell them, and fingerprints that no two requests share.
#include <tiebreak/idempotent_request.hpp>

#include <gtest/gtest.h>

#include <set>

namespace tiebreak {

namespace {

TEST(IdempotencyKey, IsTheSameQuotedAndBare)
{
    EXPECT_EQ(parse_idempotency_key("abc-123"), "abc-123");
    EXPECT_EQ(parse_idempotency_key("\"abc-123\""), "abc-123");
    EXPECT_EQ(parse_idempotency_key(" \t\"abc-123\" "), "abc-123");
    EXPECT_EQ(parse_idempotency_key(R"("a\"b\\c")"), R"(a"b\c)");
    EXPECT_EQ(parse_idempotency_key("a,b"), "a,b");
    EXPECT_EQ(parse_idempotency_key("a b"), "a b");
    EXPECT_EQ(parse_idempotency_key(std::string(255, 'k')), std::string(255, 'k'));
    EXPECT_EQ(parse_idempotency_key('"' + std::string(255, 'k') + '"'), std::string(255, 'k'));
}

TEST(IdempotencyKey, ThatIsNoneIsRefused)
{
    for (std::string const& wrong : {std::string{},
                                     std::string{"  "},
                                     std::string{"\"\""},
                                     std::string{"\"abc"},
                                     std::string{"\""},
                                     std::string{"\"a\"b\""},
                                     std::string{R"("a\n")"},
                                     std::string{R"("a\")"},
                                     std::string{"\"a\";q=1"},
                                     std::string{"a\tb"},
                                     std::string{"\xc3\xa4"},
                                     std::string{"a\0b", 3},
                                     std::string(256, 'k')})
        EXPECT_FALSE(parse_idempotency_key(wrong)) << wrong;
}

TEST(Fingerprint, DiffersWithEveryPart)
{
    request_content const base{"POST", "/v1/a", "x=1", "application/json", "{}"};
    std::set<std::string> seen;
    auto const add = [&](request_content const& one) { seen.insert(to_hex(fingerprint_of(one))); };
    add(base);
    auto other = base;
    other.method = "PUT";
    add(other);
    other = base;
    other.path = "/v1/b";
    add(other);
    other = base;
    other.query = "x=2";
    add(other);
    other = base;
    other.content_type = "text/plain";
    add(other);
    other = base;
    other.body = "{ }";
    add(other);
    EXPECT_EQ(seen.size(), 6U);
    EXPECT_EQ(fingerprint_of(base), fingerprint_of(base));
}

TEST(Fingerprint, DoesNotMistakeOnePartForTheNext)
{
    EXPECT_NE(fingerprint_of({.method = "a", .path = "bc"}),
              fingerprint_of({.method = "ab", .path = "c"}));
    EXPECT_NE(fingerprint_of({.query = "q"}), fingerprint_of({.content_type = "q"}));
}

}  // namespace

}  // namespace tiebreak
