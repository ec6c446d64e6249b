// A few mapped structs that many tests use: a shop with coupons, books and settings.
#pragma once

#include <tiebreak/database.hpp>
#include <tiebreak/schema.hpp>

#include <boost/describe/class.hpp>
#include <boost/describe/enum.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tiebreak::test {

// A stock that runs out: generated key, unique code, version.
struct coupon {
    std::int64_t id = 0;
    std::string code{};
    std::int64_t total_quantity = 0;
    std::int64_t issued_quantity = 0;
    tiebreak::version version{};
};
BOOST_DESCRIBE_STRUCT(coupon, (), (id, code, total_quantity, issued_quantity, version))

constexpr auto mapping_of(coupon const*)
{
    return map<coupon>("coupons", generated_key<&coupon::id>, unique<&coupon::code>);
}

// Who got one: a reference, two columns that are unique together, no version.
struct coupon_issue {
    std::int64_t id = 0;
    std::int64_t coupon_id = 0;
    std::int64_t member_id = 0;
};
BOOST_DESCRIBE_STRUCT(coupon_issue, (), (id, coupon_id, member_id))

constexpr auto mapping_of(coupon_issue const*)
{
    return map<coupon_issue>("coupon_issues",
                             generated_key<&coupon_issue::id>,
                             references<&coupon_issue::coupon_id, coupon>,
                             unique<&coupon_issue::coupon_id, &coupon_issue::member_id>);
}

enum class book_status { draft, printed, withdrawn };
BOOST_DESCRIBE_ENUM(book_status, draft, printed, withdrawn)

// A document that is edited: several columns, an enum, one that may be absent.
struct book {
    std::int64_t id = 0;
    std::string title{};
    std::string text{};
    std::int64_t price = 0;
    book_status status = book_status::draft;
    std::optional<std::string> editor{};
    tiebreak::version version{};
};
BOOST_DESCRIBE_STRUCT(book, (), (id, title, text, price, status, editor, version))

constexpr auto mapping_of(book const*)
{
    return map<book>("books", generated_key<&book::id>);
}

// A name with a value: an assigned key, no version.
struct setting {
    std::string name{};
    std::string value{};
};
BOOST_DESCRIBE_STRUCT(setting, (), (name, value))

constexpr auto mapping_of(setting const*)
{
    return map<setting>("settings", key<&setting::name>);
}

// The tables of all of them.
inline void create_shop(database& in)
{
    create_table<coupon>(in);
    create_table<coupon_issue>(in);
    create_table<book>(in);
    create_table<setting>(in);
}

// Adds a coupon and answers it as stored.
inline coupon add_coupon(database& to, std::string_view code, std::int64_t total_quantity)
{
    coupon row{.code = std::string{code}, .total_quantity = total_quantity};
    repository<coupon>(to).insert(row);
    return row;
}

// Adds a book and answers it as stored.
inline book add_book(database& to, std::string_view title)
{
    book row{.title = std::string{title}};
    repository<book>(to).insert(row);
    return row;
}

}  // namespace tiebreak::test
