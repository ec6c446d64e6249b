#include "mariadb/bulk.hpp"

#include "mariadb/statement.hpp"

#include <stdexcept>
#include <utility>

namespace tiebreak::mariadb {

namespace {

constexpr std::size_t rows_max = 1000;
constexpr std::size_t bytes_max = std::size_t{1} << 20U;

class bulk {
public:
    explicit bulk(sql::step_source& source) : source_(source) {}

    void add(statement& of, std::span<value const> parameters)
    {
        if (statement_ != &of || !table_.accepts(parameters) ||
            !of.has_room_for(table_.size_in_bytes() + size_in_message(parameters))) {
            flush();
            statement_ = &of;
            table_.clear(parameters.size());
        }
        table_.add(parameters);
        if (table_.rows() == rows_max || table_.size_in_bytes() >= bytes_max)
            flush();
    }

    void flush()
    {
        auto* const of = std::exchange(statement_, nullptr);
        if (of == nullptr)
            return;
        if (table_.rows() == 1)
            return source_.matched(of->execute(table_.row(0)));
        auto const steps = table_.rows();
        auto const matched = of->execute(table_);
        if (matched > static_cast<std::int64_t>(steps)) {
            throw error(errc::backend_failure, "a statement for one row matched several")
                .seen_in(phase::in_transaction);
        }
        if (matched < static_cast<std::int64_t>(steps)) {
            source_.matched_too_few(steps);
            throw std::logic_error("a batch went on although steps were lost");
        }
        for (std::size_t i = 0; i < steps; ++i)
            source_.matched(1);
    }

private:
    sql::step_source& source_;
    statement* statement_ = nullptr;
    parameter_table table_;
};

}  // namespace

void run_in_bulks(sql::step_source& source)
{
    bulk collected(source);
    for (sql::step one; source.next(one);) {
        auto& of = dynamic_cast<statement&>(*one.run);
        if (of.goes_in_bulk()) {
            collected.add(of, one.parameters);
            continue;
        }
        collected.flush();
        source.matched(of.execute(one.parameters));
    }
    collected.flush();
}

}  // namespace tiebreak::mariadb
