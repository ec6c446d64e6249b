#include "service/http/work_pool.hpp"

#include <utility>

namespace tiebreak::service::http {

work_pool::work_pool(std::size_t threads, std::size_t queue_max)
    : queue_max_(queue_max), free_(threads)
{
    threads_.reserve(threads);
    for (std::size_t i = 0; i < threads; ++i)
        threads_.emplace_back([this] { work(); });
}

work_pool::~work_pool()
{
    stop();
}

bool work_pool::try_push(job&& work)
{
    {
        std::scoped_lock const hold(mutex_);
        if (stopping_ || queue_.size() >= queue_max_ + free_)
            return false;
        queue_.push_back(std::move(work));
    }
    wake_.notify_one();
    return true;
}

std::size_t work_pool::waiting() const
{
    std::scoped_lock const hold(mutex_);
    return queue_.size();
}

std::size_t work_pool::running() const
{
    std::scoped_lock const hold(mutex_);
    return threads_.size() - free_;
}

void work_pool::stop() noexcept
{
    {
        std::scoped_lock const hold(mutex_);
        stopping_ = true;
    }
    wake_.notify_all();
    for (auto& thread : threads_)
        if (thread.joinable())
            thread.join();
}

void work_pool::work()
{
    std::unique_lock hold(mutex_);
    for (;;) {
        wake_.wait(hold, [&] { return stopping_ || !queue_.empty(); });
        if (queue_.empty())
            return;
        job next = std::move(queue_.front());
        queue_.pop_front();
        --free_;
        hold.unlock();
        next.run(std::chrono::steady_clock::now() > next.deadline);
        next.run = nullptr;
        hold.lock();
        ++free_;
    }
}

}  // namespace tiebreak::service::http
