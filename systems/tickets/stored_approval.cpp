// One line: the answer's name, and its numbers; the payment key comes last, as it may hold blanks.
#include "systems/tickets/stored_approval.hpp"

#include <sstream>

namespace tiebreak::systems::tickets {

namespace {

struct is_final_answer {
    bool operator()(approved const&) const { return true; }

    bool operator()(already_processed const&) const { return true; }

    bool operator()(payment_declined const&) const { return true; }

    bool operator()(payment_refunded const&) const { return true; }

    template <class Other>
    bool operator()(Other const&) const
    {
        return false;
    }
};

struct write_fields {
    std::ostream& to;

    void operator()(approved const& a) const
    {
        to << ' ' << a.bill_id << ' ' << a.ticket_id << ' ' << a.order_id << ' ' << a.amount << ' '
           << a.payment_key;
    }

    void operator()(already_processed const& a) const
    {
        to << ' ' << name_of(a.status) << ' ' << a.bill_id.value_or(0);
    }

    template <class Other>
    void operator()(Other const&) const
    {
    }
};

[[noreturn]] void refuse()
{
    throw error(errc::backend_failure, "what an idempotency key keeps is no answer to an approval");
}

approved read_approved(std::istream& from)
{
    approved answer{.replayed = true};
    from >> answer.bill_id >> answer.ticket_id >> answer.order_id >> answer.amount;
    if (!from || from.get() != ' ')
        refuse();
    answer.payment_key.assign(std::istreambuf_iterator<char>(from), {});
    return answer;
}

already_processed read_already_processed(std::istream& from)
{
    std::string status;
    std::int64_t bill = 0;
    from >> status >> bill;
    auto const known = systems::parse<order_status>(status);
    if (!from || !known)
        refuse();
    already_processed answer{.status = *known};
    if (bill != 0)
        answer.bill_id = bill;
    return answer;
}

}  // namespace

bool is_final(approval const& answer) noexcept
{
    return std::visit(is_final_answer{}, answer);
}

idempotent_answer stored(approval const& answer)
{
    std::ostringstream line;
    line << name_of(answer);
    std::visit(write_fields{line}, answer);
    return {.body = line.str()};
}

approval repeated(idempotent_answer const& from)
{
    std::istringstream line(from.body);
    std::string name;
    line >> name;
    if (name == name_of(approval{approved{}}))
        return read_approved(line);
    if (name == name_of(approval{already_processed{}}))
        return read_already_processed(line);
    if (name == name_of(approval{payment_declined{}}))
        return payment_declined{};
    if (name == name_of(approval{payment_refunded{}}))
        return payment_refunded{};
    refuse();
}

}  // namespace tiebreak::systems::tickets
