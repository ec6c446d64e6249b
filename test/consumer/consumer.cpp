// One mapped struct, one unit of work: what the smallest user of the installed library does.
#include <tiebreak/database.hpp>
#include <tiebreak/schema.hpp>

#include <boost/describe/class.hpp>

#include <cstdint>
#include <cstdio>
#include <string>

namespace shop {

struct coupon {
    std::int64_t id = 0;
    std::string code{};
    std::int64_t issued_quantity = 0;
    tiebreak::version version{};
};
BOOST_DESCRIBE_STRUCT(coupon, (), (id, code, issued_quantity, version))

constexpr auto mapping_of(coupon const*)
{
    return tiebreak::map<coupon>(
        "coupons", tiebreak::generated_key<&coupon::id>, tiebreak::unique<&coupon::code>);
}

}  // namespace shop

int main()
{
    tiebreak::database db("sqlite::memory:");
    tiebreak::create_table<shop::coupon>(db);
    auto const id = db.transact([](tiebreak::unit_of_work& work) {
        return work.insert(shop::coupon{.code = "WELCOME"}).id;
    });
    db.transact(
        [&](tiebreak::unit_of_work& work) { work.load<shop::coupon>(id).issued_quantity += 1; });
    auto const stored = tiebreak::repository<shop::coupon>(db).find(id);
    bool const right = stored && stored->issued_quantity == 1 && stored->version.value() == 2;
    std::puts(right ? "consumer: right" : "consumer: WRONG");
    return right ? 0 : 1;
}
