// Telling connections that they were left behind in a child.
#include "sqlite/family.hpp"

#include <mutex>
#include <pthread.h>

namespace tiebreak::sqlite {

// Never destroyed: connections may outlive every static object.
struct family {
    std::mutex mutex;
    family_member* first = nullptr;

    static family& get()
    {
        static auto& all = *new family;  // NOLINT: lives as long as the process
        return all;
    }

    static void before() { get().mutex.lock(); }

    static void in_parent() { get().mutex.unlock(); }

    static void in_child()
    {
        for (auto* each = get().first; each != nullptr; each = each->next_)
            each->left_behind();
        get().mutex.unlock();
    }

private:
    family() { ::pthread_atfork(before, in_parent, in_child); }
};

family_member::family_member()
{
    auto& all = family::get();
    std::lock_guard const guard(all.mutex);
    next_ = all.first;
    if (next_ != nullptr)
        next_->previous_ = this;
    all.first = this;
}

family_member::~family_member()
{
    auto& all = family::get();
    std::lock_guard const guard(all.mutex);
    if (next_ != nullptr)
        next_->previous_ = previous_;
    (previous_ != nullptr ? previous_->next_ : all.first) = next_;
}

}  // namespace tiebreak::sqlite
