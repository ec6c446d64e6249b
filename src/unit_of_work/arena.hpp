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
        if (current_ != 0 || has_large_) [[unlikely]]
            return release_chunks();
        next_ = first_;
    }

private:
    static constexpr std::size_t chunk_size = 16 * 1024;
    static constexpr std::size_t chunks_kept = 32;

    struct chunk {
        std::unique_ptr<std::byte[]> memory;
        std::size_t size = 0;
    };

    void use(std::size_t number) noexcept
    {
        current_ = number;
        next_ = reinterpret_cast<std::uintptr_t>(chunks_[number].memory.get());
        end_ = next_ + chunks_[number].size;
        if (number == 0)
            first_ = next_;
    }

    void release_chunks() noexcept
    {
        std::erase_if(chunks_, [](chunk const& one) { return one.size > chunk_size; });
        has_large_ = false;
        if (chunks_.size() > chunks_kept)
            chunks_.resize(chunks_kept);
        current_ = 0;
        first_ = next_ = end_ = 0;
        if (!chunks_.empty())
            use(0);
    }

    void* take_from_new_chunk(std::size_t size, std::size_t align)
    {
        while (current_ + 1 < chunks_.size()) {
            use(current_ + 1);
            auto const at = (next_ + align - 1) & ~(align - 1);
            if (at + size <= end_) {
                next_ = at + size;
                return reinterpret_cast<void*>(at);
            }
        }
        auto const need = size + align > chunk_size ? size + align : chunk_size;
        chunks_.push_back({std::unique_ptr<std::byte[]>(new std::byte[need]), need});
        has_large_ = has_large_ || need > chunk_size;
        use(chunks_.size() - 1);
        return take(size, align);
    }

    std::uintptr_t next_ = 0;
    std::uintptr_t end_ = 0;
    std::uintptr_t first_ = 0;  // where the first chunk begins
    std::size_t current_ = 0;
    bool has_large_ = false;
    std::vector<chunk> chunks_;
};

#endif

}  // namespace tiebreak::detail
