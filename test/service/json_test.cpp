// JSON from outside: what is refused, where, and what canonical text keeps apart.
#include "service/http/json.hpp"
#include "service/http/json_text.hpp"
#include "service/http/object_reader.hpp"
#include "service/http/problem.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace tiebreak::test {

namespace {

using namespace service::http;

// The document that a text is refused with; empty when it is accepted.
std::string refusal_of(std::string_view text, json_limits const& allowed = {})
{
    try {
        (void)parse_json(text, allowed);
        return {};
    } catch (refusal const& refused) {
        return answer(refused.what_happened()).body;
    }
}

void expect_refused(std::string_view text, std::string_view pointer, std::string_view detail)
{
    auto const document = refusal_of(text);
    EXPECT_NE(document.find("urn:tiebreak:problem:invalid-request"), std::string::npos) << text;
    EXPECT_NE(document.find("\"pointer\":\"" + std::string{pointer} + '"'), std::string::npos)
        << text << document;
    EXPECT_NE(document.find(detail), std::string::npos) << text << document;
}

TEST(Json, RefusesANameThatStandsTwice)
{
    expect_refused(R"({"a":1,"b":2,"a":3})", "/a", "stands twice");
    expect_refused(R"({"x":[{},{"a/b":1,"a/b":1}]})", "/x/1/a~1b", "stands twice");
    expect_refused("{\"a\":1,\"\\u0061\":2}", "/a", "stands twice");
    EXPECT_EQ(refusal_of(R"({"a":{"a":1},"b":{"a":1}})"), "");
}

TEST(Json, RefusesWholeNumbersBeyond64Bits)
{
    expect_refused(R"({"n":9223372036854775808})", "/n", "is beyond 64 bits");
    expect_refused(R"({"n":[1,18446744073709551616]})", "/n/1", "is beyond 64 bits");
    expect_refused("-9223372036854775809", "", "is beyond 64 bits");
    expect_refused(R"({"n":1e999})", "/n", "is beyond what a number can be");
    auto const value = parse_json("[9223372036854775807,-9223372036854775808]");
    auto const& numbers = *value.get_if<json_value::array>();
    EXPECT_EQ(*numbers[0].get_if<std::int64_t>(), std::numeric_limits<std::int64_t>::max());
    EXPECT_EQ(*numbers[1].get_if<std::int64_t>(), std::numeric_limits<std::int64_t>::min());
}

TEST(Json, RefusesWhatIsNotUtf8)
{
    for (auto const* const text : {"\"\xFF\"",
                                   "\"\xC0\xAF\"",
                                   "\"\xED\xA0\x80\"",
                                   "\"\xE2\x82\"",
                                   "{\"\xFF\":1}",
                                   "\"\\ud800\"",
                                   "\"\xF4\x90\x80\x80\""})
        EXPECT_NE(refusal_of(text), "") << text;
    EXPECT_EQ(refusal_of("\"\xF0\x9F\x98\x80 \\ud83d\\ude00\""), "");
}

TEST(Json, RefusesWhatIsNoJson)
{
    for (auto const* const text :
         {"",    " ",   "{",     "[1,]",     "{\"a\":1,}", "nul",           "01",
          "1.",  "+1",  ".5",    "NaN",      "Infinity",   "'a'",           "{a:1}",
          "1 2", "{}x", "[] []", "\"a\nb\"", "// c\n1",    "\xEF\xBB\xBF{}"})
        EXPECT_NE(refusal_of(text), "") << text;
    EXPECT_NE(refusal_of(std::string_view{"\0", 1}), "");
}

TEST(Json, RefusesDepthAndSizeBeyondTheLimits)
{
    std::string const deep = std::string(10'000, '[') + std::string(10'000, ']');
    EXPECT_NE(refusal_of(deep).find("nested too deeply"), std::string::npos);
    EXPECT_EQ(refusal_of("[[[]]]", {.depth = 3}), "");
    EXPECT_NE(refusal_of("[[[[]]]]", {.depth = 3}), "");
    EXPECT_EQ(refusal_of("[1,2,3]", {.values = 4}), "");
    EXPECT_NE(refusal_of("[1,2,3,4]", {.values = 4}), "");
}

TEST(Json, ReadsALongNumberWithoutTrouble)
{
    EXPECT_NE(refusal_of(std::string(1'000'000, '9')), "");
    EXPECT_EQ(refusal_of("0." + std::string(100'000, '1')), "");
}

TEST(CanonicalText, IsTheSameForTheSameContent)
{
    auto const canonical = [](std::string_view text) {
        return canonical_text_of(parse_json(text));
    };
    EXPECT_EQ(canonical(R"( { "b" : [1, {"z":null,"a":true}], "a" : "A" } )"),
              R"({"a":"A","b":[1,{"a":true,"z":null}]})");
    EXPECT_EQ(canonical("-0"), "0");
    EXPECT_NE(canonical("1.0"), canonical("1"));
    EXPECT_NE(canonical("0.1"), canonical("0.10000000000000001"));
    EXPECT_NE(canonical("9007199254740993"), canonical("9007199254740992"));
    EXPECT_NE(canonical("\"1\""), canonical("1"));
    EXPECT_NE(canonical("[]"), canonical("{}"));
}

TEST(JsonText, KeepsOrderAndEscapes)
{
    EXPECT_EQ(text_of(parse_json(R"({"b":1.50,"a":[false,"\u0001\"\\"]})")),
              R"({"b":1.50,"a":[false,"\u0001\"\\"]})");
    EXPECT_EQ(json_object{}
                  .add("text", "a\nb\x7F\xFF\xC3\xA4")
                  .add("yes", true)
                  .add("least", std::numeric_limits<std::int64_t>::min())
                  .add("most", std::numeric_limits<std::uint64_t>::max())
                  .add("none", std::optional<int>{})
                  .add("some", std::optional<std::string>{"x"})
                  .add_if("absent", std::optional<int>{})
                  .add("real", 0.5)
                  .add("inner", json_object{}.add("a", nullptr))
                  .add("list", json_array{}.add(1).add("b"))
                  .str(),
              "{\"text\":\"a\\nb\x7F\xEF\xBF\xBD\xC3\xA4\",\"yes\":true,"
              "\"least\":-9223372036854775808,\"most\":18446744073709551615,\"none\":null,"
              "\"some\":\"x\",\"real\":0.5,\"inner\":{\"a\":null},\"list\":[1,\"b\"]}");
}

TEST(Rfc3339, ReadsWhatItWrites)
{
    auto const when = parse_rfc3339("2026-02-28T23:59:59.123456+09:30");
    ASSERT_TRUE(when);
    EXPECT_EQ(rfc3339(*when), "2026-02-28T14:29:59.123456Z");
    EXPECT_EQ(parse_rfc3339(rfc3339(*when)), when);
    EXPECT_EQ(rfc3339(*parse_rfc3339("1969-12-31T23:59:59.5Z")), "1969-12-31T23:59:59.500000Z");
    EXPECT_EQ(rfc3339(*parse_rfc3339("0000-01-01t00:00:00z")), "0000-01-01T00:00:00.000000Z");
    for (auto const* const text : {"2026-02-29T00:00:00Z",
                                   "2026-13-01T00:00:00Z",
                                   "2026-01-01T24:00:00Z",
                                   "2026-01-01T00:60:00Z",
                                   "2026-01-01T00:00:60Z",
                                   "2026-01-01T00:00:00",
                                   "2026-01-01",
                                   "2026-01-01T00:00:00.Z",
                                   "2026-01-01T00:00:00.1234567Z",
                                   "2026-01-01T00:00:00+9:00",
                                   "2026-01-01T00:00:00+24:00",
                                   "2026-01-01 00:00:00Z",
                                   "9999-12-31T23:59:59-00:01",
                                   "2026-01-01T00:00:00ZZ",
                                   ""})
        EXPECT_EQ(parse_rfc3339(text), std::nullopt) << text;
}

// The pointers and details of everything that is wrong, "/a is missing; …".
template <class Read>
std::string faults_of(std::string_view text, Read&& read)
{
    try {
        (void)read_object(parse_json(text), read);
        return {};
    } catch (refusal const& refused) {
        auto const body = parse_json(answer(refused.what_happened()).body);
        std::string all;
        for (auto const& one : *body.find("errors")->get_if<json_value::array>())
            all += *one.find("pointer")->get_if<std::string>() + ' ' +
                   *one.find("detail")->get_if<std::string>() + "; ";
        return all;
    }
}

TEST(ObjectReader, CollectsEverythingThatIsWrong)
{
    auto const faults = faults_of(
        R"({"n":1.5,"low":0,"high":11,"t":"toolong","e":"","z":"a\u0000","b":1,"when":"now",
            "word":"x","list":[1,"2",30],"lines":[{"k":1,"u":2},3],"extra":null})",
        [](object_reader& in) {
            (void)in.integer("n");
            (void)in.integer("low", {.least = 1});
            (void)in.optional_integer("high", {.most = 10});
            (void)in.text("t", {.bytes_max = 3});
            (void)in.text("e", {.bytes_min = 1});
            (void)in.text("z");
            (void)in.boolean("b");
            (void)in.time("when");
            (void)in.one_of("word", {"ACTIVE", "BANNED"});
            (void)in.integers("list", {}, {.most = 20});
            (void)in.objects("lines", {}, [](object_reader& line) { return line.integer("k"); });
            (void)in.text("absent");
            return 0;
        });
    EXPECT_EQ(faults,
              "/n must be a whole number, not a number; /low must be 1 or more; "
              "/high must be 10 or less; /t must have at most 3 bytes; /e must not be empty; "
              "/z must not contain U+0000; /b must be true or false, not a whole number; "
              "/when must be a time like 2026-07-01T09:00:00Z; "
              "/word must be one of ACTIVE, BANNED; "
              "/list/1 must be a whole number, not a text; /list/2 must be 20 or less; "
              "/lines/0/u is not known here; /lines/1 must be an object, not a whole number; "
              "/absent is missing; /extra is not known here; ");
}

TEST(ObjectReader, TellsAbsentFromNull)
{
    auto const value = parse_json(R"({"a":null,"b":1})");
    auto const seen = read_object(value, [](object_reader& in) {
        EXPECT_TRUE(in.has("a"));
        EXPECT_TRUE(in.is_null("a"));
        EXPECT_FALSE(in.is_null("b"));
        EXPECT_FALSE(in.has("c"));
        EXPECT_EQ(in.optional_integer("a"), std::nullopt);
        EXPECT_EQ(in.optional_text("c"), std::nullopt);
        return in.integer("b");
    });
    EXPECT_EQ(seen, 1);
}

TEST(ObjectReader, RefusesAnythingButAnObject)
{
    EXPECT_EQ(faults_of("[1]", [](object_reader& in) { return in.integer("a"); }),
              " must be an object, not an array; ");
    EXPECT_EQ(faults_of(R"({"a":[]})",
                        [](object_reader& in) {
                            return in.integers("a", {.least = 1, .most = 2}).size();
                        }),
              "/a must have at least 1 element; ");
}

}  // namespace

}  // namespace tiebreak::test
