// A PostgreSQL database as its URL names it.
#include "postgres/checks.hpp"
#include "postgres/connection.hpp"
#include "postgres/opening.hpp"
#include "postgres/postgres.hpp"

namespace tiebreak::postgres {

namespace {

class engine final : public sql::engine {
public:
    explicit engine(settings how) : how_(std::move(how)) {}

    [[nodiscard]] sql::dialect const& speaks() const noexcept override { return dialect(); }

    [[nodiscard]] std::unique_ptr<sql::connection> open(sql::deadline until) const override
    {
        return std::make_unique<connection>(how_, until);
    }

    [[nodiscard]] std::vector<sql::finding> check(sql::connection& of) const override
    {
        return postgres::check(of);
    }

private:
    settings how_;
};

}  // namespace

std::unique_ptr<sql::engine> open_engine(base::url const& from, observer* watcher)
{
    return std::make_unique<engine>(settings_of(from, watcher));
}

}  // namespace tiebreak::postgres
