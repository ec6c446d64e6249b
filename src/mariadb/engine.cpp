// A MariaDB database as its URL names it.
#include "mariadb/checks.hpp"
#include "mariadb/connection.hpp"
#include "mariadb/driver.hpp"
#include "mariadb/options.hpp"

#include <optional>

namespace tiebreak::mariadb {

namespace {

class engine final : public sql::engine {
public:
    explicit engine(options how) : how_(std::make_shared<options const>(std::move(how))) {}

    [[nodiscard]] sql::dialect const& speaks() const noexcept override { return dialect(); }

    [[nodiscard]] std::unique_ptr<sql::connection> open(sql::deadline until) const override
    {
        std::optional<error> first;
        for (auto const& server : how_->servers) {
            try {
                return std::make_unique<connection>(how_, server, until);
            } catch (error const& why) {
                if (why.code() != errc::unavailable)
                    throw;
                if (!first)
                    first = why;
            }
        }
        throw *first;
    }

    [[nodiscard]] std::vector<sql::finding> check(sql::connection& of) const override
    {
        return mariadb::check(of);
    }

private:
    std::shared_ptr<options const> how_;
};

}  // namespace

std::unique_ptr<sql::engine> open_engine(base::url const& from, observer* watcher)
{
    return std::make_unique<engine>(options_of(from, watcher));
}

}  // namespace tiebreak::mariadb
