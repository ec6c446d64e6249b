// Something to be called later, whatever its type. Not std::function: <functional> brings hash
// tables and algorithms, a fifth of the time to compile a file that uses the library.
#pragma once

#include <memory>
#include <type_traits>
#include <utility>

namespace tiebreak::detail {

class queued_call {
public:
    template <class Then>
    [[nodiscard]] static queued_call of(Then&& then)
    {
        using callable = std::decay_t<Then>;
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
