// What members that cannot be stored are answered with.
#include <tiebreak/error.hpp>
#include <tiebreak/field_type.hpp>

#include <stdexcept>

namespace tiebreak::detail {

void throw_number_too_large()
{
    throw error(errc::constraint_violated,
                "a number is above 2^63 - 1, the largest that is stored");
}

void throw_not_a_number()
{
    throw error(errc::constraint_violated, "a number that is not a number (NaN) cannot be stored");
}

void throw_number_out_of_range()
{
    throw error(errc::constraint_violated, "a number is outside of the range of its member");
}

void throw_enumerator_without_name()
{
    throw std::logic_error("an enumerator that is not described cannot be stored");
}

}  // namespace tiebreak::detail
