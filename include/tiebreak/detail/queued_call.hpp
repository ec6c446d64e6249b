// Something to be called later, whatever its type. Not std::function: <functional> brings hash
// tables and algorithms into every file that uses the library.
#pragma once

#include <concepts>
#include <memory>
#include <stdexcept>
#include <type_traits>
#include <utility>

namespace tiebreak::detail {

// What can be kept as a copy of its own and then called.
template <class Then>
concept can_be_queued = std::constructible_from<std::decay_t<Then>, Then> &&
    std::invocable<std::add_lvalue_reference_t<std::decay_t<Then>>>;

class queued_call {
public:
    template <can_be_queued Then>
    [[nodiscard]] static queued_call of(Then&& then)
    {
        using callable = std::decay_t<Then>;
        if constexpr (std::is_pointer_v<callable>)
            if (then == nullptr)
                throw std::logic_error("there is nothing to call");
        queued_call made;
        made.what_ = std::make_shared<callable>(std::forward<Then>(then));
        made.call_ = [](void* what) { static_cast<void>((*static_cast<callable*>(what))()); };
        return made;
    }

    void operator()() const { call_(what_.get()); }

private:
    std::shared_ptr<void> what_;
    void (*call_)(void*) = nullptr;
};

}  // namespace tiebreak::detail
