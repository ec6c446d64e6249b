// The application changes a key.
// expect: a key does not change
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

auto use()
{
    return tiebreak::field<&coupon::id> = 7;
}
