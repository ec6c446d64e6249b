// Beast's parser behind the strict check of the head.
#include "service/http/request_reader.hpp"

#include "service/http/router.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>

#include <algorithm>
#include <cstring>

namespace tiebreak::service::http {

namespace beast_http = boost::beast::http;
using beast_error = boost::beast::error_code;

namespace {

constexpr std::size_t first_bytes = 4 * 1024;
constexpr std::size_t body_step_bytes = 16 * 1024;
constexpr std::size_t kept_body_bytes = 64 * 1024;

std::string_view view_of(boost::beast::string_view text) noexcept
{
    return {text.data(), text.size()};
}

}  // namespace

// Receives the events of Beast's parser for one request at a time.
class request_reader::message_parser final : public beast_http::basic_parser<true> {
public:
    message_parser(request& into, std::string& body, limits const& of)
        : into_(into), body_(body), extra_bytes_max_(of.chunk_extra_bytes)
    {
        header_limit(static_cast<std::uint32_t>(of.head_bytes));
        body_limit(boost::none);  // the route's limit is set when it is known
    }

private:
    void on_request_impl(beast_http::verb,
                         boost::beast::string_view,
                         boost::beast::string_view,
                         int,
                         beast_error&) override
    {
    }

    void on_response_impl(int, boost::beast::string_view, int, beast_error&) override {}

    void on_field_impl(beast_http::field,
                       boost::beast::string_view name,
                       boost::beast::string_view value,
                       beast_error& stop) override
    {
        if (!is_trailer_)
            into_.headers.push_back({.name = view_of(name), .value = view_of(value)});
        else  // read for its size alone: nothing in a trailer changes the request
            count_extra(name.size() + value.size() + 4, stop);
    }

    void on_header_impl(beast_error&) override { is_trailer_ = true; }

    void on_body_init_impl(boost::optional<std::uint64_t> const& length, beast_error&) override
    {
        body_.reserve(
            static_cast<std::size_t>(std::min<std::uint64_t>(length.value_or(0), kept_body_bytes)));
    }

    std::size_t on_body_impl(boost::beast::string_view part, beast_error&) override
    {
        body_.append(part.data(), part.size());
        return part.size();
    }

    void on_chunk_header_impl(std::uint64_t,
                              boost::beast::string_view extensions,
                              beast_error& stop) override
    {
        count_extra(extensions.size(), stop);
    }

    std::size_t
    on_chunk_body_impl(std::uint64_t, boost::beast::string_view part, beast_error&) override
    {
        body_.append(part.data(), part.size());
        return part.size();
    }

    void on_finish_impl(beast_error&) override {}

    void count_extra(std::size_t bytes, beast_error& stop)
    {
        extra_bytes_ += bytes;
        if (extra_bytes_ > extra_bytes_max_)
            stop = beast_http::error::bad_chunk_extension;
    }

    request& into_;
    std::string& body_;
    std::size_t extra_bytes_max_;
    std::size_t extra_bytes_ = 0;
    bool is_trailer_ = false;
};

request_reader::request_reader(limits const& of) : limits_(of), check_(of), bytes_(first_bytes) {}

request_reader::~request_reader() = default;

std::span<char> request_reader::room()
{
    // While a body arrives `take_head` has made room, and `read_body` keeps it: the head, which the
    // header fields point into, does not move.
    if (end_ == bytes_.size() && body_at_ == 0)
        bytes_.resize(bytes_.size() * 2);
    return {bytes_.data() + end_, bytes_.size() - end_};
}

std::string_view request_reader::method() const noexcept
{
    return {bytes_.data() + facts().method.at, facts().method.size};
}

request_reader::state request_reader::refuse(problem what)
{
    fault_ = std::move(what);
    return state_ = state::refused;
}

request_reader::state request_reader::advance()
{
    switch (state_) {
    case state::idle:
    case state::head: return state_ = read_head();
    case state::head_done:
    case state::body: return state_ = read_body();
    case state::complete:
    case state::refused: break;
    }
    return state_;
}

request_reader::state request_reader::read_head()
{
    if (end_ == 0)
        return state::idle;
    switch (check_.look({bytes_.data(), end_})) {
    case head_check::state::incomplete: return state::head;
    case head_check::state::refused: return refuse(check_.fault());
    case head_check::state::complete: break;
    }
    return take_head();
}

request_reader::state request_reader::take_head()
{
    auto const head_bytes = check_.size();
    auto const& seen = facts();
    if (seen.has_body() && bytes_.size() - head_bytes < body_step_bytes)
        bytes_.resize(head_bytes + body_step_bytes);  // before anything points into it
    char const* const start = bytes_.data();
    body_at_ = head_bytes;

    parser_ = std::make_unique<message_parser>(request_, body_, limits_);
    beast_error failure;
    auto const skipped = seen.method.at;  // an empty line before the request line
    auto const used =
        parser_->put(boost::asio::buffer(start + skipped, head_bytes - skipped), failure);
    if (failure || used != head_bytes - skipped || !parser_->is_header_done())
        return refuse(problem("malformed-request", "the head is not well-formed"));

    request_.path = {start + seen.path.at, seen.path.size};
    request_.raw_query = {start + seen.query.at, seen.query.size};
    auto query = parse_query(request_.raw_query);
    if (!query)
        return refuse(problem("malformed-request", "the query is not percent-encoded UTF-8"));
    request_.query = *std::move(query);
    return state::head_done;
}

request_reader::state request_reader::read_body()
{
    if (facts().content_length.value_or(0) > body_bytes_max_)
        return refuse(problem("body-too-large"));
    if (state_ == state::head_done && !parser_->is_done())
        parser_->body_limit(body_bytes_max_);
    // Beast asserts that the end of the chunks is not shown to it in smaller pieces than this; no
    // chunked body can end in fewer bytes.
    std::size_t const least = facts().is_chunked ? std::string_view{"0\r\n\r\n"}.size() : 1;
    while (!parser_->is_done() && end_ - body_at_ >= least) {
        beast_error failure;
        auto const used =
            parser_->put(boost::asio::buffer(bytes_.data() + body_at_, end_ - body_at_), failure);
        body_at_ += used;
        if (failure == beast_http::error::need_more)
            break;
        if (failure == beast_http::error::body_limit)
            return refuse(problem("body-too-large"));
        if (failure)
            return refuse(problem("malformed-request", "the chunks of the body are malformed"));
    }
    if (parser_->is_done()) {
        request_.body = body_;
        return state::complete;
    }
    // What the parser could not take yet moves to the front, so that there is room behind it.
    auto const head_bytes = check_.size();
    auto const left = end_ - body_at_;
    std::memmove(bytes_.data() + head_bytes, bytes_.data() + body_at_, left);
    body_at_ = head_bytes;
    end_ = head_bytes + left;
    if (end_ == bytes_.size() || left > limits_.chunk_extra_bytes + first_bytes)
        return refuse(problem("malformed-request", "a chunk's line or the trailer is too long"));
    return state::body;
}

void request_reader::forget()
{
    auto const left = end_ - body_at_;
    std::memmove(bytes_.data(), bytes_.data() + body_at_, left);
    body_at_ = 0;
    end_ = left;
    body_.clear();
    if (body_.capacity() > kept_body_bytes)
        body_.shrink_to_fit();
    request_.path_parameters.clear();
    request_.query.clear();
    request_.headers.clear();
    request_.tenant.clear();
    request_.method = request_method::get;
    request_.body = request_.route = request_.path = request_.raw_query = request_.id = {};
    check_.reset();
    parser_.reset();
    fault_.reset();
    state_ = state::idle;
}

}  // namespace tiebreak::service::http
