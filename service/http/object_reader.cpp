#include "service/http/object_reader.hpp"

#include "service/http/problem.hpp"

#include <algorithm>

namespace tiebreak::service::http {

namespace {

constexpr std::size_t faults_shown_max = 20;

std::string counted(std::size_t count, std::string_view what)
{
    return std::to_string(count) + ' ' + std::string{what} + (count == 1 ? "" : "s");
}

}  // namespace

object_reader::object_reader(json_value const& object,
                             std::string pointer,
                             std::vector<member_fault>& faults)
    : members_(object.get_if<json_value::object>()), pointer_(std::move(pointer)), faults_(faults)
{
    if (members_ == nullptr)
        add(pointer_, "must be an object, not " + std::string{object.kind()});
    else
        was_read_.resize(members_->size());
}

json_value const* object_reader::find(std::string_view name)
{
    if (members_ == nullptr)
        return nullptr;
    for (std::size_t i = 0; i < members_->size(); ++i)
        if ((*members_)[i].name == name) {
            was_read_[i] = true;
            return &(*members_)[i].value;
        }
    return nullptr;
}

json_value const* object_reader::find_required(std::string_view name)
{
    auto const* const found = find(name);
    if (found == nullptr && members_ != nullptr)
        add(pointer_to(name), "is missing");
    return found;
}

std::string object_reader::pointer_to(std::string_view name) const
{
    std::string pointer = pointer_;
    append_pointer(pointer, name);
    return pointer;
}

std::string object_reader::pointer_to(std::string_view name, std::size_t index) const
{
    std::string pointer = pointer_to(name);
    append_pointer(pointer, std::to_string(index));
    return pointer;
}

void object_reader::add(std::string pointer, std::string detail)
{
    if (faults_.size() < faults_shown_max)
        faults_.push_back({std::move(pointer), std::move(detail)});
}

std::optional<std::string>
object_reader::text_in(json_value const* value, std::string_view name, text_rule rule)
{
    if (value == nullptr)
        return std::nullopt;
    auto const* const text = value->get_if<std::string>();
    if (text == nullptr)
        add(pointer_to(name), "must be a text, not " + std::string{value->kind()});
    else if (text->size() > rule.bytes_max)
        add(pointer_to(name), "must have at most " + counted(rule.bytes_max, "byte"));
    else if (text->size() < rule.bytes_min)
        add(pointer_to(name),
            rule.bytes_min == 1 ? "must not be empty"
                                : "must have at least " + counted(rule.bytes_min, "byte"));
    else if (text->find('\0') != std::string::npos)
        add(pointer_to(name), "must not contain U+0000");
    else
        return *text;
    return std::nullopt;
}

std::optional<std::int64_t>
object_reader::integer_in(json_value const* value, std::string pointer, integer_rule rule)
{
    if (value == nullptr)
        return std::nullopt;
    auto const* const number = value->get_if<std::int64_t>();
    if (number == nullptr)
        add(std::move(pointer), "must be a whole number, not " + std::string{value->kind()});
    else if (*number < rule.least)
        add(std::move(pointer), "must be " + std::to_string(rule.least) + " or more");
    else if (*number > rule.most)
        add(std::move(pointer), "must be " + std::to_string(rule.most) + " or less");
    else
        return *number;
    return std::nullopt;
}

std::optional<bool> object_reader::boolean_in(json_value const* value, std::string_view name)
{
    if (value == nullptr)
        return std::nullopt;
    if (auto const* const yes = value->get_if<bool>())
        return *yes;
    add(pointer_to(name), "must be true or false, not " + std::string{value->kind()});
    return std::nullopt;
}

std::optional<time_point> object_reader::time_in(json_value const* value, std::string_view name)
{
    auto const text = text_in(value, name, {});
    if (!text)
        return std::nullopt;
    auto const when = parse_rfc3339(*text);
    if (!when)
        add(pointer_to(name), "must be a time like 2026-07-01T09:00:00Z");
    return when;
}

std::string object_reader::text(std::string_view name, text_rule rule)
{
    return text_in(find_required(name), name, rule).value_or(std::string{});
}

std::optional<std::string> object_reader::optional_text(std::string_view name, text_rule rule)
{
    auto const* const found = find(name);
    return found == nullptr || found->is_null() ? std::nullopt : text_in(found, name, rule);
}

std::string object_reader::one_of(std::string_view name,
                                  std::initializer_list<std::string_view> words)
{
    auto word = text(name);
    auto const* const found = members_ == nullptr ? nullptr : find(name);
    if (found == nullptr || found->get_if<std::string>() == nullptr ||
        std::find(words.begin(), words.end(), word) != words.end())
        return word;
    std::string sentence = "must be one of";
    for (auto const& known : words)
        sentence += (&known == words.begin() ? " " : ", ") + std::string{known};
    add(pointer_to(name), std::move(sentence));
    return {};
}

std::int64_t object_reader::integer(std::string_view name, integer_rule rule)
{
    return integer_in(find_required(name), pointer_to(name), rule).value_or(0);
}

std::optional<std::int64_t> object_reader::optional_integer(std::string_view name,
                                                            integer_rule rule)
{
    auto const* const found = find(name);
    return found == nullptr || found->is_null() ? std::nullopt
                                                : integer_in(found, pointer_to(name), rule);
}

bool object_reader::boolean(std::string_view name)
{
    return boolean_in(find_required(name), name).value_or(false);
}

std::optional<bool> object_reader::optional_boolean(std::string_view name)
{
    auto const* const found = find(name);
    return found == nullptr || found->is_null() ? std::nullopt : boolean_in(found, name);
}

time_point object_reader::time(std::string_view name)
{
    return time_in(find_required(name), name).value_or(time_point{});
}

std::optional<time_point> object_reader::optional_time(std::string_view name)
{
    auto const* const found = find(name);
    return found == nullptr || found->is_null() ? std::nullopt : time_in(found, name);
}

json_value object_reader::any(std::string_view name)
{
    auto const* const found = find_required(name);
    return found == nullptr ? json_value{} : *found;
}

std::optional<json_value> object_reader::optional_any(std::string_view name)
{
    auto const* const found = find(name);
    return found == nullptr ? std::nullopt : std::optional{*found};
}

json_value::array const* object_reader::array(std::string_view name, count_rule count)
{
    auto const* const found = find_required(name);
    if (found == nullptr)
        return nullptr;
    auto const* const elements = found->get_if<json_value::array>();
    if (elements == nullptr)
        add(pointer_to(name), "must be an array, not " + std::string{found->kind()});
    else if (elements->size() < count.least)
        add(pointer_to(name), "must have at least " + counted(count.least, "element"));
    else if (elements->size() > count.most)
        add(pointer_to(name), "must have at most " + counted(count.most, "element"));
    else
        return elements;
    return nullptr;
}

std::vector<std::int64_t>
object_reader::integers(std::string_view name, count_rule count, integer_rule rule)
{
    std::vector<std::int64_t> made;
    if (auto const* const elements = array(name, count))
        for (std::size_t i = 0; i < elements->size(); ++i)
            made.push_back(integer_in(&(*elements)[i], pointer_to(name, i), rule).value_or(0));
    return made;
}

bool object_reader::has(std::string_view name) const noexcept
{
    return members_ != nullptr && std::any_of(members_->begin(),
                                              members_->end(),
                                              [&](auto const& one) { return one.name == name; });
}

bool object_reader::is_null(std::string_view name) const noexcept
{
    return members_ != nullptr &&
           std::any_of(members_->begin(), members_->end(), [&](auto const& one) {
               return one.name == name && one.value.is_null();
           });
}

void object_reader::refuse(std::string_view name, std::string detail)
{
    add(pointer_to(name), std::move(detail));
}

void object_reader::refuse_unknown()
{
    for (std::size_t i = 0; i < was_read_.size(); ++i)
        if (!was_read_[i])
            add(pointer_to((*members_)[i].name), "is not known here");
}

void detail::throw_if_wrong(std::vector<member_fault> const& faults)
{
    if (faults.empty())
        return;
    auto const& first = faults.front();
    json_array errors;
    for (auto const& fault : faults)
        errors.add(json_object{}.add("pointer", fault.pointer).add("detail", fault.detail));
    throw refusal(problem("invalid-request",
                          (first.pointer.empty() ? "the body" : first.pointer) + ' ' + first.detail)
                      .with("pointer", first.pointer)
                      .with("errors", errors));
}

json_value body_of(request const& asked)
{
    if (asked.body.empty())
        throw refusal(problem("invalid-request", "this route needs a JSON body"));
    return parse_json(asked.body, {.depth = asked.json_depth_max, .values = asked.json_values_max});
}

}  // namespace tiebreak::service::http
