// A key that may be absent.
// expect: a key is an integer, string, blob, enum or time
#include <tiebreak/database.hpp>

#include <cstdint>
#include <optional>
#include <string>

struct coupon {
    std::optional<std::int64_t> id{};
};
BOOST_DESCRIBE_STRUCT(coupon, (), (id))

constexpr auto mapping_of(coupon const*)
{
    return tiebreak::map<coupon>("coupons", tiebreak::key<&coupon::id>);
}

void use(tiebreak::repository<coupon> const& coupons)
{
    (void)coupons;
}
