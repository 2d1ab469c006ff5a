#include "gateway/http/edge.h"

#include <gtest/gtest.h>

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <map>

#include "base/kept_spans_for_tests.h"
#include "base/run.h"
#include "gateway/http/operations.h"
#include "gateway/http/paging.h"
#include "gateway/http/request_data.h"

namespace kith {
namespace {

using PostId = Id<struct PostTag>;

Task<TokenFacts> check(std::string token) {
  if (token == "ada") co_return TokenFacts{AccountId{7}, Role::user, 1, 70, "read write:favourites follow"};
  if (token == "app") co_return TokenFacts{{}, Role::unspecified, 1, 71, "read"};
  if (token == "down") throw Error{Code::unavailable, "Please try again", "engine gone"};
  if (token == "suspended") throw Error{Code::forbidden, "Your account is suspended"};
  throw Error{Code::unauthenticated, "The access token is invalid"};
}

Task<Response> echo(Request request) {
  co_return Response::json("\"" + std::to_string(request.call().viewer.value) + " " +
                           request.maybe_text("q").value_or("-") + "\"");
}
Task<Response> show(Request request) {
  auto const id = request.id<PostId>("id");
  auto const other = request.maybe_id<PostId>("in_reply_to_id");
  co_return Response::json(std::to_string(id.value) + "." + std::to_string(other ? other->value : 0));
}
Task<Response> operation(Request request) { co_return Response::json(std::to_string(request.call().operation)); }
Task<Response> tag(Request request) { co_return Response::text(request.text("name")); }
Task<Response> failing(Request request) {
  auto const how = request.text("how");
  if (how == "conflict") throw Error{Code::conflict, "You have already voted in this poll"};
  if (how == "fields") throw Error{Code::invalid, "Validation failed", "", R"({"username":[{"error":"ERR_TAKEN"}]})"};
  if (how == "exhausted") throw Error{Code::exhausted, "Enough for today"};
  if (how == "unknown") throw Error{Code::unknown, "Perhaps done", "commit lost"};
  if (how == "internal") throw Error{Code::internal, "secret inner state", "more"};
  if (how == "std") throw std::runtime_error("secret inner state");
  throw Error{Code::not_found, "Record not found"};
}
Task<Response> page(Request) { co_return Response::html("<!doctype html><p>Hello</p>"); }
Task<Response> list(Request request) {
  auto response = Response::json("[]");
  auto const paging = paging_of(request);
  link_pages(response, request, paging.max_id == 1 ? 0 : 40, 21);
  response.headers.add("X-Limit", std::to_string(paging.limit));
  co_return response;
}
std::string why_not_ready = "importing";
Task<std::string> not_ready() { co_return why_not_ready; }
Task<std::vector<std::string>> degraded() { co_return std::vector<std::string>{"timeline", "notifications"}; }

class EdgeTest : public testing::Test {
 protected:
  EdgeTest() {
    auto const get = [this](std::string_view path, Access access, std::string_view scope, Handler handler) {
      router.add({.path = path, .access = access, .scope = scope, .summary = "test"}, std::move(handler));
    };
    get("/api/v1/me", Access::user, "read:accounts", echo);
    get("/api/v1/open", Access::open, "read:statuses", echo);
    get("/api/v1/any", Access::app, "", echo);
    get("/api/v1/statuses/:id", Access::open, "", show);
    get("/api/v1/statuses/home", Access::open, "", echo);
    get("/api/v1/tags/:name", Access::open, "", tag);
    get("/api/v1/list", Access::open, "", list);
    get("/assets/*path", Access::none, "", page);
    get("/", Access::none, "", page);
    get("/page/:how", Access::none, "", failing);
    get("/@:name", Access::none, "", tag);
    get("/api/v1/fail/:how", Access::open, "", failing);
    router.add({.method = Method::patch,
                .path = "/api/v1/profile",
                .access = Access::user,
                .scope = "read",
                .summary = "test",
                .params = {{"fields_attributes[0][name]", "string", "name of a field"},
                           {"avatar", "file", "a picture", required}}},
               echo);
    router.add({.method = Method::post,
                .path = "/api/v1/statuses/:id/favourite",
                .scope = "write:favourites",
                .summary = "test"},
               operation);
    router.add({.method = Method::post,
                .path = "/api/v1/accounts",
                .access = Access::app,
                .limit = LimitClass::sign_up,
                .summary = "test"},
               echo);
    router.add({.method = Method::post,
                .path = "/oauth/token",
                .access = Access::none,
                .oauth_errors = true,
                .summary = "test"},
               show);
    operations_api(router, {metrics, "0.1.0", not_ready, true, degraded});
  }

  Response ask(Method method, std::string target, HeaderList headers = {}, std::string body = {}) {
    if (!edge)
      edge = std::make_unique<Edge>(Edge::Needs{router, check, counter, metrics, false, [this] { return now; }, tracer},
                                    settings);
    return run(edge->answer(make_request(method, std::move(target), std::move(headers), std::move(body))));
  }
  Response get(std::string target, std::string token = "") {
    return ask(Method::get, std::move(target),
               token.empty() ? HeaderList{} : HeaderList{{"Authorization", "Bearer " + token}});
  }

  Tracer* tracer = nullptr;
  Router router;
  Metrics metrics;
  LocalRateCounter counter;
  EdgeSettings settings;
  Time now{std::chrono::sys_days{std::chrono::year{2026} / 11 / 21}};
  std::unique_ptr<Edge> edge;
};

std::string body(Response const& response) { return response.body.joined(); }

// Whose tokens are checked by another machine.
class EdgeApartTest : public EdgeTest {
 protected:
  EdgeApartTest() {
    for (Method const method : {Method::get, Method::post})
      router.add({.method = method, .path = "/api/v1/watched", .scope = "read", .summary = "test"},
                 [this](Request request) { return watched(std::move(request)); });
    edge = std::make_unique<Edge>(Edge::Needs{.router = router,
                                              .check = [this](std::string token) { return check_there(token); },
                                              .counter = counter,
                                              .metrics = metrics,
                                              .check_waits = true},
                                  settings);
    EXPECT_EQ(body(get("/api/v1/watched", "ada")), "\"7 -\"");  // from now on it is known
    EXPECT_EQ(begun_meanwhile, 0);
  }
  Task<Response> watched(Request request) {
    ++begun;
    files = request.files().size();
    if (request.maybe_text("q") == "missing") throw Error{Code::not_found, "Record not found"};
    co_return co_await echo(std::move(request));
  }
  Task<TokenFacts> check_there(std::string token) {
    int const before = begun;
    for (int turns = 0; turns < 10; ++turns)
      co_await boost::asio::post(co_await boost::asio::this_coro::executor, boost::asio::use_awaitable);
    begun_meanwhile += begun - before;
    if (auto const known = facts.find(token); known != facts.end()) co_return known->second;
    throw Error{Code::unauthenticated, "The access token is invalid"};
  }

  std::map<std::string, TokenFacts> facts{{"ada", {AccountId{7}, Role::user, 1, 70, "read write"}},
                                          {"app", {{}, Role::unspecified, 1, 71, "read"}}};
  int begun = 0, begun_meanwhile = 0;
  std::size_t files = 0;  // of the last request
};

TEST_F(EdgeApartTest, WhatOnlyReadsBeginsWhileItsTokenIsChecked) {
  EXPECT_EQ(body(get("/api/v1/watched?q=x", "ada")), "\"7 x\"");
  EXPECT_EQ(begun_meanwhile, 1);
  EXPECT_EQ(body(get("/api/v1/watched?q=x&access_token=ada")), "\"7 x\"");
  EXPECT_EQ(begun_meanwhile, 2);
  EXPECT_EQ(get("/api/v1/watched?q=missing", "ada").status, 404);
  EXPECT_EQ(begun_meanwhile, 3);
  EXPECT_EQ(begun, 4);
}

TEST_F(EdgeApartTest, WhatWritesWaitsForItsToken) {
  EXPECT_EQ(ask(Method::post, "/api/v1/watched", {{"Authorization", "Bearer ada"}}).status, 200);
  EXPECT_EQ(begun_meanwhile, 0);
}

TEST_F(EdgeApartTest, TokenThatEndedIsRefusedWhateverWasReadMeanwhile) {
  facts.erase("ada");
  auto const refused = get("/api/v1/watched?q=missing", "ada");
  EXPECT_EQ(refused.status, 401);
  EXPECT_EQ(body(refused), R"({"error":"The access token is invalid"})");
  EXPECT_EQ(begun_meanwhile, 1);
  EXPECT_EQ(get("/api/v1/watched", "ada").status, 401);
  EXPECT_EQ(begun_meanwhile, 1) << "it is not known any more";
}

TEST_F(EdgeApartTest, WhatWasReadForWhomTheTokenIsNotAnyMoreIsReadAnew) {
  facts["ada"].account = AccountId{8};
  EXPECT_EQ(body(get("/api/v1/watched?q=x", "ada")), "\"8 x\"");
  EXPECT_EQ(begun, 3);
  EXPECT_EQ(body(get("/api/v1/watched?q=x", "ada")), "\"8 x\"");
  EXPECT_EQ(begun, 4);
  EXPECT_EQ(begun_meanwhile, 2);
  facts["ada"].scopes = "write";
  EXPECT_EQ(get("/api/v1/watched", "ada").status, 403);
  EXPECT_EQ(begun_meanwhile, 3);
  EXPECT_EQ(get("/api/v1/me", "app").status, 403);
  EXPECT_EQ(get("/api/v1/me", "app").status, 403);
}

TEST_F(EdgeApartTest, WhatCameWithARequestIsReadOnceThoughItIsAnsweredTwice) {
  facts["ada"].account = AccountId{8};
  std::string const part = "--x\r\nContent-Disposition: form-data; name=\"f\"; filename=\"f\"\r\n\r\na\r\n--x--\r\n";
  auto const response =
      ask(Method::get, "/api/v1/watched",
          {{"Authorization", "Bearer ada"}, {"Content-Type", "multipart/form-data; boundary=x"}}, part);
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(begun, 3);
  EXPECT_EQ(files, 1u);
}

TEST_F(EdgeTest, TokenIsAskedForCheckedAndItsScopeToo) {
  EXPECT_EQ(get("/api/v1/me").status, 401);
  EXPECT_EQ(get("/api/v1/me").headers.get("www-authenticate"), "Bearer");
  EXPECT_EQ(body(get("/api/v1/me", "bad")), R"({"error":"The access token is invalid"})");
  EXPECT_EQ(get("/api/v1/me", "bad").status, 401);
  EXPECT_EQ(body(get("/api/v1/me", "ada")), "\"7 -\"");
  EXPECT_EQ(get("/api/v1/me", "app").status, 403);
  EXPECT_EQ(get("/api/v1/any", "app").status, 200);
  EXPECT_EQ(get("/api/v1/me", "suspended").status, 403);
  EXPECT_EQ(get("/api/v1/me", "down").status, 503);
  EXPECT_EQ(body(get("/api/v1/me", "down")).find("engine"), std::string::npos);
  EXPECT_EQ(get("/api/v1/me", std::string(600, 'x')).status, 401);
}

TEST_F(EdgeTest, OpenRoutesTakeATokenButNoBadOne) {
  EXPECT_EQ(body(get("/api/v1/open")), "\"0 -\"");
  EXPECT_EQ(body(get("/api/v1/open", "ada")), "\"7 -\"");
  EXPECT_EQ(get("/api/v1/open", "bad").status, 401);
  EXPECT_EQ(body(get("/api/v1/open?access_token=ada&q=x%20y")), "\"7 x y\"");
}

TEST_F(EdgeTest, ScopesAreHierarchical) {
  EXPECT_TRUE(covers("read", "read:statuses"));
  EXPECT_TRUE(covers("write read:statuses", "read:statuses"));
  EXPECT_TRUE(covers("follow", "write:blocks"));
  EXPECT_TRUE(covers("", ""));
  EXPECT_FALSE(covers("read:statuses", "read"));
  EXPECT_FALSE(covers("rea", "read"));
  EXPECT_FALSE(covers("read", "reading"));
  EXPECT_FALSE(covers("follow", "write:statuses"));
  EXPECT_FALSE(covers("", "read"));
  EXPECT_EQ(ask(Method::post, "/api/v1/statuses/1/favourite", {{"authorization", "bearer ada"}}).status, 200);
  EXPECT_EQ(ask(Method::patch, "/api/v1/profile", {{"Authorization", "Bearer ada"}}).status, 200);
}

TEST_F(EdgeTest, IllFormedIdIs404InAPathAnd422InAParameter) {
  EXPECT_EQ(body(get("/api/v1/statuses/12")), "12.0");
  EXPECT_EQ(get("/api/v1/statuses/01").status, 404);
  EXPECT_EQ(get("/api/v1/statuses/x").status, 404);
  EXPECT_EQ(get("/api/v1/statuses/1?in_reply_to_id=x").status, 422);
  EXPECT_EQ(body(get("/api/v1/statuses/home")), "\"0 -\"");
  EXPECT_EQ(body(get("/api/v1/statuses/12/")), "12.0");
}

TEST_F(EdgeTest, PathsAreDecodedBySegment) {
  EXPECT_EQ(body(get("/api/v1/tags/caf%C3%A9%2Fbar")), "café/bar");
  EXPECT_EQ(body(get("/@ada")), "ada");
  EXPECT_EQ(get("/@").status, 404);
  EXPECT_EQ(get("/ada").status, 404);
  EXPECT_TRUE(get("/ada").content_type.starts_with("application/json"));
  Response const page = ask(Method::get, "/ada", {{"Accept", "text/html,*/*;q=0.8"}});
  EXPECT_EQ(page.status, 404);
  EXPECT_TRUE(page.content_type.starts_with("text/html"));
  EXPECT_TRUE(ask(Method::get, "/api/ada", {{"Accept", "text/html"}}).content_type.starts_with("application/json"));
  EXPECT_EQ(get("/api/v1/tags/%zz").status, 400);
  EXPECT_EQ(get("/api/v1/tags/%00").status, 400);
  EXPECT_EQ(get("/api/v1/tags/%ff").status, 400);
  EXPECT_EQ(get("/assets/a/b.css").status, 200);
}

TEST_F(EdgeTest, UnknownEndpointIsNamedAndWrongMethodToldWhatThereIs) {
  auto const unknown = get("/api/v1/streaming/user?access_token=secret");
  EXPECT_EQ(unknown.status, 404);
  EXPECT_EQ(body(unknown), R"({"error":"There is no endpoint GET /api/v1/streaming/user"})");
  EXPECT_EQ(unknown.headers.get("Access-Control-Allow-Origin"), "*");
  auto const wrong = ask(Method::del, "/api/v1/me");
  EXPECT_EQ(wrong.status, 405);
  EXPECT_EQ(wrong.headers.get("Allow"), "OPTIONS, GET, HEAD");
  EXPECT_EQ(ask(Method::other, "/api/v1/me").status, 405);
}

TEST_F(EdgeTest, PutAndPatchAreAlikeAndHeadIsGet) {
  EXPECT_EQ(ask(Method::put, "/api/v1/profile", {{"Authorization", "Bearer ada"}}).status, 200);
  EXPECT_EQ(ask(Method::head, "/api/v1/open").status, 200);
  EXPECT_EQ(ask(Method::post, "/api/v1/profile").headers.get("Allow"), "OPTIONS, PUT, PATCH");
}

TEST_F(EdgeTest, OtherOriginsMayAskAlsoWhenRefused) {
  auto const preflight = ask(Method::options, "/api/v1/me",
                             {{"Origin", "https://elk.zone"}, {"Access-Control-Request-Headers", "authorization,x-y"}});
  EXPECT_EQ(preflight.status, 200);
  EXPECT_EQ(preflight.headers.get("Access-Control-Allow-Headers"), "authorization,x-y");
  EXPECT_NE(preflight.headers.get("Access-Control-Allow-Methods").find("PATCH"), std::string::npos);
  EXPECT_FALSE(preflight.headers.has("Access-Control-Allow-Credentials"));
  for (auto const& response : {get("/api/v1/me"), get("/api/v1/nothing"), get("/.well-known/nothing"),
                               get("/nodeinfo/2.0"), ask(Method::post, "/oauth/token")}) {
    EXPECT_EQ(response.headers.get("Access-Control-Allow-Origin"), "*");
    EXPECT_NE(response.headers.get("Access-Control-Expose-Headers").find("Link"), std::string::npos);
  }
  EXPECT_FALSE(get("/").headers.has("Access-Control-Allow-Origin"));
}

TEST_F(EdgeTest, ErrorsBecomeAnswersByTheirCode) {
  EXPECT_EQ(get("/api/v1/fail/conflict").status, 422);
  EXPECT_EQ(get("/api/v1/fail/other").status, 404);
  EXPECT_EQ(body(get("/api/v1/fail/fields")),
            R"({"error":"Validation failed","details":{"username":[{"error":"ERR_TAKEN"}]}})");
  EXPECT_EQ(get("/api/v1/fail/exhausted").status, 429);
  EXPECT_TRUE(get("/api/v1/fail/exhausted").headers.has("Retry-After"));
  EXPECT_EQ(get("/api/v1/fail/unknown").status, 503);
  EXPECT_TRUE(get("/api/v1/fail/unknown").headers.has("Retry-After"));
  for (auto const* how : {"internal", "std"}) {
    auto const response = get(std::string("/api/v1/fail/") + how);
    EXPECT_EQ(response.status, 500);
    EXPECT_EQ(body(response).find("secret"), std::string::npos);
  }
  auto const oauth = ask(Method::post, "/oauth/token");
  EXPECT_EQ(oauth.status, 400);
  EXPECT_EQ(body(oauth), R"({"error":"invalid_request","error_description":"id is missing"})");
  EXPECT_EQ(body(ask(Method::post, "/oauth/token", {{"Content-Type", "application/json"}}, "{")),
            R"({"error":"invalid_request","error_description":"The body is not valid JSON"})");
}

TEST_F(EdgeTest, MalformedBodyIs400AndATypeNobodyReadsToo) {
  HeaderList headers{{"Authorization", "Bearer ada"}, {"Content-Type", "application/json"}};
  EXPECT_EQ(ask(Method::patch, "/api/v1/profile", headers, "{").status, 400);
  headers.back().second = "text/xml";
  EXPECT_EQ(ask(Method::patch, "/api/v1/profile", headers, "<a/>").status, 400);
  EXPECT_EQ(get("/api/v1/open?q=%").status, 400);
}

TEST_F(EdgeTest, PagesAreProtectedAndTheirErrorsReadable) {
  auto const response = get("/");
  EXPECT_NE(response.headers.get("Content-Security-Policy").find("frame-ancestors 'none'"), std::string::npos);
  EXPECT_EQ(response.headers.get("X-Frame-Options"), "DENY");
  EXPECT_EQ(response.headers.get("X-Content-Type-Options"), "nosniff");
  auto const refused = ask(Method::get, "/page/other", {{"Accept", "text/html,*/*;q=0.8"}});
  EXPECT_EQ(refused.status, 404);
  EXPECT_TRUE(refused.content_type.starts_with("text/html"));
  EXPECT_TRUE(ask(Method::get, "/page/other", {{"Accept", "*/*"}}).content_type.starts_with("application/json"));
}

TEST_F(EdgeTest, LimitsCountByTokenPersonAndAddressAndSayWhatIsLeft) {
  auto const first = get("/api/v1/open");
  EXPECT_EQ(first.headers.get("X-RateLimit-Limit"), "300");
  EXPECT_EQ(first.headers.get("X-RateLimit-Remaining"), "299");
  EXPECT_EQ(first.headers.get("X-RateLimit-Reset"), "2026-11-21T00:05:00.000Z");
  for (int i = 0; i < 299; ++i) get("/api/v1/open");
  auto const refused = get("/api/v1/open");
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(refused.headers.get("X-RateLimit-Remaining"), "0");
  EXPECT_EQ(refused.headers.get("Retry-After"), "300");
  EXPECT_EQ(get("/api/v1/open", "ada").status, 200) << "a token has its own";
  EXPECT_EQ(get("/health/live").status, 200);
  now += std::chrono::minutes{5};
  EXPECT_EQ(get("/api/v1/open").status, 200);
}

TEST_F(EdgeTest, SignUpHasALimitOfItsOwnByAddress) {
  auto const sign_up = [this] { return ask(Method::post, "/api/v1/accounts", {{"Authorization", "Bearer app"}}); };
  for (int i = 0; i < 5; ++i) EXPECT_EQ(sign_up().status, 200);
  EXPECT_EQ(sign_up().status, 429);
  EXPECT_EQ(get("/api/v1/any", "app").status, 200);
}

TEST_F(EdgeTest, GuessesOfTokensCountAgainstTheAddress) {
  for (int i = 0; i < 300; ++i) EXPECT_EQ(get("/api/v1/me", "guess" + std::to_string(i)).status, 401);
  EXPECT_EQ(get("/api/v1/me", "guess").status, 429);
}

TEST_F(EdgeTest, SwitchedOffNothingIsLimitedAndTheHeadersStay) {
  settings.rate_limits = false;
  for (int i = 0; i < 305; ++i) ASSERT_EQ(get("/api/v1/open").status, 200);
  EXPECT_EQ(get("/api/v1/open").headers.get("X-RateLimit-Remaining"), "0");
}

TEST_F(EdgeTest, LinksAreAbsoluteKeepTheQueryAndHoldNoRawComma) {
  settings.base_url = "https://kith.example/";
  auto const response = get("/api/v1/list?q=a,b&types[]=x&max_id=99&limit=500&access_token=ada");
  auto const base = std::string("<https://kith.example/api/v1/list?q=a%2Cb&types%5B%5D=x&limit=500&");
  EXPECT_EQ(response.headers.get("Link"), base + "max_id=21>; rel=\"next\", " + base + "min_id=40>; rel=\"prev\"");
  EXPECT_EQ(response.headers.get("X-Limit"), "40");
  EXPECT_FALSE(get("/api/v1/list?max_id=1").headers.has("Link"));
  EXPECT_EQ(get("/api/v1/list?max_id=abc").status, 422);
  EXPECT_EQ(get("/api/v1/list?limit=-3").headers.get("X-Limit"), "1");
}

TEST_F(EdgeTest, BaseUrlComesFromHostAndTrustedProxies) {
  auto const link = [this](std::string peer, HeaderList headers) {
    get("/");
    auto request = make_request(Method::get, "/api/v1/list", std::move(headers));
    request.shared()->peer = parse_address(peer).value();
    return std::string(run(edge->answer(std::move(request))).headers.get("Link").substr(0, 30));
  };
  EXPECT_TRUE(
      link("192.0.2.9", {{"Host", "a.example"}, {"X-Forwarded-Proto", "https"}}).starts_with("<http://a.example/"));
  EXPECT_TRUE(
      link("127.0.0.1", {{"Host", "a.example"}, {"X-Forwarded-Proto", "https"}}).starts_with("<https://a.example/"));
}

TEST_F(EdgeTest, OperationIsTheSameForTheSameIdempotencyKey) {
  auto const favourite = [this](std::string key, std::string id) {
    return body(ask(Method::post, "/api/v1/statuses/" + id + "/favourite",
                    {{"Authorization", "Bearer ada"}, {"Idempotency-Key", key}}));
  };
  EXPECT_EQ(favourite("k", "1"), favourite("k", "1"));
  EXPECT_NE(favourite("k", "1"), favourite("l", "1"));
  EXPECT_NE(favourite("k", "1"), favourite("k", "2"));
  EXPECT_NE(favourite("", "1"), favourite("", "1"));
  EXPECT_NE(favourite("k", "1"), "0");
}

TEST_F(EdgeTest, RequestIdIsKeptWhenWellFormed) {
  EXPECT_EQ(ask(Method::get, "/", {{"X-Request-Id", "abc-1.2_3"}}).headers.get("X-Request-Id"), "abc-1.2_3");
  EXPECT_EQ(ask(Method::get, "/", {{"X-Request-Id", "a b"}}).headers.get("X-Request-Id").size(), 16u);
  EXPECT_EQ(get("/").headers.get("X-Request-Id").size(), 16u);
}

TEST_F(EdgeTest, NumbersThatAreSwitchedOffAreNoEndpoint) {
  Router quiet;
  operations_api(quiet, {metrics, "0.1.0", {}, false});
  EXPECT_EQ(routes_text(quiet).find("/metrics"), std::string::npos);
  EXPECT_NE(routes_text(quiet).find("/health/live"), std::string::npos);
}

TEST_F(EdgeTest, OperatorsSeeHealthNumbersAndDescription) {
  EXPECT_EQ(get("/health/live").status, 200);
  EXPECT_EQ(get("/health/ready").status, 503);
  EXPECT_EQ(body(get("/health/ready")), R"({"error":"importing"})");
  why_not_ready.clear();
  EXPECT_EQ(body(get("/health/ready")), R"({"status":"degraded","without":["timeline","notifications"]})");
  get("/api/v1/statuses/12");
  EXPECT_NE(body(get("/metrics"))
                .find(R"(kith_http_requests_total{method="GET",route="/api/v1/statuses/:id",status="2xx"} 1)"),
            std::string::npos);
  auto const description = body(get("/api/openapi.json"));
  EXPECT_NE(description.find(R"("/api/v1/statuses/{id}":{"get":{"summary":"test")"), std::string::npos) << description;
  EXPECT_NE(routes_text(router).find("PATCH   /api/v1/profile"), std::string::npos) << routes_text(router);
}

TEST_F(EdgeTest, ARequestIsASpanOfItsRoute) {
  KeptSpans kept;
  tracer = &kept;
  ask(Method::get, "/api/v1/statuses/12?max_id=1", {{"X-Request-Id", "r1"}});
  get("/api/v1/statuses/x");
  get("/api/v1/fail/unknown");
  get("/nothing/here");
  ASSERT_EQ(kept.spans.size(), 4u);
  FinishedSpan const& first = kept.spans[0];
  EXPECT_EQ(first.name, "GET /api/v1/statuses/:id");
  EXPECT_EQ(first.kind, SpanKind::server);
  EXPECT_EQ(first.parent, 0u);
  EXPECT_EQ(first.numbers.front(), std::pair(std::string_view("http.response.status_code"), std::int64_t{200}));
  EXPECT_EQ(first.texts.back(), std::pair(std::string_view("kith.request_id"), std::string("r1")));
  EXPECT_NE(first.trace, kept.spans[1].trace);
  EXPECT_EQ(kept.spans[1].failure, "");  // what is refused is no failure of ours
  EXPECT_EQ(kept.spans[2].failure, "Perhaps done: commit lost");
  EXPECT_EQ(kept.spans[3].name, "GET none");
}

TEST_F(EdgeTest, OnlyATrustedProxyMaySayWhichTraceARequestBelongsToAndOnlyWhereItIsAsked) {
  HeaderList const sampled{{"traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}};
  HeaderList const unsampled{{"traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"}};
  HeaderList const wrong{{"traceparent", "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01"}};
  TraceId const theirs{0x0af7651916cd43dd, 0x8448eb211c80319c};
  for (bool const asked : {true, false})
    for (bool const trusted : {true, false}) {
      KeptSpans kept;
      tracer = &kept;
      settings.trace_incoming = asked;
      settings.trusted_proxies.clear();
      if (trusted) settings.trusted_proxies.push_back(parse_range("192.0.2.0/24").value());
      edge.reset();
      ask(Method::get, "/api/v1/statuses/12", sampled);
      ask(Method::get, "/api/v1/statuses/12", wrong);
      ask(Method::get, "/api/v1/statuses/12", unsampled);
      bool const continued = asked && trusted;
      ASSERT_EQ(kept.spans.size(), continued ? 2u : 3u);
      EXPECT_EQ(kept.spans[0].trace == theirs, continued);
      EXPECT_EQ(kept.spans[0].parent, continued ? 0xb7ad6b7169203331u : 0u);
      for (std::size_t i = 1; i < kept.spans.size(); ++i) EXPECT_NE(kept.spans[i].trace, theirs);
    }
}

TEST(ClientAddress, IsWhatTrustedProxiesSay) {
  auto const address = [](std::string_view text) { return parse_address(text).value(); };
  auto const client = [&](std::string_view peer, std::string_view forwarded) {
    return to_string(client_of(address(peer), forwarded, {parse_range("10.0.0.0/8").value()}));
  };
  EXPECT_EQ(client("192.0.2.1", "198.51.100.1"), "192.0.2.1");
  EXPECT_EQ(client("127.0.0.1", "198.51.100.1"), "198.51.100.1");
  EXPECT_EQ(client("10.1.2.3", "203.0.113.9, 198.51.100.1, 10.9.9.9"), "198.51.100.1");
  EXPECT_EQ(client("::1", "nonsense"), "::1");
  EXPECT_EQ(client("::1", "[2001:db8::1]:443"), "2001:db8::1");
  EXPECT_EQ(address("2001:db8:1:2:3::4").subject(), address("2001:db8:1:2:ffff::").subject());
  EXPECT_NE(address("2001:db8:1:2::").subject(), address("2001:db8:1:3::").subject());
  EXPECT_NE(address("192.0.2.1").subject(), address("192.0.2.2").subject());
  for (char const* wrong : {"", "x", "10.0.0.0/33", "10.0.0.0/", "::/129", "10.0.0.0/-1"})
    EXPECT_FALSE(parse_range(wrong)) << wrong;
}

}  // namespace
}  // namespace kith
