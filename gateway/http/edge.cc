#include "gateway/http/edge.h"

#include <algorithm>
#include <array>
#include <chrono>

#include "base/all.h"
#include "base/log.h"
#include "base/traced.h"
#include "gateway/http/body.h"
#include "gateway/http/facts.h"
#include "gateway/http/request_data.h"

namespace kith {
namespace {

// A token of ours is some 50 characters; a longer one is looked up nowhere.
constexpr std::size_t token_max = 512;
constexpr unsigned sampled_one_in = 100;

constexpr std::string_view cors_lines =
    "Access-Control-Allow-Origin: *\r\n"
    "Access-Control-Expose-Headers: Link, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, X-Request-Id, "
    "Mastodon-Async-Refresh\r\n";
constexpr std::string_view every_lines = "X-Content-Type-Options: nosniff\r\n";
// No form-action: browsers apply it to redirects too, and a consent form ends in an app's own scheme.
constexpr std::string_view page_lines =
    "Content-Security-Policy: default-src 'none'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "script-src 'self'; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'\r\n"
    "X-Frame-Options: DENY\r\n"
    "Referrer-Policy: same-origin\r\n";

bool is_for_other_origins(std::string_view path) {
  return path.starts_with("/api/") || path.starts_with("/.well-known/") || path.starts_with("/nodeinfo/") ||
         path.starts_with("/media/") || path.starts_with("/avatars/") || path.starts_with("/headers/") ||
         path == "/oauth/token" || path == "/oauth/revoke";
}

std::string_view status_class(int status) {
  static constexpr std::array<std::string_view, 6> names{"other", "1xx", "2xx", "3xx", "4xx", "5xx"};
  auto const at = static_cast<std::size_t>(status / 100);
  return names[at < names.size() ? at : 0];
}

std::string escaped_for_html(std::string_view text) {
  std::string out;
  for (char const c : text) {
    switch (c) {
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '&': out += "&amp;"; break;
      case '"': out += "&quot;"; break;
      default: out += c;
    }
  }
  return out;
}

Response page_of(Response refusal, std::string_view say) {
  auto const text = escaped_for_html(say);
  auto page = Response::html(
      "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>" + text + "</title><p>" + text + "</p></html>",
      refusal.status);
  page.headers = std::move(refusal.headers);
  return page;
}

Response no_endpoint(RequestData const& data) { return Response::error(404, no_endpoint_said(data)); }

Response wrong_method(RequestData const& data) {
  return Response::error(405, "This endpoint answers only " + data.match.allow).with("Allow", data.match.allow);
}

// The browser asks before it sends; what may be sent is settled when it comes.
Response preflight(RequestData const& data) {
  auto response = Response::nothing();
  response.headers.add("Allow",
                       data.match.allow.empty() ? "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS" : data.match.allow);
  if (!is_for_other_origins(data.path)) return response;
  response.headers.add("Access-Control-Allow-Methods", "GET, HEAD, POST, PUT, PATCH, DELETE");
  auto const asked = data.header("access-control-request-headers");
  // '*' would not cover Authorization.
  response.headers.add("Access-Control-Allow-Headers",
                       asked.empty() || asked.size() > 1'024 ? "Authorization, Content-Type, Idempotency-Key" : asked);
  response.headers.add("Access-Control-Max-Age", "86400");
  return response;
}

void parse(RequestData& data) {
  if (data.parsed) return;
  Form form{data.params};
  if (!data.query.empty()) parse_urlencoded(form, data.query);
  if (!data.body.empty()) parse_body(form, data.header("content-type"), data.body, data.files);
  data.parsed = true;
}

std::string bearer_in(RequestData& data) {
  if (auto const bearer = bearer_of(data); !bearer.empty()) return std::string(bearer);
  parse(data);
  return data.params.maybe_text("access_token").value_or("");
}

// Why this token may not do this.
std::optional<Error> refusal_of(Route const& route, TokenFacts const& facts) {
  if (!covers(facts.scopes, route.scope))
    return Error{Code::forbidden, "This action is outside the authorized scopes: it needs " + std::string(route.scope)};
  if (route.access == Access::user && !facts.account)
    return Error{Code::forbidden, "This method requires an authenticated user"};
  return std::nullopt;
}

void act_as(RequestData& data, TokenFacts facts) {
  data.token = std::move(facts);
  data.call.viewer = data.token.account;
  data.call.role = data.token.role;
}

Task<Response> handled(std::shared_ptr<RequestData> const& data) {
  set_operation(*data);
  parse(*data);
  return data->match.entry->handler(Request(data));
}

bool only_reads(Method method) { return method == Method::get || method == Method::head; }

Response oauth_form_of(Error const& error) {
  switch (error.code) {
    case Code::invalid:
    case Code::conflict: return Response::oauth_error(400, "invalid_request", error.say);
    case Code::unauthenticated: return Response::oauth_error(401, "invalid_client", error.say);
    case Code::forbidden: return Response::oauth_error(403, "access_denied", error.say);
    default: return Response::of(error);
  }
}

EdgeSettings without_slash(EdgeSettings settings) {
  while (settings.base_url.ends_with('/')) settings.base_url.pop_back();
  return settings;
}

}  // namespace

struct Edge::Numbers {
  std::array<Counter, 6> answers;  // by class of status
  Histogram seconds;

  static Numbers of(Metrics& metrics, std::string_view method, std::string_view path) {
    auto const answers = [&](int status) {
      return metrics.counter("kith_http_requests_total", "Answers by route and class of status",
                             {{"method", std::string(method)},
                              {"route", std::string(path)},
                              {"status", std::string(status_class(status))}});
    };
    return {{answers(0), answers(100), answers(200), answers(300), answers(400), answers(500)},
            metrics.histogram("kith_http_request_seconds", "Time to answer, without sending it",
                              {{"method", std::string(method)}, {"route", std::string(path)}})};
  }
};

// What the handler's answer does not say.
struct Edge::Outcome {
  RateLimit limit{};
  RateUse use{};
  bool counted = false;
  std::string trouble = {};  // for the log

  void tighten(RateLimit with, RateUse used) {
    auto const left = [](RateLimit l, RateUse u) { return u.used >= l.most ? 0u : l.most - u.used; };
    if (counted && left(limit, use) <= left(with, used)) return;
    limit = with;
    use = used;
    counted = true;
  }
};

struct Edge::Checked {
  TokenFacts facts = {};
  std::optional<Error> refusal = {};
};

struct Edge::Tried {
  Response response = {};
  std::exception_ptr failure = {};
};

Edge::Edge(Needs needs, EdgeSettings settings)
    : needs_(std::move(needs)), settings_(without_slash(std::move(settings))) {
  if (!needs_.now) needs_.now = [] { return std::chrono::floor<Duration>(std::chrono::system_clock::now()); };
  for (auto const& entry : needs_.router.routes())
    numbers_.push_back(Numbers::of(needs_.metrics, name_of(entry->route.method), entry->route.path));
  numbers_.push_back(Numbers::of(needs_.metrics, "any", "none"));
}

Edge::~Edge() = default;

void Edge::change(EdgeSettings settings) { settings_.set(without_slash(std::move(settings))); }

std::size_t Edge::body_max(RequestData& data) const {
  data.match = needs_.router.match(data.method, data.raw_path);
  return data.match.entry ? data.match.entry->route.body_max : body_max_default;
}

Task<Response> Edge::answer(Request request) {
  auto const& data = request.shared();
  auto const began = std::chrono::steady_clock::now();
  if (!data->match.entry && data->match.allow.empty()) data->match = needs_.router.match(data->method, data->raw_path);
  set_facts(*data, settings_.now(), needs_.now());

  Outcome outcome;
  Span span = span_of(*data);
  auto response = co_await under(span, guarded(data, outcome));
  finish(*data, response, outcome);
  if (span) {
    span.number("http.response.status_code", response.status);
    if (response.status >= 500) span.failed(outcome.trouble);
    span.end();
  }

  std::chrono::duration<double> const took = std::chrono::steady_clock::now() - began;
  auto const& numbers = data->match.entry ? numbers_[data->match.entry->number] : numbers_.back();
  auto const at = static_cast<std::size_t>(response.status / 100);
  numbers.answers[at < numbers.answers.size() ? at : 0].add();
  numbers.seconds.observe(took.count());
  bool const ours = response.status >= 500 && data->match.entry && data->match.entry->route.limit != LimitClass::none;
  if (ours || !outcome.trouble.empty() || is_logged(response.status))
    log(ours ? LogLevel::warn : LogLevel::info, "request",
        {{"method", name_of(data->method)},
         {"path", std::string_view(data->path).substr(0, 200)},
         {"route", data->match.entry ? data->match.entry->route.path : std::string_view("none")},
         {"status", response.status},
         {"bytes", response.body.size()},
         {"ms", took.count() * 1'000},
         {"client", data->client_text},
         {"account", data->call.viewer.value},
         {"request", data->request_id},
         {"trace", to_hex(data->call.trace)},
         {"trouble", outcome.trouble}});
  co_return response;
}

Span Edge::span_of(RequestData& data) const {
  if (needs_.tracer == nullptr) return {};
  if (!data.continues_trace) data.call.sampled = needs_.tracer->samples();
  if (!data.call.sampled) return {};
  std::string_view const route = data.match.entry ? data.match.entry->route.path : std::string_view("none");
  Span span(needs_.tracer, {data.call.trace, data.continues_trace ? data.call.span : 0, true}, SpanKind::server,
            std::string(name_of(data.method)).append(" ").append(route));
  span.text("http.request.method", std::string(name_of(data.method)));
  span.text("http.route", std::string(route));
  span.text("kith.request_id", data.request_id);
  data.call.span = span.place().span;
  return span;
}

bool Edge::is_logged(int status) const {
  switch (settings_->access_log) {
    case AccessLog::off: return false;
    case AccessLog::failures: return status >= 400;
    case AccessLog::sampled: return status >= 400 || random_number() % sampled_one_in == 0;
    case AccessLog::all: return true;
  }
  return true;
}

// Turns whatever is thrown into an answer.
Task<Response> Edge::guarded(std::shared_ptr<RequestData> data, Outcome& outcome) {
  try {
    co_return co_await respond(data, outcome);
  } catch (Malformed const& error) {
    bool const oauth = data->match.entry && data->match.entry->route.oauth_errors;
    co_return oauth ? oauth_form_of(error) : Response::error(400, error.say);
  } catch (Error const& error) {
    bool const ours = error.code == Code::internal || error.code == Code::unavailable || error.code == Code::unknown;
    if (ours || !error.detail.empty()) outcome.trouble = error.say + (error.detail.empty() ? "" : ": ") + error.detail;
    bool const ours_alone = error.code == Code::internal;
    auto const* entry = data->match.entry;
    if (entry && entry->route.oauth_errors) co_return oauth_form_of(error);
    auto response = Response::of(error);
    if (entry && entry->route.access == Access::none && !is_for_other_origins(data->path) && Request(data).wants_html())
      response = page_of(std::move(response), ours_alone ? "This did not work: an error on our side" : error.say);
    if (error.code == Code::unauthenticated) response.headers.add("WWW-Authenticate", "Bearer");
    if (error.code == Code::exhausted && outcome.counted && outcome.use.resets > needs_.now()) {
      auto const wait = std::chrono::ceil<std::chrono::seconds>(outcome.use.resets - needs_.now());
      response.headers.set("Retry-After", std::to_string(wait.count()));
    }
    co_return response;
  } catch (std::exception const& failure) {
    outcome.trouble = failure.what();
    co_return Response::of(Error{Code::internal, ""});
  }
}

Task<Response> Edge::respond(std::shared_ptr<RequestData> data, Outcome& outcome) {
  set_path(*data);
  if (data->method == Method::options) co_return preflight(*data);
  auto const* entry = data->match.entry;
  if (!entry && !data->match.allow.empty()) co_return wrong_method(*data);
  if (!entry) {
    bool const browser = !is_for_other_origins(data->path) && Request(data).wants_html();
    co_return browser ? page_of(no_endpoint(*data), "There is no such page here") : no_endpoint(*data);
  }

  if (entry->route.access != Access::none) {
    data->bearer = bearer_in(*data);
    if (auto facts = expected(*data)) co_return co_await handle_while_checked(data, outcome, *std::move(facts));
    auto checked = co_await this->checked(data);
    remember(*data, checked);
    if (checked.refusal) co_await turn_away(*data, outcome, *std::move(checked.refusal));
    act_as(*data, std::move(checked.facts));
  }
  co_await count(*data, outcome);
  co_return co_await handled(data);
}

// Whose the token was when it was checked last, if what is asked may begin by that. Wrong or old, it costs an answer
// that nobody sees.
std::optional<TokenFacts> Edge::expected(RequestData const& data) {
  if (!needs_.check_waits || data.bearer.empty() || !only_reads(data.method)) return std::nullopt;
  std::lock_guard const lock(known_mutex_);
  auto const* facts = known_.find(std::hash<std::string>{}(data.bearer));
  if (facts == nullptr || refusal_of(data.match.entry->route, *facts)) return std::nullopt;
  return *facts;
}

Task<Response> Edge::handle_while_checked(std::shared_ptr<RequestData> data, Outcome& outcome, TokenFacts expected) {
  act_as(*data, expected);
  co_await count(*data, outcome);
  auto [checked, tried] = co_await all(this->checked(data), Edge::tried(data));
  if (!checked.refusal && checked.facts == expected) {
    if (tried.failure) std::rethrow_exception(tried.failure);
    co_return std::move(tried.response);
  }
  remember(*data, checked);
  if (checked.refusal) co_await turn_away(*data, outcome, *std::move(checked.refusal));
  act_as(*data, std::move(checked.facts));
  co_return co_await handled(data);
}

Task<Edge::Tried> Edge::tried(std::shared_ptr<RequestData> data) {
  try {
    co_return Tried{.response = co_await handled(data)};
  } catch (...) {
    co_return Tried{.failure = std::current_exception()};
  }
}

Task<Edge::Checked> Edge::checked(std::shared_ptr<RequestData> data) {
  auto const& route = data->match.entry->route;
  Checked checked;
  if (data->bearer.empty()) {
    if (route.access != Access::open) checked.refusal = Error{Code::unauthenticated, "The access token is missing"};
    co_return checked;
  }
  try {
    if (data->bearer.size() > token_max) throw Error{Code::unauthenticated, "The access token is invalid"};
    checked.facts = co_await needs_.check(data->bearer);
    checked.refusal = refusal_of(route, checked.facts);
  } catch (Error const& error) {
    checked.refusal = error;
  }
  co_return checked;
}

void Edge::remember(RequestData const& data, Checked const& checked) {
  if (!needs_.check_waits || data.bearer.empty()) return;
  auto const token = std::hash<std::string>{}(data.bearer);
  std::lock_guard const lock(known_mutex_);
  if (checked.refusal)
    known_.erase(token);
  else
    known_.put(token, checked.facts);
}

// Throws it. Guesses of tokens count against the address they come from.
Task<void> Edge::turn_away(RequestData& data, Outcome& outcome, Error refusal) {
  act_as(data, {});
  co_await count(data, outcome);
  throw refusal;
}

Task<void> Edge::count(RequestData& data, Outcome& outcome) {
  using Kind = RateSubject::Kind;
  auto const limit_class = data.match.entry->route.limit;
  if (limit_class == LimitClass::none) co_return;
  auto const viewer = data.call.viewer;
  RateSubject const address{Kind::address, data.client.subject()};

  std::array<std::pair<LimitClass, RateSubject>, 3> acts;
  std::size_t number_of_acts = 0;
  if (viewer || data.token.app != 0) {
    auto const token = data.token.grant != 0 ? data.token.grant : std::hash<std::string>{}(data.bearer);
    acts[number_of_acts++] = {LimitClass::general, {Kind::token, token}};
    if (viewer) acts[number_of_acts++] = {LimitClass::general, {Kind::account, viewer.value}};
  } else {
    acts[number_of_acts++] = {LimitClass::general, address};
  }
  if (limit_class != LimitClass::general) {
    bool const by_address = limit_class == LimitClass::sign_up || limit_class == LimitClass::log_in || !viewer;
    acts[number_of_acts++] = {limit_class, by_address ? address : RateSubject{Kind::account, viewer.value}};
  }

  bool exceeded = false;
  for (std::size_t i = 0; i < number_of_acts; ++i) {
    auto const [a_class, subject] = acts[i];
    auto const limit = limit_of(a_class, subject.kind);
    auto const use = co_await needs_.counter.add(a_class, subject, limit, needs_.now());
    outcome.tighten(limit, use);
    exceeded = exceeded || use.used > limit.most;
  }
  if (exceeded && settings_->rate_limits) throw Error{Code::exhausted, "Too many requests: please wait a little"};
}

void Edge::finish(RequestData const& data, Response& response, Outcome const& outcome) const {
  auto& lines = response.headers.lines();
  lines.reserve(lines.size() + 512);
  if (!response.headers.has("cache-control")) response.headers.add("Cache-Control", "private, no-store");
  response.headers.add("X-Request-Id", data.request_id);
  if (outcome.counted) {
    auto const left = outcome.use.used >= outcome.limit.most ? 0 : outcome.limit.most - outcome.use.used;
    response.headers.add("X-RateLimit-Limit", std::to_string(outcome.limit.most));
    response.headers.add("X-RateLimit-Remaining", std::to_string(left));
    lines += "X-RateLimit-Reset: ";
    append_iso_time(lines, outcome.use.resets);
    lines += "\r\n";
  }
  lines += every_lines;
  if (is_for_other_origins(data.raw_path)) lines += cors_lines;
  if (response.content_type.starts_with("text/html")) {
    if (response.headers.has("content-security-policy"))
      lines += "X-Frame-Options: DENY\r\nReferrer-Policy: same-origin\r\n";
    else
      lines += page_lines;
  }
}

Response Edge::refuse(RequestData* data, int status, std::string_view say) const {
  auto response = Response::error(status, say);
  if (status == 503) response.headers.add("Retry-After", "1");
  numbers_.back().answers[static_cast<std::size_t>(status / 100)].add();
  RequestData nobody;
  if (!data) data = &nobody;
  if (data->request_id.empty()) set_facts(*data, settings_.now(), needs_.now());
  finish(*data, response, {});
  // Without a path nobody knows whether another origin asked; a refusal tells it nothing.
  if (!is_for_other_origins(data->raw_path)) response.headers.lines() += cors_lines;
  return response;
}

}  // namespace kith
