#include "service/http/problem.hpp"

namespace tiebreak::service::http {

problem& problem::retry_after(std::chrono::milliseconds pause) &
{
    retry_after_ =
        std::max(std::chrono::ceil<std::chrono::seconds>(pause), std::chrono::seconds{1});
    return *this;
}

problem&& problem::retry_after(std::chrono::milliseconds pause) &&
{
    return std::move(retry_after(pause));
}

problem& problem::set_header(std::string_view name, std::string value) &
{
    headers_.emplace_back(name, std::move(value));
    return *this;
}

problem&& problem::set_header(std::string_view name, std::string value) &&
{
    return std::move(set_header(name, std::move(value)));
}

response problem::to_response() const
{
    json_object document;
    document.add("type", "urn:tiebreak:problem:" + std::string{kind_->slug})
        .add("title", kind_->title)
        .add("status", kind_->status);
    document.add("detail", detail_.empty() ? kind_->title : std::string_view{detail_});
    document.add("retryable", kind_->is_retryable).append(fields_);

    response made = json(kind_->status, std::move(document));
    made.content_type = "application/problem+json";
    made.is_retryable = kind_->is_retryable;
    for (auto const& [name, value] : headers_)
        made.set(name, value);
    auto after = retry_after_;
    if (!after && (kind_->status == 429 || kind_->status == 503))
        after = std::chrono::seconds{1};
    if (after)
        made.set("Retry-After", std::to_string(after->count()));
    return made;
}

char const* refusal::what() const noexcept
{
    auto const& detail = what_->detail();
    return detail.empty() ? what_->kind().title.data() : detail.c_str();
}

}  // namespace tiebreak::service::http
