// Named leases on one table. Every call is one conditional statement that decides; what is read
// before it only chooses the epoch to state, so nothing needs a transaction around it.
#include <tiebreak/lease.hpp>

#include "database/own_tables.hpp"

#include <stdexcept>

namespace tiebreak {

namespace {

using detail::lease_row;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::size_t text_bytes_max = 255;  // a key of text has no more on any engine
constexpr milliseconds ttl_max = std::chrono::hours{24 * 365};

void refuse_bad_text(std::string_view text, char const* what)
{
    if (text.empty() || text.size() > text_bytes_max)
        throw std::invalid_argument(std::string{what} + " must have 1 to 255 bytes");
}

condition<lease_row> takeable()
{
    return field<&lease_row::owner> == "" || field<&lease_row::expires_at> <= database_now();
}

condition<lease_row> same_tenure(lease const& held)
{
    return field<&lease_row::owner> == held.owner && field<&lease_row::epoch> == held.epoch;
}

// The row as it can be taken now; made when there is none; empty while somebody holds it.
std::optional<lease_row> find_takeable(repository<lease_row> const& rows, std::string const& name)
{
    auto row = rows.select().where(field<&lease_row::name> == name && takeable()).first();
    if (row || rows.find(name))
        return row;
    lease_row fresh{.name = name};
    // Whether this or somebody else's is there now: the conditional update decides who has it.
    static_cast<void>(rows.insert_if_absent(fresh));
    return fresh;
}

}  // namespace

lease_options checked(lease_options options)
{
    if (options.ttl <= milliseconds{0} || options.ttl > ttl_max)
        throw std::invalid_argument("lease_options::ttl must be more than 0, at most 365 days");
    if (options.margin < milliseconds{0} || options.margin >= options.ttl)
        throw std::invalid_argument("lease_options::margin must be 0 or more and less than ttl");
    if (options.margin == milliseconds{0})
        options.margin = options.ttl / 10;
    if (options.heartbeat < milliseconds{0} ||
        options.heartbeat > (options.ttl - options.margin) / 2)
        throw std::invalid_argument(
            "lease_options::heartbeat must be 0 or more, at most half of ttl - margin");
    if (options.heartbeat == milliseconds{0})
        options.heartbeat = options.ttl / 4;
    return options;
}

leases::leases(database& in, lease_options options) : db_(&in), options_(checked(options)) {}

std::optional<lease> leases::claim(std::string_view name, std::string_view owner) const
{
    refuse_bad_text(name, "a lease's name");
    refuse_bad_text(owner, "a lease's owner");
    repository<lease_row> const rows(*db_);
    std::string const key{name};
    auto const row = find_takeable(rows, key);
    if (!row)
        return {};

    auto const started = steady_clock::now();
    auto const answer =
        rows.update_if(key,
                       field<&lease_row::epoch> == row->epoch && takeable(),
                       field<& lease_row::owner> = owner,
                       field<& lease_row::epoch> += 1,
                       field<& lease_row::expires_at> = database_now() + options_.ttl);
    if (answer == outcome::lost)
        return {};
    return lease{.name = key,
                 .owner = std::string{owner},
                 .epoch = row->epoch + 1,
                 .trusted_until = started + options_.ttl - options_.margin};
}

outcome leases::renew(lease& held) const
{
    auto const started = steady_clock::now();
    auto const answer = repository<lease_row>(*db_).update_if(held.name,
                                                              same_tenure(held),
                                                              field<& lease_row::expires_at> =
                                                                  database_now() + options_.ttl);
    if (answer == outcome::won)
        held.trusted_until = started + options_.ttl - options_.margin;
    return answer;
}

outcome leases::release(lease const& held) const
{
    return repository<lease_row>(*db_).update_if(
        held.name, same_tenure(held), field<&lease_row::owner> = "", field<&lease_row::epoch> += 1);
}

std::int64_t leases::reap(std::chrono::seconds expired_for) const
{
    if (expired_for < std::chrono::seconds{0})
        throw std::invalid_argument("a lease cannot have expired in the future");
    return repository<lease_row>(*db_).update_where(field<&lease_row::owner> != "" &&
                                                        field<&lease_row::expires_at> <=
                                                            database_now() - expired_for,
                                                    field<&lease_row::owner> = "",
                                                    field<&lease_row::epoch> += 1);
}

void leases::require(unit_of_work& work, lease const& held) const
{
    // A write that changes nothing: it holds the row until the commit on every engine.
    auto const answer = repository<lease_row>(work).update_if(
        held.name, same_tenure(held), field<& lease_row::owner> = held.owner);
    if (answer == outcome::lost)
        throw error(errc::lease_lost, "the lease of this work belongs to nobody or somebody else");
}

}  // namespace tiebreak
