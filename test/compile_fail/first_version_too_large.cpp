// A first version that its type cannot hold.
// expect: first_version<N> needs a counter version whose type holds N
#include <tiebreak/database.hpp>

#include <cstdint>
#include <optional>
#include <string>

struct coupon {
    std::int64_t id = 0;
    tiebreak::version16 version{};
};
BOOST_DESCRIBE_STRUCT(coupon, (), (id, version))

constexpr auto mapping_of(coupon const*)
{
    return tiebreak::map<coupon>(
        "coupons", tiebreak::generated_key<&coupon::id>, tiebreak::first_version<40'000>);
}

void use(tiebreak::database& db)
{
    db.transact([](tiebreak::unit_of_work& work) { (void)work.load<coupon>(1); });
}
