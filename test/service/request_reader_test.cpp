// From bytes to requests, without a server: bodies with a length and in chunks, pipelines, limits;
// and the same answer however the bytes are cut.
#include "service/http/request_reader.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <ostream>
#include <random>
#include <string>
#include <vector>

namespace tiebreak::test {

namespace {

using service::http::limits;
using service::http::request_reader;
using state = request_reader::state;

constexpr std::size_t body_max = 100;

// What became of a stream of bytes.
struct reading {
    std::vector<std::string> bodies{};
    std::string slug{};  // of the refusal that ended it
    state last = state::idle;

    friend bool operator==(reading const&, reading const&) = default;

    friend void PrintTo(reading const& of, std::ostream* out)
    {
        for (auto const& body : of.bodies)
            *out << '[' << body << ']';
        *out << ' ' << of.slug << " state " << static_cast<int>(of.last);
    }
};

// Feeds the bytes in pieces of at most so many.
reading read(std::string_view bytes, std::size_t piece, limits const& allowed)
{
    request_reader reader(allowed);
    reading seen;
    for (;;) {
        seen.last = reader.advance();
        if (seen.last == state::head_done) {
            reader.allow_body(body_max);
        } else if (seen.last == state::complete) {
            seen.bodies.emplace_back(reader.current().body);
            reader.forget();
        } else if (seen.last == state::refused) {
            seen.slug = reader.fault().kind().slug;
            return seen;
        } else {
            if (bytes.empty())
                return seen;
            auto const room = reader.room();
            auto const size = std::min({piece, bytes.size(), room.size()});
            std::copy_n(bytes.begin(), size, room.begin());
            reader.received(size);
            bytes.remove_prefix(size);
        }
    }
}

// The same for every way to cut the bytes.
reading read(std::string const& bytes)
{
    static limits const allowed{.chunk_extra_bytes = 16};
    auto const whole = read(bytes, bytes.size() + 1, allowed);
    for (std::size_t const piece : {1UL, 2UL, 3UL, 7UL, 64UL, 1000UL})
        EXPECT_EQ(read(bytes, piece, allowed), whole) << "in pieces of " << piece;
    return whole;
}

std::string chunked(std::string const& body)
{
    return "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + body;
}

std::string sized(std::string const& body)
{
    return "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(body.size()) +
           "\r\n\r\n" + body;
}

reading bodies(std::vector<std::string> all)
{
    return {.bodies = std::move(all), .slug = {}, .last = state::idle};
}

reading refused(std::string slug, std::vector<std::string> before = {})
{
    return {.bodies = std::move(before), .slug = std::move(slug), .last = state::refused};
}

TEST(RequestReader, ReadsABodyByItsLength)
{
    EXPECT_EQ(read(sized("hello")), bodies({"hello"}));
    EXPECT_EQ(read(sized("")), bodies({""}));
    EXPECT_EQ(read(sized(std::string(body_max, 'x'))), bodies({std::string(body_max, 'x')}));
}

TEST(RequestReader, ReadsABodyInChunks)
{
    EXPECT_EQ(read(chunked("5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n")), bodies({"hello!"}));
    EXPECT_EQ(read(chunked("0\r\n\r\n")), bodies({""}));
    EXPECT_EQ(read(chunked("A\r\n0123456789\r\n0\r\n\r\n")), bodies({"0123456789"}));
    EXPECT_EQ(read(chunked("1;a=b\r\nx\r\n0\r\nT: u\r\n\r\n")), bodies({"x"}));
}

TEST(RequestReader, TakesAPipelineApart)
{
    EXPECT_EQ(read(sized("one") + chunked("3\r\ntwo\r\n0\r\n\r\n") + sized("") + sized("four")),
              bodies({"one", "two", "", "four"}));
}

TEST(RequestReader, RefusesMalformedChunks)
{
    for (auto const* const body : {"x\r\nhello\r\n0\r\n\r\n",
                                   "-5\r\nhello\r\n0\r\n\r\n",
                                   "+5\r\nhello\r\n0\r\n\r\n",
                                   " 5\r\nhello\r\n0\r\n\r\n",
                                   "0x5\r\nhello\r\n0\r\n\r\n",
                                   "5 \r\nhello\r\n0\r\n\r\n",
                                   "5\r\nhelloo\r\n0\r\n\r\n",
                                   "5\nhello\r\n0\r\n\r\n",
                                   "5\r\nhello\n0\r\n\r\n",
                                   "\r\n5\r\nhello\r\n0\r\n\r\n",
                                   "0\r\nContent-Length: 5\r\n\r\n",
                                   "0\r\nT : u\r\n\r\n"})
        EXPECT_EQ(read(chunked(body)), refused("malformed-request")) << body;
}

TEST(RequestReader, RefusesTooMuchBesideTheChunks)
{
    EXPECT_EQ(read(chunked("1;a=" + std::string(20, 'b') + "\r\nx\r\n0\r\n\r\n")),
              refused("malformed-request"));
    EXPECT_EQ(read(chunked("1\r\nx\r\n0\r\nT: " + std::string(20, 'u') + "\r\n\r\n")),
              refused("malformed-request"));
    EXPECT_EQ(read(chunked("1;a=" + std::string(100'000, 'b'))).slug, "malformed-request");
    EXPECT_EQ(read(chunked("0\r\nT: " + std::string(100'000, 'b'))).slug, "malformed-request");
}

TEST(RequestReader, RefusesABodyBeyondTheLimit)
{
    EXPECT_EQ(read(chunked("40\r\n" + std::string(64, 'x') + "\r\n40\r\n" + std::string(64, 'x'))),
              refused("body-too-large"));
    EXPECT_EQ(read(chunked("FFFFFFFFFFFFFFFF\r\nx")), refused("body-too-large"));
    EXPECT_EQ(read(chunked("10000000000000000\r\nx")).last, state::refused);
    EXPECT_EQ(read(sized(std::string(body_max + 1, 'x'))), refused("body-too-large"));
}

TEST(RequestReader, AnswersWhatWasWholeBeforeTheMalformed)
{
    EXPECT_EQ(read(sized("one") + "GET / HTTP/1.1\nHost: a\n\n"),
              refused("malformed-request", {"one"}));
    EXPECT_EQ(read(sized("one") + "two"), (reading{.bodies = {"one"}, .last = state::head}));
}

TEST(RequestReader, TrailersChangeNothingInTheRequest)
{
    limits const allowed;
    request_reader reader(allowed);
    std::string const bytes = chunked("0\r\nX-Late: 1\r\n\r\n");
    std::copy(bytes.begin(), bytes.end(), reader.room().begin());
    reader.received(bytes.size());
    ASSERT_EQ(reader.advance(), state::head_done);
    reader.allow_body(body_max);
    ASSERT_EQ(reader.advance(), state::complete);
    EXPECT_EQ(reader.current().count_headers("x-late"), 0);
    EXPECT_EQ(reader.current().count_headers("HOST"), 1);
}

TEST(RequestReader, RefusesAQueryThatIsNoText)
{
    for (auto const* const query : {"a=%ff", "a=%0", "%zz", "a=%00"})
        EXPECT_EQ(read("GET /?" + std::string{query} + " HTTP/1.1\r\nHost: a\r\n\r\n"),
                  refused("malformed-request"))
            << query;
}

// Damage in one to four places: whatever comes of it, cutting the bytes differently changes
// nothing.
TEST(RequestReader, DecidesTheSameForDamagedRequestsHoweverTheyAreCut)
{
    std::vector<std::string> const sound{
        sized("hello") + chunked("3;a=b\r\ntwo\r\n0\r\nT: u\r\n\r\n"),
        "GET http://a/x?y=%20 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" + sized("x"),
        "\r\nPUT /a HTTP/1.0\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\nabc"};
    std::string const splinters = "\r\n\r\n \t:;,0123456789abcdefxG/%?*\0\x7F\xFF";
    std::mt19937 random(20'260'701);
    auto const below = [&](std::size_t most) { return random() % most; };
    limits const allowed{.chunk_extra_bytes = 16};
    for (int i = 0; i < 3'000; ++i) {
        auto bytes = sound[below(sound.size())];
        for (auto wounds = below(4) + 1; wounds > 0; --wounds) {
            auto const at = below(bytes.size());
            switch (below(3)) {
            case 0: bytes[at] = splinters[below(splinters.size())]; break;
            case 1: bytes.erase(at, below(4) + 1); break;
            default: bytes.insert(at, 1, splinters[below(splinters.size())]); break;
            }
        }
        auto const whole = read(bytes, bytes.size(), allowed);
        ASSERT_EQ(read(bytes, 1, allowed), whole) << testing::PrintToString(bytes);
        ASSERT_EQ(read(bytes, below(20) + 1, allowed), whole) << testing::PrintToString(bytes);
    }
}

TEST(RequestReader, ReadsBodiesThatNeedManyPieces)
{
    limits const allowed;
    std::string const body(300'000, 'y');
    request_reader reader(allowed);
    std::string rest = sized(body);
    for (;;) {
        auto const now = reader.advance();
        if (now == state::head_done) {
            reader.allow_body(body.size());
            continue;
        }
        if (now == state::complete)
            break;
        ASSERT_NE(now, state::refused);
        ASSERT_FALSE(rest.empty());
        auto const room = reader.room();
        auto const size = std::min(room.size(), rest.size());
        std::copy_n(rest.begin(), size, room.begin());
        reader.received(size);
        rest.erase(0, size);
    }
    EXPECT_EQ(reader.current().body, body);
    EXPECT_EQ(reader.current().find_header("host"), "a");
}

}  // namespace

}  // namespace tiebreak::test
