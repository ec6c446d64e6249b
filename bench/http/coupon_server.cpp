// The other side of the HTTP benchmark: our server with one coupon in a SQLite file.
// `GET /v1/coupons/{code}` reads it by the public API; `GET /hello` is the transport alone.
#include <tiebreak/database.hpp>

#include "schema/schema.hpp"
#include "service/http/metrics.hpp"
#include "service/http/problem.hpp"
#include "service/http/server.hpp"
#include "systems/coupons/coupons.hpp"

#include <charconv>
#include <cstdio>
#include <fcntl.h>
#include <string>
#include <string_view>

namespace {

using namespace tiebreak::service::http;
namespace coupons = tiebreak::systems::coupons;

response show(request& asked, tiebreak::database& db)
{
    auto const found = coupons::find_coupon(db, asked.parameter("code"));
    if (!found)
        return answer(problem("coupon-not-found"));
    return std::move(json(200,
                          json_object{}
                              .add("code", found->code)
                              .add("name", found->name)
                              .add("discount_amount", found->discount_amount)
                              .add("total_quantity", found->total_quantity)
                              .add("issued_quantity", found->issued_quantity)
                              .add("version", found->version.value()))
                         .set("ETag", '"' + std::to_string(found->version.value()) + '"'));
}

router routes(tiebreak::database& db)
{
    router made;
    made.add(request_method::get,
             "/v1/coupons/{code}",
             [&db](request& asked) { return show(asked, db); },
             {.where = runs::in_place});
    made.add(request_method::get, "/v2/coupons/{code}", [&db](request& asked) {
        return show(asked, db);  // the same by way of a work thread
    });
    made.add(request_method::get,
             "/hello",
             [](request&) { return json(200, json_object{}.add("hello", "world")); },
             {.where = runs::in_place});
    return made;
}

}  // namespace

int main(int argc, char** argv)
try {
    if (argc < 3) {
        std::fprintf(stderr, "usage: bench_http_coupon PORT DATABASE-URL\n");
        return 2;
    }
    std::uint16_t port = 0;
    std::string_view const text = argv[1];
    std::from_chars(text.data(), text.data() + text.size(), port);
    metrics counted;
    tiebreak::database db(argv[2], {.connections_max = 16, .watcher = &counted});
    tiebreak::schema::apply(db);
    static_cast<void>(coupons::create_coupon(
        db, {.code = "SPRING", .name = "Spring", .discount_amount = 500, .total_quantity = 100}));
    server running(routes(db),
                   {.port = port,
                    .handles_signals = true,
                    .access_log = ::open("/dev/null", O_WRONLY | O_CLOEXEC),
                    .metrics = &counted});
    std::printf("%d\n", running.port());
    std::fflush(stdout);
    return running.wait() ? 0 : 1;

} catch (std::exception const& failure) {
    std::fprintf(stderr, "bench_http_coupon: %s\n", failure.what());
    return 1;
}
