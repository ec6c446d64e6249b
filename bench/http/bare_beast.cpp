// The baseline of the HTTP benchmark: the least a Beast server can do. It answers every request
// with the same few bytes, checks nothing and limits nothing.
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string_view>
#include <thread>
#include <vector>

namespace {

namespace beast = boost::beast;
namespace http = boost::beast::http;
using tcp = boost::asio::ip::tcp;

class session : public std::enable_shared_from_this<session> {
public:
    explicit session(tcp::socket socket) : socket_(std::move(socket))
    {
        socket_.set_option(tcp::no_delay(true));
    }

    void read()
    {
        request_ = {};
        http::async_read(socket_,
                         buffer_,
                         request_,
                         [self = shared_from_this()](beast::error_code failure, std::size_t) {
                             if (!failure)
                                 self->write();
                         });
    }

private:
    void write()
    {
        response_ = {http::status::ok, request_.version()};
        response_.set(http::field::content_type, "application/json");
        response_.body() = R"({"hello":"world"})";
        response_.keep_alive(request_.keep_alive());
        response_.prepare_payload();
        http::async_write(socket_,
                          response_,
                          [self = shared_from_this()](beast::error_code failure, std::size_t) {
                              if (!failure && self->response_.keep_alive())
                                  self->read();
                          });
    }

    tcp::socket socket_;
    beast::flat_buffer buffer_;
    http::request<http::string_body> request_;
    http::response<http::string_body> response_;
};

void accept(tcp::acceptor& at)
{
    at.async_accept([&at](beast::error_code failure, tcp::socket one) {
        if (!failure)
            std::make_shared<session>(std::move(one))->read();
        accept(at);
    });
}

}  // namespace

int main(int argc, char** argv)
try {
    unsigned short port = 0;
    std::string_view const text = argc > 1 ? argv[1] : "";
    std::from_chars(text.data(), text.data() + text.size(), port);
    unsigned const threads = std::max(1U, std::thread::hardware_concurrency());
    boost::asio::io_context context(static_cast<int>(threads));
    tcp::acceptor at(context, {boost::asio::ip::address_v4::loopback(), port});
    std::printf("%d\n", at.local_endpoint().port());
    std::fflush(stdout);
    accept(at);
    std::vector<std::jthread> others;
    for (unsigned i = 1; i < threads; ++i)
        others.emplace_back([&] { context.run(); });
    context.run();
    return 0;

} catch (std::exception const& failure) {
    std::fprintf(stderr, "bench_http_bare: %s\n", failure.what());
    return 1;
}
