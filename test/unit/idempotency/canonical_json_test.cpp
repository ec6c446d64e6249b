// One spelling for what means the same, two for what does not, and none for what is not JSON.
#include <tiebreak/canonical_json.hpp>

#include <gtest/gtest.h>

#include <stdexcept>

namespace tiebreak {

namespace {

TEST(CanonicalJson, SortsNamesAndDropsBlanks)
{
    EXPECT_EQ(canonical_json(R"( { "b" : [ 1 , 2 ] , "a" : { "d":null, "c":true } } )"),
              R"({"a":{"c":true,"d":null},"b":[1,2]})");
    EXPECT_EQ(canonical_json("[]"), "[]");
    EXPECT_EQ(canonical_json("{}"), "{}");
    EXPECT_EQ(canonical_json(" \"x\" "), "\"x\"");
}

TEST(CanonicalJson, KeepsNumbersDigitByDigit)
{
    for (std::string const number : {"9223372036854775807",
                                     "9223372036854775808",
                                     "18446744073709551616",
                                     "123456789012345678901234567890",
                                     "0.1",
                                     "0.10",
                                     "1e2",
                                     "1E+2",
                                     "-0",
                                     "-0.0"})
        EXPECT_EQ(canonical_json(number), number);
    EXPECT_NE(canonical_json("9007199254740993"), canonical_json("9007199254740992"));
}

TEST(CanonicalJson, SpellsStringsOneWay)
{
    EXPECT_EQ(canonical_json(R"("\u0041\/\u00e9\t")"), canonical_json("\"A/\xc3\xa9\\u0009\""));
    EXPECT_EQ(canonical_json(R"("\ud83d\ude00")"), "\"\xf0\x9f\x98\x80\"");
    EXPECT_EQ(canonical_json(R"("\"\\\u0000")"), R"("\"\\\u0000")");
    EXPECT_EQ(canonical_json(R"({"\u0062":1,"a":2})"), R"({"a":2,"b":1})");
}

TEST(CanonicalJson, RefusesRepeatedNamesHoweverTheyAreSpelled)
{
    EXPECT_FALSE(canonical_json(R"({"a":1,"a":1})"));
    EXPECT_FALSE(canonical_json(R"({"a":1,"b":2,"\u0061":3})"));
    EXPECT_FALSE(canonical_json(R"([{"x":{"a":1,"a":2}}])"));
    EXPECT_TRUE(canonical_json(R"({"a":{"a":1},"b":{"a":1}})"));
}

TEST(CanonicalJson, RefusesWhatIsNotJson)
{
    for (std::string_view const text : {"",
                                        " ",
                                        "{",
                                        "[1,]",
                                        "{\"a\":1,}",
                                        "01",
                                        "+1",
                                        ".5",
                                        "1.",
                                        "NaN",
                                        "Infinity",
                                        "nul",
                                        "'a'",
                                        "{a:1}",
                                        "1 2",
                                        "[] []",
                                        "// x\n1",
                                        "\"\x01\"",
                                        "\"\\x\"",
                                        "\"\\ud800\"",
                                        "\"\\udc00\"",
                                        "\"\xff\"",
                                        "\"\xc0\xaf\"",
                                        "\"\xed\xa0\x80\"",
                                        "\xef\xbb\xbf{}"})
        EXPECT_FALSE(canonical_json(text)) << text;
}

TEST(CanonicalJson, RefusesWhatIsNestedTooDeep)
{
    auto const nested = [](std::size_t depth) {
        return std::string(depth, '[') + std::string(depth, ']');
    };
    EXPECT_EQ(canonical_json(nested(64)), nested(64));
    EXPECT_FALSE(canonical_json(nested(65)));
    EXPECT_FALSE(canonical_json(nested(10'000)));
    EXPECT_TRUE(canonical_json(nested(100), {.depth_max = 100}));
    EXPECT_THROW((void)canonical_json("1", {.depth_max = 0}), std::invalid_argument);
}

TEST(CanonicalJson, IsItsOwnCanonicalForm)
{
    auto const once = canonical_json(R"({"z":[{"b":"\u0007","a":-1.50e+10},"",{}],"é":"ü"})");
    ASSERT_TRUE(once);
    EXPECT_EQ(canonical_json(*once), once);
}

}  // namespace

}  // namespace tiebreak
