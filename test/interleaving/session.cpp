#include "session.hpp"

#include <stdexcept>

namespace tiebreak::test {

std::string to_text(session_outcome const& of)
{
    std::string text = of.name + " ";
    if (!of.unexpected.empty())
        text += "unexpected: " + of.unexpected;
    else if (of.failure)
        text += name_of(*of.failure);
    else
        text += of.gave_up ? "gave up" : of.lost ? "lost" : "won";
    if (!of.saw.empty())
        text += " saw";
    for (auto const number : of.saw)
        text += " " + std::to_string(number);
    return text;
}

unit_of_work& stage::work() const
{
    if (work_ == nullptr)
        throw std::logic_error("this session has no unit of work");
    return *work_;
}

snapshot& stage::view() const
{
    if (view_ == nullptr)
        throw std::logic_error("this session has no view");
    return *view_;
}

bool stage::won(outcome answer) const
{
    if (answer == outcome::lost)
        of_.lost = true;
    return answer == outcome::won;
}

}  // namespace tiebreak::test
