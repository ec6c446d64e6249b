// Books that several clients edit, with the version as entity tag.
#include "service/api/entity_tag.hpp"
#include "service/api/repeatable.hpp"
#include "service/api/resources.hpp"
#include "service/http/object_reader.hpp"

namespace tiebreak::service::api {

namespace {

namespace books = systems::books;
using http::json_object;
using http::object_reader;
using http::problem;
using http::request;
using http::request_method;
using http::response;

constexpr http::text_rule title_rule{.bytes_min = 1, .bytes_max = 500};
constexpr http::text_rule author_rule{.bytes_min = 1, .bytes_max = 200};
constexpr http::integer_rule price_rule{.least = 0};

json_object represent(books::book const& one)
{
    return json_object{}
        .add("id", one.id)
        .add("title", one.title)
        .add("author", one.author)
        .add("price", one.price)
        .add("text", one.text)
        .add("version", one.version.value());
}

response with_tag(int status, books::book const& one)
{
    return http::json(status, represent(one)).set("ETag", entity_tag(one.version));
}

response no_book(std::int64_t id)
{
    return answer(problem("book-not-found").with("book_id", id));
}

books::book_content content_in(request const& asked)
{
    return read_body(asked, [](object_reader& in) {
        return books::book_content{
            .title = in.text("title", title_rule),
            .author = in.text("author", author_rule),
            .price = in.integer("price", price_rule),
            .text = in.optional_text("text").value_or(""),
        };
    });
}

// A merge patch: what is absent stays, and null would remove what every book has.
books::book_patch patch_in(request const& asked)
{
    return read_body(asked, [](object_reader& in) {
        for (auto const* name : {"title", "author", "price"})
            if (in.is_null(name))
                in.refuse(name, "cannot be removed");
        books::book_patch made{
            .title = in.optional_text("title", title_rule),
            .author = in.optional_text("author", author_rule),
            .price = in.optional_integer("price", price_rule),
            .text = in.optional_text("text"),
        };
        if (in.is_null("text"))
            made.text = "";
        return made;
    });
}

response create_book(application const& app, request const& asked)
{
    auto const made = books::create(*app.db, content_in(asked));
    if (auto const* broken = std::get_if<systems::invalid_field>(&made))
        return answer(problem_of(*broken));
    auto const& book = std::get<books::book>(made);
    return with_tag(201, book).set("Location", "/v1/books/" + std::to_string(book.id));
}

response show_book(application const& app, request const& asked)
{
    auto const id = asked.integer_parameter("id");
    auto const found = id ? books::find(*app.db, *id) : std::nullopt;
    if (!found)
        return no_book(id.value_or(0));
    if (has_already(asked, found->version))
        return http::empty(304).set("ETag", entity_tag(found->version));
    return with_tag(200, *found);
}

response stale(std::optional<version> expected, books::book const& current)
{
    return answer(
        problem("stale-version", "fetch the current version, merge, and send again with its ETag")
            .with("expected_version", expected ? std::optional{expected->value()} : std::nullopt)
            .with("actual_version", current.version.value())
            .with("current", represent(current))
            .set_header("ETag", entity_tag(current.version)));
}

// What the answers to a change are on the wire.
struct change_answer {
    response operator()(books::book const& one) const { return with_tag(200, one); }

    response operator()(books::stale_book const& old) const
    {
        return stale(old.expected, old.current);
    }

    response operator()(books::book_not_found const& none) const { return no_book(none.id); }

    response operator()(systems::invalid_field const& broken) const
    {
        return answer(problem_of(broken));
    }

    response operator()(books::removed const&) const { return http::empty(204); }
};

// Runs `write(id, expected version)` if the request names a version that a book can have.
template <class Write>
response change(application const& app, request const& asked, Write&& write)
{
    auto const expected = expected_version(asked);
    auto const id = asked.integer_parameter("id");
    if (!id)
        return no_book(0);
    if (expected)
        return std::visit(change_answer{}, write(*id, *expected));
    auto const current = books::find(*app.db, *id);
    return current ? stale({}, *current) : no_book(*id);
}

response replace(application const& app, request const& asked)
{
    return change(app, asked, [&](std::int64_t id, version expected) {
        return books::replace(*app.db, id, expected, content_in(asked));
    });
}

response patch(application const& app, request const& asked)
{
    return change(app, asked, [&](std::int64_t id, version expected) {
        return books::patch(*app.db, id, expected, patch_in(asked));
    });
}

response remove(application const& app, request const& asked)
{
    return change(app, asked, [&](std::int64_t id, version expected) {
        return books::remove(*app.db, id, expected);
    });
}

// Adds a line at the end: a client that needs no version, because the strategy decides.
response add_line(application const& app, request const& asked)
{
    auto const line = read_body(asked, [](object_reader& in) {
        return in.text("line", {.bytes_min = 1, .bytes_max = 1'000});
    });
    auto const id = asked.integer_parameter("id");
    if (!id)
        return no_book(0);
    auto const made = books::add_line(*app.db,
                                      *id,
                                      line,
                                      {.how = app.decide.books,
                                       .retry = policy_of(app, asked),
                                       .level = app.decide.level,
                                       .between = pause_of(app.decide)});
    return std::visit(
        overloaded{
            [&](books::accepted const& yes) {
                return http::json(
                           201,
                           json_object{}.add("book_id", *id).add("version", yes.version.value()))
                    .set("ETag", entity_tag(yes.version));
            },
            [](books::book_not_found const& none) { return no_book(none.id); },
            [&](books::writing_failed const& lost) {
                if (app.decide.attempts_max == 1)
                    return answer(problem("conflict").with("attempts", lost.attempts));
                return answer(problem("attempts-exhausted")
                                  .with("attempts", lost.attempts)
                                  .with("last", name_of(lost.last)));
            },
            [](systems::invalid_field const& broken) { return answer(problem_of(broken)); },
        },
        made);
}

}  // namespace

void add_books(http::router& to, application const& app)
{
    add_repeatable(to, app, "/v1/books", create_book);
    add_guarded(to, app, request_method::get, "/v1/books/{id}", show_book, quick_read(app));
    add_guarded(to, app, request_method::put, "/v1/books/{id}", replace);
    add_guarded(to,
                app,
                request_method::patch,
                "/v1/books/{id}",
                patch,
                {.body_types = {"application/json", "application/merge-patch+json"}});
    add_guarded(to, app, request_method::remove, "/v1/books/{id}", remove);
    add_repeatable(to, app, "/v1/books/{id}/lines", add_line);
}

}  // namespace tiebreak::service::api
