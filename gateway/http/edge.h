#pragma once

// The one place where a request is checked and a refusal becomes an answer. In this order: is there
// such a route, whose token is it and may it do this, how often, what are the parameters; then the
// handler; then CORS, limits, security headers, numbers and the log. Where a token is checked elsewhere, what only
// reads begins meanwhile, for whose the token was a moment ago; its answer is given only if the token is still that.

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/live.h"
#include "base/metrics.h"
#include "base/recent.h"
#include "base/task.h"
#include "base/time.h"
#include "base/trace.h"
#include "gateway/http/client_address.h"
#include "gateway/http/limits.h"
#include "gateway/http/request.h"
#include "gateway/http/response.h"
#include "gateway/http/router.h"

namespace kith {

// Answers whose token it is, read anew for every request: revoked means refused at once. Throws
// unauthenticated for a token that is none, forbidden for one whose person may not act.
using TokenCheck = std::function<Task<TokenFacts>(std::string token)>;

enum class AccessLog : std::uint8_t {
  off,       // only what failed on our side
  failures,  // every refusal, too
  sampled,   // failures, and one in a hundred of the rest
  all,
};

struct EdgeSettings {
  std::string base_url = {};  // "https://kith.example"; empty: as each request's Host says
  std::vector<AddressRange> trusted_proxies = {};
  bool rate_limits = true;  // off lifts every limit; the headers stay
  Duration deadline = std::chrono::seconds{15};
  AccessLog access_log = AccessLog::failures;
  // Trusted proxies may say which trace a request belongs to and whether it is sampled; else each begins its own.
  bool trace_incoming = false;
};

class Edge {
 public:
  struct Needs {
    Router const& router;  // complete: routes added later have no numbers
    TokenCheck check;
    RateCounter& counter;
    Metrics& metrics;
    bool check_waits = false;        // for another machine
    std::function<Time()> now = {};  // empty: the system's clock
    Tracer* tracer = nullptr;        // null: nothing is traced
  };
  Edge(Needs needs, EdgeSettings settings);
  ~Edge();

  // From now on; a request keeps those it began with. Any thread.
  void change(EdgeSettings settings);

  // Never throws. Safe from several threads as far as check and handlers are.
  Task<Response> answer(Request request);

  // What a server needs before it has a whole request: how much body to read, and a refusal in the
  // same form as all others.
  std::size_t body_max(RequestData& data) const;
  Response refuse(RequestData* data, int status, std::string_view say) const;

 private:
  struct Numbers;
  struct Outcome;
  struct Checked;
  struct Tried;

  Task<Response> guarded(std::shared_ptr<RequestData> data, Outcome& outcome);
  Task<Response> respond(std::shared_ptr<RequestData> data, Outcome& outcome);
  std::optional<TokenFacts> expected(RequestData const& data);
  Task<Response> handle_while_checked(std::shared_ptr<RequestData> data, Outcome& outcome, TokenFacts expected);
  static Task<Tried> tried(std::shared_ptr<RequestData> data);
  Task<Checked> checked(std::shared_ptr<RequestData> data);
  void remember(RequestData const& data, Checked const& checked);
  Task<void> turn_away(RequestData& data, Outcome& outcome, Error refusal);
  Task<void> count(RequestData& data, Outcome& outcome);
  Span span_of(RequestData& data) const;
  bool is_logged(int status) const;
  void finish(RequestData const& data, Response& response, Outcome const& outcome) const;

  Needs needs_;
  Live<EdgeSettings> settings_;
  std::vector<Numbers> numbers_;  // by the route's number; the last is for no route
  std::mutex known_mutex_;
  Recent<std::size_t, TokenFacts> known_{50'000};  // by the token's hash, as last checked; some 20 MB
};

}  // namespace kith
