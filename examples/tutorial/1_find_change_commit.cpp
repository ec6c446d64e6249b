// Tutorial 1: find, change, commit. Two customers take a coupon at the same moment; the loser of
// the race runs again by itself, and no update is lost.
#include <tiebreak/database.hpp>
#include <tiebreak/schema.hpp>

#include <boost/describe/class.hpp>

#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

// [mapping]
namespace shop {

struct coupon {
    std::int64_t id = 0;
    std::string code{};
    std::int64_t total_quantity = 0;
    std::int64_t issued_quantity = 0;
    tiebreak::version version{};  // its presence switches checking on
};
BOOST_DESCRIBE_STRUCT(coupon, (), (id, code, total_quantity, issued_quantity, version))

constexpr auto mapping_of(coupon const*)
{
    return tiebreak::map<coupon>(
        "coupons", tiebreak::generated_key<&coupon::id>, tiebreak::unique<&coupon::code>);
}

}  // namespace shop

// [mapping end]

namespace {

// [find-change-commit]
enum class answer { taken, sold_out, no_such_coupon };

answer take_one(tiebreak::database& db, std::string_view code)
{
    return db.transact([&](tiebreak::unit_of_work& work) {
        auto* coupon = work.find_by<&shop::coupon::code>(std::string{code});
        if (coupon == nullptr)
            return answer::no_such_coupon;
        if (coupon->issued_quantity == coupon->total_quantity)
            return answer::sold_out;
        coupon->issued_quantity += 1;
        return answer::taken;
    });  // commits here; if another was faster, the lambda runs again on the new row
}

// [find-change-commit end]

// The same, but on its first run somebody else is faster: between our read and our commit.
int take_one_while_another_does(tiebreak::database& db, tiebreak::database& other)
{
    int runs = 0;
    db.transact([&](tiebreak::unit_of_work& work) {
        auto* coupon = work.find_by<&shop::coupon::code>("WELCOME");
        if (++runs == 1)
            take_one(other, "WELCOME");
        coupon->issued_quantity += 1;
    });
    return runs;
}

}  // namespace

int main(int argc, char** argv)
{
    std::string const url = argc > 1 ? argv[1] : "sqlite:tutorial.db";
    tiebreak::database db(url);
    tiebreak::database other(url);
    tiebreak::create_table<shop::coupon>(db);

    tiebreak::repository<shop::coupon> coupons(db);
    if (auto old = coupons.find_by<&shop::coupon::code>("WELCOME"))
        coupons.remove(*old);
    shop::coupon fresh{.code = "WELCOME", .total_quantity = 3};
    coupons.insert(fresh);

    int const runs = take_one_while_another_does(db, other);
    auto const stored = coupons.find_by<&shop::coupon::code>("WELCOME");
    std::printf("runs: %d, issued: %d, version: %d\n",
                runs,
                static_cast<int>(stored->issued_quantity),
                static_cast<int>(stored->version.value()));

    bool const third_taken = take_one(db, "WELCOME") == answer::taken;
    bool const then_sold_out = take_one(db, "WELCOME") == answer::sold_out;
    std::printf("third: %s, fourth: %s\n",
                third_taken ? "taken" : "refused",
                then_sold_out ? "sold out" : "taken");
    return runs == 2 && stored->issued_quantity == 2 && third_taken && then_sold_out ? 0 : 1;
}
