// Two members of a version type.
// expect: this entity has more than one version member
#include <tiebreak/database.hpp>

#include <cstdint>
#include <optional>
#include <string>

struct coupon {
    std::int64_t id = 0;
    tiebreak::version version{};
    tiebreak::version16 second{};
};
BOOST_DESCRIBE_STRUCT(coupon, (), (id, version, second))

constexpr auto mapping_of(coupon const*)
{
    return tiebreak::map<coupon>("coupons", tiebreak::generated_key<&coupon::id>);
}

void use(tiebreak::database& db)
{
    db.transact([](tiebreak::unit_of_work& work) { (void)work.load<coupon>(1); });
}
