// The key is named in ignored<>.
// expect: the mapping names a member that is not described or is ignored
#include <tiebreak/database.hpp>

#include <cstdint>
#include <optional>
#include <string>

struct coupon {
    std::int64_t id = 0;
    std::int64_t number = 0;
};
BOOST_DESCRIBE_STRUCT(coupon, (), (id, number))

constexpr auto mapping_of(coupon const*)
{
    return tiebreak::map<coupon>(
        "coupons", tiebreak::key<&coupon::id>, tiebreak::ignored<&coupon::id>);
}

void use(tiebreak::repository<coupon> const& coupons)
{
    (void)coupons;
}
