// D1: a read answers the version; an update states the one it was based on; a mismatch is answered
// with what is there now, and the client can merge and send again.
#include "book_test.hpp"

#include <limits>

namespace tiebreak::test {

namespace {

class D1 : public system_test {};

TEST_P(D1, AnUpdateWithTheCurrentVersionIsStoredAndBumpsIt)
{
    auto const made = make_book(db());
    EXPECT_EQ(made.version, version{1});
    auto content = content_of(made);
    content.price = 3000;
    auto const result = books::replace(db(), made.id, made.version, content);
    ASSERT_TRUE(is_answer<books::book>(result));
    EXPECT_EQ(std::get<books::book>(result).version, version{2});
    auto const row = books::find(db(), made.id);
    EXPECT_EQ(row->price, 3000);
    EXPECT_EQ(row->title, "Sorting");
    EXPECT_EQ(row->version, version{2});
}

TEST_P(D1, AMismatchCarriesBothVersionsAndTheCurrentBook)
{
    auto const made = make_book(db());
    auto theirs = content_of(made);
    theirs.title = "Sorting and Searching";
    ASSERT_TRUE(is_answer<books::book>(books::replace(db(), made.id, version{1}, theirs)));

    auto mine = content_of(made);
    mine.price = 1;
    auto const result = books::replace(db(), made.id, version{1}, mine);
    ASSERT_TRUE(is_answer<books::stale_book>(result));
    auto const& stale = std::get<books::stale_book>(result);
    EXPECT_EQ(stale.expected, version{1});
    EXPECT_EQ(stale.actual, version{2});
    EXPECT_EQ(stale.current.title, "Sorting and Searching");
    EXPECT_EQ(stale.current.version, version{2});
    EXPECT_EQ(books::find(db(), made.id)->price, 2500);
    EXPECT_EQ(books::find(db(), made.id)->version, version{2});
}

TEST_P(D1, TheClientMergesIntoWhatIsThereAndSendsAgain)
{
    auto const made = make_book(db(), "one\n");
    ASSERT_TRUE(is_answer<books::book>(
        books::patch(db(), made.id, version{1}, {.text = made.text + "theirs\n"})));
    auto result = books::patch(db(), made.id, version{1}, {.text = made.text + "mine\n"});
    ASSERT_TRUE(is_answer<books::stale_book>(result));
    auto const stale = std::get<books::stale_book>(result);
    result = books::patch(db(), made.id, stale.actual, {.text = stale.current.text + "mine\n"});
    ASSERT_TRUE(is_answer<books::book>(result));
    EXPECT_EQ(books::find(db(), made.id)->text, "one\ntheirs\nmine\n");
    EXPECT_EQ(books::find(db(), made.id)->version, version{3});
}

TEST_P(D1, APatchWritesOnlyWhatItHolds)
{
    auto const made = make_book(db(), "text");
    auto result = books::patch(db(), made.id, version{1}, {.author = "Bob"});
    EXPECT_EQ(std::get<books::book>(result).version, version{2});
    EXPECT_EQ(std::get<books::book>(result).title, "Sorting");
    EXPECT_EQ(std::get<books::book>(result).author, "Bob");
    EXPECT_EQ(std::get<books::book>(result).text, "text");

    result = books::patch(db(), made.id, version{2}, {.author = "Bob"});
    EXPECT_EQ(std::get<books::book>(result).version, version{2}) << "nothing was changed";
    result = books::patch(db(), made.id, version{2}, {});
    EXPECT_EQ(std::get<books::book>(result).version, version{2}) << "nothing was asked";
    EXPECT_TRUE(is_answer<books::stale_book>(books::patch(db(), made.id, version{1}, {})));
    EXPECT_EQ(books::find(db(), made.id)->version, version{2});
}

TEST_P(D1, ARemovalStatesItsVersionToo)
{
    auto const made = make_book(db());
    ASSERT_TRUE(is_answer<books::book>(books::patch(db(), made.id, version{1}, {.price = 1})));
    auto const stale = books::remove(db(), made.id, version{1});
    ASSERT_TRUE(is_answer<books::stale_book>(stale));
    EXPECT_EQ(std::get<books::stale_book>(stale).actual, version{2});
    ASSERT_TRUE(books::find(db(), made.id).has_value());

    EXPECT_TRUE(is_answer<books::removed>(books::remove(db(), made.id, version{2})));
    EXPECT_FALSE(books::find(db(), made.id).has_value());
    EXPECT_TRUE(is_answer<books::book_not_found>(books::remove(db(), made.id, version{2})));
    EXPECT_TRUE(
        is_answer<books::book_not_found>(books::patch(db(), made.id, version{2}, {.price = 1})));
    EXPECT_TRUE(is_answer<books::book_not_found>(
        books::replace(db(), made.id, version{2}, content_of(made))));
}

// A version remembered for a removed book must not match another that got its key.
TEST_P(D1, TheKeyOfARemovedBookNeverComesBack)
{
    auto const first = make_book(db());
    ASSERT_TRUE(is_answer<books::removed>(books::remove(db(), first.id, first.version)));
    auto const second = make_book(db());
    EXPECT_NE(second.id, first.id);
    EXPECT_TRUE(
        is_answer<books::book_not_found>(books::patch(db(), first.id, version{1}, {.price = 1})));
    EXPECT_EQ(books::find(db(), second.id)->price, 2500);
}

TEST_P(D1, AVersionThatNoBookHasIsAMismatchWhateverItIs)
{
    auto const made = make_book(db());
    using limits = std::numeric_limits<std::int64_t>;
    for (auto const number :
         {limits::min(), std::int64_t{-1}, std::int64_t{0}, std::int64_t{2}, limits::max()}) {
        version const stated{number};
        auto const content = content_of(made);
        EXPECT_TRUE(is_answer<books::stale_book>(books::replace(db(), made.id, stated, content)));
        EXPECT_TRUE(
            is_answer<books::stale_book>(books::patch(db(), made.id, stated, {.price = 1})));
        EXPECT_TRUE(is_answer<books::stale_book>(books::remove(db(), made.id, stated)));
        EXPECT_TRUE(is_answer<books::book_not_found>(books::replace(db(), 999, stated, content)));
    }
    for (auto const id : {limits::min(), std::int64_t{-1}, std::int64_t{0}, limits::max()})
        EXPECT_TRUE(is_answer<books::book_not_found>(
            books::replace(db(), id, version{1}, content_of(made))));
    EXPECT_EQ(books::find(db(), made.id)->version, version{1});
    EXPECT_EQ(repository<books::book>(db()).select().count(), 1);
}

TEST_P(D1, AWrongBookIsRefusedByTheFieldAndTheRule)
{
    books::book_content const good{.title = "t", .author = "a"};
    auto const with = [&](auto change) {
        auto content = good;
        change(content);
        return content;
    };
    std::pair<books::book_content, std::string_view> const wrong[] = {
        {with([](auto& b) { b.title = ""; }), "title"},
        {with([](auto& b) { b.title = std::string(501, 'x'); }), "title"},
        {with([](auto& b) { b.title = "\xC0\x80"; }), "title"},
        {with([](auto& b) { b.author = ""; }), "author"},
        {with([](auto& b) { b.author = std::string(201, 'x'); }), "author"},
        {with([](auto& b) { b.price = -1; }), "price"},
        {with([](auto& b) { b.text = std::string((4u << 20) + 1, 'x'); }), "text"},
        {with([](auto& b) { b.text = std::string("a\0b", 3); }), "text"},
    };
    auto const made = make_book(db());
    auto const field_of = [](auto const& answer) {
        auto const* const invalid = std::get_if<systems::invalid_field>(&answer);
        return invalid == nullptr ? std::string_view{} : invalid->field;
    };
    for (auto const& [content, field] : wrong) {
        EXPECT_EQ(field_of(books::create(db(), content)), field);
        EXPECT_EQ(field_of(books::replace(db(), made.id, version{1}, content)), field);
        EXPECT_EQ(field_of(books::patch(db(),
                                        made.id,
                                        version{1},
                                        {
                                            .title = content.title,
                                            .author = content.author,
                                            .price = content.price,
                                            .text = content.text,
                                        })),
                  field);
    }
    for (auto const& line : {std::string{},
                             std::string(1001, 'x'),
                             std::string("a\nb"),
                             std::string("\xFF"),
                             std::string("a\0b", 3)})
        EXPECT_EQ(field_of(books::add_line(db(), made.id, line)), "line");
    EXPECT_EQ(books::find(db(), made.id)->version, version{1});
    EXPECT_EQ(repository<books::book>(db()).select().count(), 1);
}

TEST_P(D1, ATextIsFullAtFourMebibytes)
{
    auto const made = make_book(db(), std::string((4u << 20) - 4, 'x'));
    for (auto const how : {books::strategy::naive, books::strategy::optimistic}) {
        EXPECT_TRUE(is_answer<systems::invalid_field>(
            books::add_line(db(), made.id, "four", {.how = how})));
    }
    EXPECT_TRUE(is_answer<books::accepted>(books::add_line(db(), made.id, "abc")));
    EXPECT_EQ(books::find(db(), made.id)->text.size(), 4u << 20);
}

TIEBREAK_ON_ALL_ENGINES(D1);

}  // namespace

}  // namespace tiebreak::test
