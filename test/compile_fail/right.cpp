// The control: a right mapping.
// expect: compiles
#include <tiebreak/database.hpp>

#include <cstdint>
#include <optional>
#include <string>

struct coupon {
    std::int64_t id = 0;
    std::string code{};
    int cached = 0;
    tiebreak::version version{};
};
BOOST_DESCRIBE_STRUCT(coupon, (), (id, code, version))

constexpr auto mapping_of(coupon const*)
{
    return tiebreak::map<coupon>("coupons",
                                 tiebreak::generated_key<&coupon::id>,
                                 tiebreak::unique<&coupon::code>,
                                 tiebreak::ignored<&coupon::cached>);
}

void use(tiebreak::database& db)
{
    db.transact([](tiebreak::unit_of_work& work) { (void)work.load<coupon>(1); });
}
