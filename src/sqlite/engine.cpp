// A SQLite database as its URL names it.
#include "sqlite/checks.hpp"
#include "sqlite/connection.hpp"
#include "sqlite/dialect.hpp"
#include "sqlite/opening.hpp"

#include <stdexcept>

namespace tiebreak::sqlite {

namespace {

class engine final : public sql::engine {
public:
    explicit engine(options how) : how_(std::move(how)) {}

    [[nodiscard]] sql::dialect const& speaks() const noexcept override
    {
        return dialect_of(is_in_memory(how_));
    }

    // a file opens or it does not: the deadline is not needed
    [[nodiscard]] std::unique_ptr<sql::connection> open(sql::deadline) const override
    {
        return sqlite::open(how_);
    }

    [[nodiscard]] std::vector<sql::finding> check(sql::connection& of) const override
    {
        return sqlite::check(of);
    }

private:
    options how_;
};

[[nodiscard]] bool choice(base::url_parameters& from,
                          std::string_view name,
                          std::string const& yes,
                          std::string_view no)
{
    auto const text = base::take(from, name).value_or(yes);
    if (text != yes && text != no)
        throw std::invalid_argument("the URL parameter " + std::string{name} + " is " + yes +
                                    " or " + std::string{no});
    return text == yes;
}

}  // namespace

std::unique_ptr<sql::engine> open_engine(base::url const& from, observer* watcher)
{
    if (from.path.empty())
        throw std::invalid_argument("the URL names no file: use sqlite:FILE or sqlite::memory:");
    auto parameters = from.parameters;
    options how{.path = from.path, .watcher = watcher};
    how.flush = choice(parameters, "synchronous", "full", "normal") ? synchronous::full
                                                                    : synchronous::normal;
    how.gate = choice(parameters, "gate", "on", "off");
    how.create = choice(parameters, "create", "on", "off");
    if (!parameters.empty())
        throw std::invalid_argument(
            "the URL parameter " + parameters.front().first +
            " is unknown: table_prefix, pool, certainty, synchronous, gate and create are known");
    return std::make_unique<engine>(std::move(how));
}

}  // namespace tiebreak::sqlite
