// See captured_log.hpp.
#include "support/captured_log.hpp"

#include <algorithm>
#include <mutex>

namespace tiebreak::test {

struct captured_log::state {
    std::mutex mutex;
    std::vector<logged> records;
};

namespace {

logged copy_of(log_record const& record)
{
    logged copy{record.level, std::string{record.event}, {}};
    for (auto const& field : record.fields)
        copy.fields.emplace_back(std::string{field.name}, std::string{field.value});
    return copy;
}

}  // namespace

std::string_view logged::field(std::string_view name) const
{
    auto const found =
        std::ranges::find(fields, name, [](auto const& f) -> std::string_view { return f.first; });
    return found == fields.end() ? std::string_view{} : std::string_view{found->second};
}

captured_log::captured_log(log_level least) : state_(std::make_shared<state>())
{
    set_log_sink([to = state_](log_record const& record) {
        std::lock_guard const hold(to->mutex);
        to->records.push_back(copy_of(record));
    });
    set_log_level(least);
}

captured_log::~captured_log()
{
    set_log_level(log_level::warning);
    set_log_sink({});
}

std::vector<logged> captured_log::records() const
{
    std::lock_guard const hold(state_->mutex);
    return state_->records;
}

std::vector<logged> captured_log::records(std::string_view event) const
{
    auto found = records();
    std::erase_if(found, [&](logged const& one) { return one.event != event; });
    return found;
}

bool captured_log::mentions(std::string_view text) const
{
    auto const has = [&](std::string const& where) { return where.find(text) != where.npos; };
    return std::ranges::any_of(records(), [&](logged const& one) {
        return has(one.event) || std::ranges::any_of(one.fields, [&](auto const& field) {
                   return has(field.first) || has(field.second);
               });
    });
}

}  // namespace tiebreak::test
