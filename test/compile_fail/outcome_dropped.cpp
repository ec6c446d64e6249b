// The answer to "did I win?" is dropped.
// expect: ignoring return value
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

void use(tiebreak::repository<coupon> const& coupons)
{
    coupons.remove_if(1, tiebreak::version{1});
}
