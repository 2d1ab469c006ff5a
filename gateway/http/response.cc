#include "gateway/http/response.h"

#include "base/json.h"
#include "gateway/http/body.h"

namespace kith {
namespace {

// Below this a copy costs less than one more entry of the gather write.
constexpr std::size_t copied_max = 2'048;

std::size_t line_of(std::string_view lines, std::string_view name, std::size_t from = 0) {
  for (std::size_t at = from; at < lines.size();) {
    auto const end = lines.find("\r\n", at);
    if (lines.size() - at > name.size() && lines[at + name.size()] == ':' &&
        same_word(lines.substr(at, name.size()), name))
      return at;
    if (end == std::string_view::npos) break;
    at = end + 2;
  }
  return std::string_view::npos;
}

int status_of(Code code) {
  switch (code) {
    case Code::invalid:
    case Code::conflict: return 422;
    case Code::unauthenticated: return 401;
    case Code::forbidden: return 403;
    case Code::not_found: return 404;
    case Code::exhausted: return 429;
    case Code::unavailable:
    case Code::unknown: return 503;
    case Code::internal: return 500;
  }
  return 500;
}

}  // namespace

void Body::append(Fragment fragment) {
  if (!fragment || fragment->empty()) return;
  if (fragment->size() < copied_max) {
    text_ += *fragment;
    return;
  }
  linked_ += fragment->size();
  links_.push_back({text_.size(), std::move(fragment)});
}

std::string Body::joined() const {
  std::string all;
  all.reserve(size());
  std::size_t at = 0;
  for (auto const& link : links_) {
    all.append(text_, at, link.at - at);
    all += *link.fragment;
    at = link.at;
  }
  all.append(text_, at);
  return all;
}

void Headers::add(std::string_view name, std::string_view value) {
  lines_ += name;
  lines_ += ": ";
  // A value may hold what a client sent, such as a redirect's target.
  for (char const c : value)
    if (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f) lines_ += c;
  lines_ += "\r\n";
}

void Headers::set(std::string_view name, std::string_view value) {
  auto const at = line_of(lines_, name);
  if (at != std::string::npos) lines_.erase(at, lines_.find("\r\n", at) + 2 - at);
  add(name, value);
}

std::string_view Headers::get(std::string_view name) const {
  auto const at = line_of(lines_, name);
  if (at == std::string::npos) return {};
  auto const begin = at + name.size() + 2;
  return std::string_view(lines_).substr(begin, lines_.find("\r\n", begin) - begin);
}

bool Headers::has(std::string_view name) const { return line_of(lines_, name) != std::string::npos; }

Response Response::html(Body page, int status) {
  return {.status = status, .content_type = "text/html; charset=utf-8", .body = std::move(page)};
}

Response Response::text(Body text, int status) {
  return {.status = status, .content_type = "text/plain; charset=utf-8", .body = std::move(text)};
}

Response Response::file(Body bytes, std::string_view content_type, int max_age_seconds) {
  Response response{.content_type = content_type, .body = std::move(bytes)};
  response.headers.add("Cache-Control", "public, max-age=" + std::to_string(max_age_seconds));
  return response;
}

Response Response::redirect(std::string location, int status) {
  Response response = html("", status);
  response.headers.add("Location", location);
  return response;
}

Response Response::error(int status, std::string_view say, std::string_view fields) {
  std::string body;
  JsonWriter json(body);
  json.begin().text("error", say);
  if (!fields.empty()) json.raw("details", fields);
  json.end();
  return Response::json(std::move(body), status);
}

Response Response::oauth_error(int status, std::string_view error, std::string_view say) {
  std::string body;
  JsonWriter(body).begin().text("error", error).text("error_description", say).end();
  return Response::json(std::move(body), status);
}

Response Response::of(Error const& error) {
  int const status = status_of(error.code);
  // What went wrong inside is for the log alone.
  auto response = Response::error(status, status == 500 ? "This did not work: an error on our side" : error.say,
                                  status == 422 ? std::string_view(error.fields) : std::string_view{});
  if (status == 503) response.headers.add("Retry-After", "5");
  if (status == 429) response.headers.add("Retry-After", "60");
  return response;
}

Response& Response::with(std::string_view name, std::string_view value) & {
  headers.set(name, value);
  return *this;
}

Response&& Response::with(std::string_view name, std::string_view value) && {
  headers.set(name, value);
  return std::move(*this);
}

}  // namespace kith
