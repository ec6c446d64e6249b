// What may stand in the head of a request, decided without a server: every refusal has its slug,
// and the answer does not depend on how the bytes are cut.
#include "service/http/head_check.hpp"

#include <gtest/gtest.h>

#include <ostream>
#include <string>

namespace tiebreak::test {

namespace {

using service::http::head_check;
using service::http::head_facts;
using service::http::limits;

struct head_case {
    char const* name;
    std::string bytes;
    std::string slug{};  // empty: accepted

    friend void PrintTo(head_case const& of, std::ostream* out) { *out << of.name; }
};

// A head with these lines in place of the usual ones.
std::string head(std::string const& request_line, std::string const& fields = "Host: a\r\n")
{
    return request_line + "\r\n" + fields + "\r\n";
}

std::string get_with(std::string const& field)
{
    return head("GET / HTTP/1.1", "Host: a\r\n" + field + "\r\n");
}

std::string post_with(std::string const& fields)
{
    return head("POST / HTTP/1.1", "Host: a\r\n" + fields);
}

constexpr char const* bad = "malformed-request";

std::vector<head_case> head_cases()
{
    return {
        {"Plain", head("GET / HTTP/1.1")},
        {"OneEmptyLineBefore", "\r\n" + head("GET / HTTP/1.1")},
        {"TwoEmptyLinesBefore", "\r\n\r\n" + head("GET / HTTP/1.1"), bad},
        {"EveryCharacterOfAUri", head("GET /-._~!$&'()*+,;=:@%2F?a=/?:@ HTTP/1.1")},
        {"AbsoluteFormOfTheHost", head("GET http://A/x?y HTTP/1.1")},
        {"AbsoluteFormOfAnotherHost", head("GET http://b/x HTTP/1.1"), bad},
        {"AbsoluteFormWithoutPath", head("GET http://a HTTP/1.1"), bad},
        {"OtherScheme", head("GET ftp://a/ HTTP/1.1"), bad},
        {"AuthorityForm", head("CONNECT a:80 HTTP/1.1"), bad},
        {"AsteriskForOptions", head("OPTIONS * HTTP/1.1")},
        {"AsteriskForGet", head("GET * HTTP/1.1"), bad},
        {"Http10WithoutHost", head("GET / HTTP/1.0", "")},
        {"Http11WithoutHost", head("GET / HTTP/1.1", ""), bad},
        {"Http2", head("PRI * HTTP/2.0"), "version-not-supported"},
        {"Http12", head("GET / HTTP/1.2"), "version-not-supported"},
        {"NoVersion", head("GET /"), bad},
        {"VersionInSmallLetters", head("GET / http/1.1"), bad},
        {"TwoSpaces", head("GET  / HTTP/1.1"), bad},
        {"SpaceInTarget", head("GET /a b HTTP/1.1"), bad},
        {"SpaceAtTheEnd", head("GET / HTTP/1.1 "), bad},
        {"TabForSpace", head("GET\t/\tHTTP/1.1"), bad},
        {"NoSlash", head("GET x HTTP/1.1"), bad},
        {"Fragment", head("GET /a#b HTTP/1.1"), bad},
        {"RawUtf8InTarget", head("GET /\xC3\xA4 HTTP/1.1"), bad},
        {"WrongUtf8InTarget", head("GET /\xFF HTTP/1.1"), bad},
        {"QuoteInTarget", head("GET /\" HTTP/1.1"), bad},
        {"BackslashInTarget", head("GET /\\ HTTP/1.1"), bad},
        {"NulInTarget", head(std::string{"GET /\0 HTTP/1.1", 16}), bad},
        {"MethodNoToken", head("GE(T / HTTP/1.1"), bad},
        {"TlsHello", std::string{"\x16\x03\x01\x02\x00\x01", 6}, bad},
        {"BareLfInRequestLine", "GET / HTTP/1.1\nHost: a\r\n\r\n", bad},
        {"BareLfInFields", "GET / HTTP/1.1\r\nHost: a\nX: y\r\n\r\n", bad},
        {"BareLfAtTheEnd", "GET / HTTP/1.1\r\nHost: a\r\n\n", bad},
        {"BareCrInValue", get_with("X: a\rb"), bad},
        {"CrCrLf", "GET / HTTP/1.1\r\r\nHost: a\r\n\r\n", bad},
        {"ObsFold", get_with("X: a\r\n b"), bad},
        {"ObsFoldWithTab", get_with("X: a\r\n\tb"), bad},
        {"FoldedFirst", head("GET / HTTP/1.1", " Host: a\r\n"), bad},
        {"SpaceBeforeColon", get_with("X : y"), bad},
        {"TabBeforeColon", get_with("X\t: y"), bad},
        {"NoColon", get_with("X"), bad},
        {"NoName", get_with(": y"), bad},
        {"NulInName", get_with(std::string{"X\0Y: z", 6}), bad},
        {"NulInValue", get_with(std::string{"X: y\0z", 6}), bad},
        {"DeleteInValue", get_with("X: y\x7F"), bad},
        {"Utf8InValue", get_with("X: \xC3\xA4")},
        {"EmptyValue", get_with("X:")},
        {"TwoHosts", get_with("Host: a"), bad},
        {"HostWithSpace", head("GET / HTTP/1.1", "Host: a b\r\n"), bad},
        {"HostWithPath", head("GET / HTTP/1.1", "Host: a/b\r\n"), bad},
        {"HostWithUser", head("GET / HTTP/1.1", "Host: u@a\r\n"), bad},
        {"HostWithPort", head("GET / HTTP/1.1", "Host: [::1]:80\r\n")},
        {"EmptyHost", head("GET / HTTP/1.1", "Host:\r\n")},
        {"ContentLength", post_with("Content-Length: 5\r\n")},
        {"ContentLengthTwiceEqual", post_with("Content-Length: 5\r\nContent-Length: 5\r\n"), bad},
        {"ContentLengthTwice", post_with("Content-Length: 5\r\ncontent-length: 6\r\n"), bad},
        {"ContentLengthList", post_with("Content-Length: 5, 5\r\n"), bad},
        {"ContentLengthSigned", post_with("Content-Length: +5\r\n"), bad},
        {"ContentLengthNegative", post_with("Content-Length: -5\r\n"), bad},
        {"ContentLengthHexadecimal", post_with("Content-Length: 0x5\r\n"), bad},
        {"ContentLengthWithUnit", post_with("Content-Length: 5b\r\n"), bad},
        {"ContentLengthEmpty", post_with("Content-Length:\r\n"), bad},
        {"ContentLengthBeyond64Bits", post_with("Content-Length: 18446744073709551616\r\n"), bad},
        {"Chunked", post_with("Transfer-Encoding: chunked\r\n")},
        {"ChunkedInCapitals", post_with("Transfer-Encoding: Chunked\r\n")},
        {"ChunkedTwice",
         post_with("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
         bad},
        {"ChunkedListed", post_with("Transfer-Encoding: chunked, chunked\r\n"), bad},
        {"ChunkedAfterGzip", post_with("Transfer-Encoding: gzip, chunked\r\n"), bad},
        {"Identity", post_with("Transfer-Encoding: identity\r\n"), bad},
        {"ChunkedMisspelled", post_with("Transfer-Encoding: xchunked\r\n"), bad},
        {"ChunkedQuoted", post_with("Transfer-Encoding: \"chunked\"\r\n"), bad},
        {"ChunkedWithVerticalTab",
         post_with("Transfer-Encoding: \x0B"
                   "chunked\r\n"),
         bad},
        {"LengthAndChunked", post_with("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"), bad},
        {"ChunkedAndLength", post_with("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"), bad},
        {"ChunkedInHttp10", head("POST / HTTP/1.0", "Transfer-Encoding: chunked\r\n"), bad},
        {"TwoContentTypes", post_with("Content-Type: a/b\r\nContent-Type: a/b\r\n"), bad},
        {"Continue", post_with("Content-Length: 5\r\nExpect: 100-Continue\r\n")},
        {"OtherExpectation", get_with("Expect: tea"), "expectation-failed"},
        {"UrlTooLong", head("GET /" + std::string(8 * 1024, 'a') + " HTTP/1.1"), "url-too-long"},
        {"UrlWithoutEnd", "GET /" + std::string(9 * 1024, 'a'), "url-too-long"},
        {"HeaderTooLong", get_with("X: " + std::string(16 * 1024, 'a')), "header-too-large"},
        {"HeaderWithoutEnd",
         "GET / HTTP/1.1\r\nX: " + std::string(17 * 1024, 'a'),
         "header-too-large"},
        {"TooManyFields",
         [] {
             std::string fields = "Host: a\r\n";
             for (int i = 0; i < 100; ++i)
                 fields += "X: y\r\n";
             return head("GET / HTTP/1.1", fields);
         }(),
         "header-too-large"},
    };
}

class HeadCheck : public testing::TestWithParam<head_case> {
protected:
    static constexpr limits allowed{};
    head_check check{allowed};

    void expect(head_check::state is)
    {
        auto const& wanted = GetParam();
        if (wanted.slug.empty()) {
            EXPECT_EQ(is, head_check::state::complete) << wanted.bytes;
            EXPECT_EQ(check.size(), wanted.bytes.size());
        } else {
            ASSERT_EQ(is, head_check::state::refused) << wanted.bytes;
            EXPECT_EQ(check.fault().kind().slug, wanted.slug);
        }
    }
};

TEST_P(HeadCheck, DecidesWhenItArrivesWhole)
{
    expect(check.look(GetParam().bytes));
}

TEST_P(HeadCheck, DecidesTheSameByteByByte)
{
    std::string_view const bytes = GetParam().bytes;
    auto is = head_check::state::incomplete;
    for (std::size_t i = 1; i <= bytes.size() && is == head_check::state::incomplete; ++i)
        is = check.look(bytes.substr(0, i));
    expect(is);
}

INSTANTIATE_TEST_SUITE_P(, HeadCheck, testing::ValuesIn(head_cases()), [](auto const& one) {
    return one.param.name;
});

TEST(HeadFacts, SayWhereThePartsAre)
{
    limits const allowed;
    head_check check(allowed);
    std::string const bytes = "PUT http://a/b/c?d=e HTTP/1.1\r\nHost: a\r\nContent-Length: 7\r\n"
                              "Expect: 100-continue\r\nConnection: x, Close\r\n\r\nnext";
    ASSERT_EQ(check.look(bytes), head_check::state::complete);
    auto const& facts = check.facts();
    EXPECT_EQ(bytes.substr(facts.method.at, facts.method.size), "PUT");
    EXPECT_EQ(bytes.substr(facts.path.at, facts.path.size), "/b/c");
    EXPECT_EQ(bytes.substr(facts.query.at, facts.query.size), "d=e");
    EXPECT_EQ(bytes.substr(check.size()), "next");
    EXPECT_EQ(facts.content_length, 7);
    EXPECT_TRUE(facts.expects_continue);
    EXPECT_TRUE(facts.wants_close);
    EXPECT_TRUE(facts.has_body());
    EXPECT_FALSE(facts.is_chunked);
    EXPECT_FALSE(facts.is_http_1_0);
}

TEST(HeadFacts, AreForgottenBeforeTheNextHead)
{
    limits const allowed;
    head_check check(allowed);
    ASSERT_EQ(check.look(post_with("Content-Length: 7\r\nConnection: close\r\n")),
              head_check::state::complete);
    check.reset();
    ASSERT_EQ(check.look(head("GET / HTTP/1.1")), head_check::state::complete);
    EXPECT_FALSE(check.facts().has_body());
    EXPECT_FALSE(check.facts().wants_close);
    check.reset();
    ASSERT_EQ(check.look(get_with("X : y")), head_check::state::refused);
    check.reset();
    EXPECT_EQ(check.look(head("GET / HTTP/1.1")), head_check::state::complete);
}

}  // namespace

}  // namespace tiebreak::test
