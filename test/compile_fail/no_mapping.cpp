// No mapping_of beside the struct.
// expect: this struct has no mapping
#include <tiebreak/database.hpp>

#include <cstdint>
#include <optional>
#include <string>

struct coupon {
    std::int64_t id = 0;
};
BOOST_DESCRIBE_STRUCT(coupon, (), (id))

void use(tiebreak::database& db)
{
    db.transact([](tiebreak::unit_of_work& work) { (void)work.load<coupon>(1); });
}
