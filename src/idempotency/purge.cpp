// Clean-up by age, in short transactions. Rows go before the parts of their answers, which are kept
// longer, so that no row ever refers to a part that is gone.
#include <tiebreak/idempotency.hpp>

#include "database/own_tables.hpp"

#include <stdexcept>

namespace tiebreak {

namespace detail {

// The key row without what can be long.
struct expiry_row {
    std::string owner{};
    time_point expires_at{};
    std::optional<std::int32_t> status{};
};

BOOST_DESCRIBE_STRUCT(expiry_row, (), (owner, expires_at, status))

constexpr auto mapping_of(expiry_row const*)
{
    return map<expiry_row>("tiebreak_idempotency", key<&expiry_row::owner>);
}

struct part_expiry_row {
    std::string owner{};
    std::int32_t number = 0;
    time_point expires_at{};
};

BOOST_DESCRIBE_STRUCT(part_expiry_row, (), (owner, number, expires_at))

constexpr auto mapping_of(part_expiry_row const*)
{
    return map<part_expiry_row>("tiebreak_answer_parts",
                                key<&part_expiry_row::owner, &part_expiry_row::number>);
}

namespace {

// Removes the oldest rows for which `holds`, up to the age of the last of `batch`, until there are
// none.
template <class T>
std::int64_t remove_oldest(database& in, condition<T> const& holds, std::size_t batch)
{
    repository<T> const rows(in);
    auto const age = field<&T::expires_at>;
    std::int64_t removed = 0;
    for (;;) {
        auto const oldest = rows.select().where(holds).order_by(age.ascending()).limit(batch).all();
        if (oldest.empty())
            return removed;
        removed += rows.remove_where(holds && age <= oldest.back().expires_at);
    }
}

}  // namespace

}  // namespace detail

std::int64_t purge_idempotency(database& in, purge_options const& how)
{
    using detail::expiry_row;
    using detail::part_expiry_row;
    if (how.batch < 1)
        throw std::invalid_argument("purge_options::batch must be at least 1");
    if (how.abandoned_for.count() < 0)
        throw std::invalid_argument("purge_options::abandoned_for must be 0 or more");
    auto const is_old = field<&expiry_row::expires_at> <= database_now() &&
                        (field<&expiry_row::status>.is_not_null() ||
                         field<&expiry_row::expires_at> <= database_now() - how.abandoned_for);
    auto const removed = detail::remove_oldest<expiry_row>(in, is_old, how.batch);
    static_cast<void>(detail::remove_oldest<part_expiry_row>(
        in, field<&part_expiry_row::expires_at> <= database_now(), how.batch));
    return removed;
}

}  // namespace tiebreak
