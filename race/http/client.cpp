#include "race/http/client.hpp"

#include "race/options.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <curl/curl.h>
#include <strings.h>
#include <thread>

namespace tiebreak::race {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t body_bytes_max = 8UL * 1024 * 1024;
constexpr std::string_view problem_type = "urn:tiebreak:problem:";
constexpr auto first_pause = 10ms;
constexpr auto longest_pause = 200ms;

struct received {
    std::string body{};
    bool replayed = false;
};

std::size_t take_body(char const* bytes, std::size_t one, std::size_t number, void* to)
{
    auto& body = static_cast<received*>(to)->body;
    if (body.size() + one * number > body_bytes_max)
        return 0;
    body.append(bytes, one * number);
    return one * number;
}

std::size_t take_header(char const* bytes, std::size_t one, std::size_t number, void* to)
{
    constexpr std::string_view mark = "idempotent-replayed: true";
    if (one * number >= mark.size() && ::strncasecmp(bytes, mark.data(), mark.size()) == 0)
        static_cast<received*>(to)->replayed = true;
    return one * number;
}

http_answer answer_from(int status, received const& from)
{
    http_answer made{.status = status, .replayed = from.replayed};
    boost::system::error_code wrong;
    auto const value = boost::json::parse(from.body, wrong);
    if (wrong || !value.is_object())
        return made;
    made.body = value.as_object();
    if (auto const* type = made.body.if_contains("type"); type != nullptr && type->is_string()) {
        std::string_view const text{type->as_string()};
        if (text.starts_with(problem_type))
            made.slug = text.substr(problem_type.size());
    }
    return made;
}

// Nobody has answered the request as such.
bool is_unanswered(http_answer const& what)
{
    return what.status == 0 || (what.status == 502 && what.slug.empty()) || what.status == 504 ||
           (what.status == 503 && (what.slug.empty() || what.slug == "unavailable" ||
                                   what.slug == "shutting-down" || what.slug == "overloaded"));
}

}  // namespace

struct http_client::handle {
    handle() : easy(::curl_easy_init())
    {
        if (easy == nullptr)
            throw cannot_race("no HTTP client can be made: out of memory");
    }

    handle(handle const&) = delete;
    handle& operator=(handle const&) = delete;

    ~handle() { ::curl_easy_cleanup(easy); }

    CURL* easy;
};

std::int64_t http_answer::integer(std::string_view name) const
{
    auto const* found = body.if_contains(name);
    return found != nullptr && found->is_int64() ? found->as_int64() : 0;
}

std::string http_answer::shown() const
{
    if (status == 0)
        return "no answer in time";
    return std::to_string(status) + (slug.empty() ? "" : " " + slug);
}

http_client::http_client(std::string entrance)
    : entrance_(std::move(entrance)), handle_(std::make_unique<handle>())
{
}

http_client::~http_client() = default;

http_answer http_client::send(std::string const& path,
                              std::string const& body,
                              std::chrono::milliseconds patience,
                              std::string const& idempotency_key)
{
    auto* const easy = handle_->easy;
    received got;
    ::curl_easy_reset(easy);  // the connection stays

    struct list {
        curl_slist* first = nullptr;

        ~list() { ::curl_slist_free_all(first); }
    } fields;

    fields.first = ::curl_slist_append(fields.first, "Content-Type: application/json");
    fields.first = ::curl_slist_append(fields.first, "Expect:");
    if (!idempotency_key.empty())
        fields.first =
            ::curl_slist_append(fields.first, ("Idempotency-Key: " + idempotency_key).c_str());
    ::curl_easy_setopt(easy, CURLOPT_URL, (entrance_ + path).c_str());
    ::curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
    ::curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    ::curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L);
    ::curl_easy_setopt(easy, CURLOPT_HTTPHEADER, fields.first);
    ::curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
    ::curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body.c_str());
    ::curl_easy_setopt(
        easy, CURLOPT_TIMEOUT_MS, static_cast<long>(std::max<std::int64_t>(1, patience.count())));
    ::curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
    ::curl_easy_setopt(easy, CURLOPT_WRITEDATA, &got);
    ::curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header);
    ::curl_easy_setopt(easy, CURLOPT_HEADERDATA, &got);
    if (::curl_easy_perform(easy) != CURLE_OK)
        return {};
    long status = 0;
    ::curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    return answer_from(static_cast<int>(status), got);
}

http_answer http_client::post(std::string const& path,
                              boost::json::object const& body,
                              std::chrono::milliseconds patience)
{
    return send(path, boost::json::serialize(body), patience, {});
}

http_answer http_client::post_until_answered(std::string const& path,
                                             boost::json::object const& body,
                                             std::chrono::milliseconds patience,
                                             std::string const& idempotency_key)
{
    auto const until = std::chrono::steady_clock::now() + patience;
    auto const text = boost::json::serialize(body);
    std::chrono::milliseconds pause = first_pause;
    for (;;) {
        auto const left = std::chrono::duration_cast<std::chrono::milliseconds>(
            until - std::chrono::steady_clock::now());
        auto answer = send(path, text, left, idempotency_key);
        if (!is_unanswered(answer) || std::chrono::steady_clock::now() + pause >= until)
            return answer;
        std::this_thread::sleep_for(pause);
        pause = std::min<std::chrono::milliseconds>(2 * pause, longest_pause);
    }
}

}  // namespace tiebreak::race
