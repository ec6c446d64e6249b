// The version was forgotten in the description: nothing would be checked.
// expect: a member of this struct is missing in BOOST_DESCRIBE_STRUCT
#include <tiebreak/database.hpp>

#include <cstdint>
#include <optional>
#include <string>

struct coupon {
    std::int64_t id = 0;
    std::string code{};
    tiebreak::version version{};
};
BOOST_DESCRIBE_STRUCT(coupon, (), (id, code))

constexpr auto mapping_of(coupon const*)
{
    return tiebreak::map<coupon>("coupons", tiebreak::generated_key<&coupon::id>);
}

void use(tiebreak::database& db)
{
    db.transact([](tiebreak::unit_of_work& work) { (void)work.load<coupon>(1); });
}
