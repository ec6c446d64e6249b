// Memory of one unit of work: taken piece by piece, given back all at once, kept for the next unit.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

namespace tiebreak::detail {

// Under the address sanitizer every piece is an allocation of its own, so that a use after the end
// of the unit, or past a piece's end, is seen.
#if defined(__SANITIZE_ADDRESS__)

class arena {
public:
    void* take(std::size_t size, std::size_t align)
    {
        pieces_.emplace_back(::operator new (size, std::align_val_t{align}), deleter{align});
        return pieces_.back().get();
    }

    void release() noexcept { pieces_.clear(); }

private:
    struct deleter {
        std::size_t align;

        void operator()(void* piece) const { ::operator delete (piece, std::align_val_t{align}); }
    };

    std::vector<std::unique_ptr<void, deleter>> pieces_;
};

#else

class arena {
public:
    void* take(std::size_t size, std::size_t align)
    {
        auto const at = (next_ + align - 1) & ~(align - 1);
        if (at + size > end_) [[unlikely]]
            return take_from_new_chunk(size, align);
        next_ = at + size;
        return reinterpret_cast<void*>(at);
    }

    // Everything taken becomes invalid. Keeps chunks for the next unit, up to a bound: one huge
    // unit shall not hold its memory for ever.
    void release() noexcept
    {
        if (has_large_) [[unlikely]] {
            std::erase_if(chunks_, [](chunk const& one) { return one.size > chunk_size; });
            has_large_ = false;
            next_ = end_ = 0;
        }
        while (chunks_.size() > chunks_kept)
            chunks_.pop_back();
        if (!chunks_.empty() && chunks_.front().size > 0)
            use(chunks_.front());
        current_ = 0;
    }

private:
    static constexpr std::size_t chunk_size = 16 * 1024;
    static constexpr std::size_t chunks_kept = 32;

    struct chunk {
        std::unique_ptr<std::byte[]> memory;
        std::size_t size = 0;
    };

    void use(chunk const& one) noexcept
    {
        next_ = reinterpret_cast<std::uintptr_t>(one.memory.get());
        end_ = next_ + one.size;
    }

    void* take_from_new_chunk(std::size_t size, std::size_t align)
    {
        while (!chunks_.empty() && current_ + 1 < chunks_.size()) {
            use(chunks_[++current_]);
            auto const at = (next_ + align - 1) & ~(align - 1);
            if (at + size <= end_) {
                next_ = at + size;
                return reinterpret_cast<void*>(at);
            }
        }
        auto const need = size + align > chunk_size ? size + align : chunk_size;
        chunks_.push_back({std::unique_ptr<std::byte[]>(new std::byte[need]), need});
        has_large_ = has_large_ || need > chunk_size;
        current_ = chunks_.size() - 1;
        use(chunks_.back());
        return take(size, align);
    }

    std::uintptr_t next_ = 0;
    std::uintptr_t end_ = 0;
    std::size_t current_ = 0;
    bool has_large_ = false;
    std::vector<chunk> chunks_;
};

#endif

}  // namespace tiebreak::detail
