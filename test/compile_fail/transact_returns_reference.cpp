// A reference into a unit of work would dangle after the commit.
// expect: the callable must return a value
#include <tiebreak/database.hpp>

#include <cstdint>
#include <optional>
#include <string>

struct coupon {
    std::int64_t id = 0;
    std::string code{};
    tiebreak::version version{};
};
BOOST_DESCRIBE_STRUCT(coupon, (), (id, code, version))

constexpr auto mapping_of(coupon const*)
{
    return tiebreak::map<coupon>("coupons", tiebreak::generated_key<&coupon::id>);
}

coupon& use(tiebreak::database& db)
{
    return db.transact(
        [](tiebreak::unit_of_work& work) -> coupon& { return work.load<coupon>(1); });
}
