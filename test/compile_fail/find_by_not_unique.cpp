// find_by on a member of which two rows may have the same value.
// expect: find_by needs a unique member
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

void use(tiebreak::unit_of_work& work)
{
    (void)work.find_by<&coupon::code>("x");
}
