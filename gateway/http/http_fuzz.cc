// Bytes of a connection, cut where the first byte says: reader, routes, edge and answers, without
// sockets. Every message ends in one answer, and none of ours is a failure inside.

#include <cstdio>
#include <cstdlib>

#include "base/check.h"
#include "base/run.h"
#include "gateway/http/edge.h"
#include "gateway/http/head.h"
#include "gateway/http/operations.h"
#include "gateway/http/paging.h"

namespace kith {
namespace {

Task<TokenFacts> check_token(std::string token) {
  if (token == "a") co_return TokenFacts{AccountId{1}, Role::user, 1, 1, "read"};
  throw Error{Code::unauthenticated, "The access token is invalid"};
}

Task<Response> everything(Request request) {
  auto const paging = paging_of(request);
  auto response = Response::json("[]");
  link_pages(response, request, paging.max_id, paging.min_id);
  std::string text = request.text("id");
  for (auto const& name : {"status", "poll[options][]", "data[alerts][mention]"})
    text += request.maybe_text(name).value_or("");
  request.texts("media_ids[]");
  request.flag("sensitive");
  request.maybe_time("scheduled_at");
  request.ids<AccountId>("id");
  request.cookie("session");
  request.wants_html();
  response.headers.add("X-Echo", text);
  co_return response;
}

struct World {
  Router router;
  Metrics metrics;
  LocalRateCounter counter;
  std::unique_ptr<Edge> edge;

  World() {
    router.add({.path = "/a/:id", .access = Access::open, .summary = "t"}, everything);
    router.add({.method = Method::post, .path = "/a/:id", .access = Access::open, .body_max = 4096, .summary = "t"},
               everything);
    router.add({.method = Method::put, .path = "/b/*id", .access = Access::none, .oauth_errors = true, .summary = "t"},
               everything);
    operations_api(router, {metrics, "0", {}});
    edge = std::make_unique<Edge>(Edge::Needs{router, check_token, counter, metrics},
                                  EdgeSettings{.rate_limits = false, .access_log = AccessLog::off});
  }
};

void answered(Response const& response) {
  check(response.status >= 200 && response.status < 600 && response.status != 500, "no input is a failure of ours");
  auto const& lines = response.headers.lines();
  check(lines.find("\r\n\r\n") == std::string::npos && lines.ends_with("\r\n"),
        "no input adds an empty line to the head");
}

}  // namespace
}  // namespace kith

extern "C" int LLVMFuzzerTestOneInput(unsigned char const* bytes, std::size_t size) {
  using namespace kith;
  static World world;
  if (size == 0) return 0;
  std::string_view left(reinterpret_cast<char const*>(bytes) + 1, size - 1);
  std::size_t const step = bytes[0] == 0 ? size : bytes[0];
  MessageReader reader;
  std::string waiting;
  for (int rounds = 0; rounds < 100'000; ++rounds) {
    std::size_t used = 0;
    auto const did = reader.read(waiting, used);
    check(used <= waiting.size(), "a reader takes only what there is");
    waiting.erase(0, used);
    if (did == MessageReader::Step::refused) {
      answered(world.edge->refuse(reader.data.get(), reader.refusal.status, reader.refusal.say));
      return 0;
    }
    if (did == MessageReader::Step::head_done) {
      reader.body_max = world.edge->body_max(*reader.data);
    } else if (did == MessageReader::Step::done) {
      check(reader.data->body.size() <= reader.body_max, "a body is within its limit");
      answered(run(world.edge->answer(Request(reader.data))));
      reader.begin();
    } else {
      if (left.empty()) return 0;
      waiting += left.substr(0, step);
      left.remove_prefix(std::min(step, left.size()));
    }
  }
  return 0;
}
