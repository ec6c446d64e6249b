// A key of text that the database should make.
// expect: a generated key is an
#include <tiebreak/database.hpp>

#include <cstdint>
#include <optional>
#include <string>

struct coupon {
    std::string code{};
};
BOOST_DESCRIBE_STRUCT(coupon, (), (code))

constexpr auto mapping_of(coupon const*)
{
    return tiebreak::map<coupon>("coupons", tiebreak::generated_key<&coupon::code>);
}

void use(tiebreak::repository<coupon> const& coupons)
{
    (void)coupons;
}
