// A member of a type that cannot be stored.
// expect: this member's type has no column type
#include <tiebreak/database.hpp>

#include <cstdint>
#include <optional>
#include <string>

struct money {
    std::int64_t cents = 0;
};

struct coupon {
    std::int64_t id = 0;
    money price{};
};
BOOST_DESCRIBE_STRUCT(coupon, (), (id, price))

constexpr auto mapping_of(coupon const*)
{
    return tiebreak::map<coupon>("coupons", tiebreak::generated_key<&coupon::id>);
}

void use(tiebreak::database& db)
{
    db.transact([](tiebreak::unit_of_work& work) { (void)work.load<coupon>(1); });
}
