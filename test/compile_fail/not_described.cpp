// No BOOST_DESCRIBE_STRUCT at all.
// expect: this struct is not described
#include <tiebreak/database.hpp>

#include <cstdint>
#include <optional>
#include <string>

struct coupon {
    std::int64_t id = 0;
};

constexpr auto mapping_of(coupon const*)
{
    return tiebreak::map<coupon>("coupons", tiebreak::generated_key<&coupon::id>);
}

void use(tiebreak::database& db)
{
    db.transact([](tiebreak::unit_of_work& work) { (void)work.load<coupon>(1); });
}
