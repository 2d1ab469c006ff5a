#include "gateway/http/request.h"

#include <algorithm>

#include "base/check.h"
#include "gateway/http/body.h"
#include "gateway/http/head.h"
#include "gateway/http/request_data.h"

namespace kith {
namespace {

// Mastodon's own table: what "follow" stood for before scopes had members.
bool is_follow(std::string_view scope) {
  auto const colon = scope.find(':');
  if (colon == std::string_view::npos) return false;
  auto const act = scope.substr(0, colon), what = scope.substr(colon + 1);
  return (act == "read" || act == "write") && (what == "blocks" || what == "follows" || what == "mutes");
}

bool covers_one(std::string_view granted, std::string_view wanted) {
  if (granted == wanted) return true;
  if (wanted.size() > granted.size() && wanted.starts_with(granted) && wanted[granted.size()] == ':') return true;
  return granted == "follow" && is_follow(wanted);
}

std::string_view next_word(std::string_view& text, char separator) {
  auto const word = text.substr(0, text.find(separator));
  text.remove_prefix(std::min(text.size(), word.size() + 1));
  return word;
}

// How much an Accept header wants a type, 0 to 1000; ranges as text/* and */* count for it.
int wish(std::string_view accept, std::string_view type) {
  int best = 0;
  while (!accept.empty()) {
    auto const part = next_word(accept, ',');
    auto const named = media_type(part);
    auto const slash = type.find('/');
    bool const exact = named == type;
    bool const range =
        named == "*/*" || (named.ends_with("/*") && named.substr(0, slash + 1) == type.substr(0, slash + 1));
    if (!exact && !range) continue;
    auto const quality = header_parameter(part, "q").value_or("1");
    int value = quality.starts_with('1') ? 1000 : 0;
    if (quality.starts_with("0.")) {
      auto digits = quality.substr(2, 3);
      digits.resize(3, '0');
      if (std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; }))
        value = std::stoi(digits);
    }
    // A page is only for those who name it: curl and most libraries send */*.
    best = std::max(best, exact ? value : std::min(value, 1));
  }
  return best;
}

}  // namespace

std::string_view name_of(Method method) {
  switch (method) {
    case Method::get: return "GET";
    case Method::head: return "HEAD";
    case Method::post: return "POST";
    case Method::put: return "PUT";
    case Method::patch: return "PATCH";
    case Method::del: return "DELETE";
    case Method::options: return "OPTIONS";
    case Method::other: break;
  }
  return "OTHER";
}

bool covers(std::string_view granted, std::string_view wanted) {
  if (wanted.empty()) return true;
  while (!granted.empty()) {
    auto const scope = next_word(granted, ' ');
    if (!scope.empty() && covers_one(scope, wanted)) return true;
  }
  return false;
}

Request::Request(std::shared_ptr<RequestData> data) : data_(std::move(data)) {}
Request::Request(Request&&) noexcept = default;
Request& Request::operator=(Request&&) noexcept = default;
Request::~Request() = default;

Method Request::method() const { return data_->method; }
std::string_view Request::path() const { return data_->path; }
std::string_view Request::query() const { return data_->query; }
std::string_view Request::route() const { return data_->match.entry ? data_->match.entry->route.path : ""; }
std::string_view Request::body() const { return data_->body; }
Call const& Request::call() const { return data_->call; }
TokenFacts const& Request::token() const { return data_->token; }
std::string_view Request::bearer() const { return data_->bearer; }
Params const& Request::params() const { return data_->params; }
std::vector<UploadedFile> const& Request::files() const { return data_->files; }
std::string_view Request::client() const { return data_->client_text; }
std::string_view Request::request_id() const { return data_->request_id; }
std::string const& Request::base_url() const { return data_->base_url; }
bool Request::secure() const { return data_->secure; }

std::string no_endpoint_said(RequestData const& data) {
  return "There is no endpoint " + std::string(name_of(data.method)) + " " + data.path.substr(0, 200);
}

std::uint64_t Request::id_value(std::string_view name) const {
  for (auto const& [key, value] : data_->path_params) {
    if (key != name) continue;
    auto const id = parse_id(value);
    if (id) return *id;
    // A word in the place of an id is an endpoint that is not built, such as accounts/familiar_followers.
    bool const word = std::ranges::all_of(value, [](char byte) { return (byte >= 'a' && byte <= 'z') || byte == '_'; });
    throw Error{Code::not_found, word ? no_endpoint_said(*data_) : "Record not found"};
  }
  return params().id<Id<void>>(name).value;
}

std::string Request::text(std::string_view name) const {
  for (auto const& [key, value] : data_->path_params)
    if (key == name) return value;
  return params().text(name);
}

UploadedFile const* Request::file(std::string_view name) const {
  for (auto const& file : data_->files)
    if (file.name == name) return &file;
  return nullptr;
}

std::string_view RequestData::header(std::string_view name) const {
  for (auto const& [key, value] : headers)
    if (same_word(key, name)) return value;
  return {};
}

std::string_view Request::header(std::string_view name) const { return data_->header(name); }

std::string_view Request::cookie(std::string_view name) const {
  auto cookies = header("cookie");
  while (!cookies.empty()) {
    auto pair = next_word(cookies, ';');
    while (pair.starts_with(' ')) pair.remove_prefix(1);
    auto const equals = pair.find('=');
    if (equals == std::string_view::npos || pair.substr(0, equals) != name) continue;
    auto value = pair.substr(equals + 1);
    if (value.size() >= 2 && value.starts_with('"') && value.ends_with('"')) value = value.substr(1, value.size() - 2);
    return value;
  }
  return {};
}

std::string_view Request::idempotency_key() const {
  auto const key = header("idempotency-key");
  return key.size() <= 255 ? key : std::string_view{};
}

bool Request::wants_html() const {
  auto const accept = header("accept");
  return wish(accept, "text/html") > wish(accept, "application/json");
}

void set_target(RequestData& data, std::string_view target) {
  data.target = target;
  auto const mark = target.find('?');
  data.raw_path = target.substr(0, mark);
  data.query = mark == std::string_view::npos ? std::string_view{} : target.substr(mark + 1);
}

Request make_request(Method method, std::string target, HeaderList headers, std::string body) {
  auto data = std::make_shared<RequestData>();
  data->head = std::string(name_of(method)) + ' ' + target + " HTTP/1.1\r\n";
  bool host = false;
  for (auto const& [name, value] : headers) {
    data->head += name + ": " + value + "\r\n";
    host = host || same_word(name, "host");
  }
  if (!host) data->head += "Host: kith.test\r\n";
  data->head += "\r\n";
  data->body = std::move(body);
  data->peer = *parse_address("192.0.2.1");
  auto const refused = read_head(*data);
  check(!refused.status, "a request made by hand is well-formed");
  return Request(std::move(data));
}

}  // namespace kith
