#include "mariadb/gatherer.hpp"

#include <mysql.h>
// after mysql.h, which it needs
#include <ma_pvio.h>
#include <new>
#include <string>
#include <type_traits>

namespace tiebreak::mariadb {

struct gatherer::transport {
    PVIO_METHODS methods{};  // first: the client library knows this object by it
    PVIO_METHODS const* real = nullptr;
    std::string held{};
    bool gathers = false;

    static ssize_t write(MARIADB_PVIO* to, unsigned char const* from, std::size_t size)
    {
        auto& mine = *reinterpret_cast<transport*>(to->methods);
        if (mine.gathers) {
            mine.held.append(reinterpret_cast<char const*>(from), size);
            return static_cast<ssize_t>(size);
        }
        if (mine.held.empty()) [[likely]]
            return mine.real->write(to, from, size);
        mine.held.append(reinterpret_cast<char const*>(from), size);
        auto const* next = reinterpret_cast<unsigned char const*>(mine.held.data());
        for (auto left = mine.held.size(); left > 0;) {
            auto const sent = mine.real->write(to, next, left);
            if (sent <= 0) {
                mine.held.clear();
                return -1;
            }
            next += sent;
            left -= static_cast<std::size_t>(sent);
        }
        mine.held.clear();
        return static_cast<ssize_t>(size);
    }
};

gatherer::gatherer(st_mysql* of) : transport_(std::make_unique<transport>())
{
    static_assert(std::is_standard_layout_v<transport>);
    auto* const pvio = of->net.pvio;
    if (pvio == nullptr || pvio->ctls != nullptr || pvio->methods == nullptr)
        return;
    transport_->real = pvio->methods;
    transport_->methods = *pvio->methods;
    transport_->methods.write = transport::write;
    pvio->methods = &transport_->methods;
}

gatherer::~gatherer() = default;

void gatherer::start() noexcept
{
    transport_->gathers = transport_->real != nullptr;
}

void gatherer::stop() noexcept
{
    transport_->gathers = false;
}

bool gatherer::drop() noexcept
{
    bool const held = !transport_->held.empty();
    transport_->held.clear();
    return held;
}

}  // namespace tiebreak::mariadb
