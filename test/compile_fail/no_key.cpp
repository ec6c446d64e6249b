// No key in the mapping.
// expect: this entity has no key
#include <tiebreak/database.hpp>

#include <cstdint>
#include <optional>
#include <string>

struct coupon {
    std::int64_t id = 0;
    tiebreak::version version{};
};
BOOST_DESCRIBE_STRUCT(coupon, (), (id, version))

constexpr auto mapping_of(coupon const*)
{
    return tiebreak::map<coupon>("coupons");
}

void use(tiebreak::database& db)
{
    db.transact([](tiebreak::unit_of_work& work) { (void)work.load<coupon>(1); });
}
