#include "gateway/http/operations.h"

#include <memory>
#include <mutex>

namespace kith {
namespace {

struct Operations {
  OperationsNeeds needs;
  Router const& router;
  std::once_flag described;
  Body::Fragment description = {};
};

Task<Response> alive(Request) { co_return Response::text("OK"); }

Task<Response> live(Request) { co_return Response::json(R"({"status":"alive"})"); }

Task<Response> ready(std::shared_ptr<Operations> operations, Request) {
  auto const reason = operations->needs.not_ready ? co_await operations->needs.not_ready() : std::string{};
  if (!reason.empty()) co_return Response::error(503, reason).with("Retry-After", "5");
  auto const without = operations->needs.degraded ? co_await operations->needs.degraded() : std::vector<std::string>{};
  if (without.empty()) co_return Response::json(R"({"status":"ready"})");
  std::string names;
  for (std::string const& name : without) names += (names.empty() ? "\"" : ",\"") + name + '"';
  co_return Response::json(R"({"status":"degraded","without":[)" + names + "]}");
}

Task<Response> metrics(std::shared_ptr<Operations> operations, Request) {
  Response response = Response::text(operations->needs.metrics.text());
  response.content_type = "text/plain; version=0.0.4; charset=utf-8";
  co_return response;
}

Task<Response> description(std::shared_ptr<Operations> operations, Request) {
  std::call_once(operations->described, [&operations] {
    operations->description =
        std::make_shared<std::string const>(openapi(operations->router, operations->needs.version));
  });
  Body body;
  body.append(operations->description);
  co_return Response::json(std::move(body)).with("Cache-Control", "public, max-age=300");
}

}  // namespace

void operations_api(Router& router, OperationsNeeds needs) {
  auto const operations = std::make_shared<Operations>(std::move(needs), router);
  router.add({.path = "/health",
              .access = Access::none,
              .limit = LimitClass::none,
              .summary = "Whether the process is alive, as Mastodon says it"},
             alive);
  router.add({.path = "/health/live",
              .access = Access::none,
              .limit = LimitClass::none,
              .summary = "Whether the process is alive"},
             live);
  router.add({.path = "/health/ready",
              .access = Access::none,
              .limit = LimitClass::none,
              .summary = "Whether requests are served, and without which parts; 503 with the reason if not"},
             std::bind_front(ready, operations));
  if (operations->needs.metrics_answer)
    router.add(
        {.path = "/metrics", .access = Access::none, .limit = LimitClass::none, .summary = "Numbers for Prometheus"},
        std::bind_front(metrics, operations));
  router.add({.path = "/api/openapi.json",
              .access = Access::none,
              .summary = "This description of everything served, as OpenAPI 3.1"},
             std::bind_front(description, operations));
}

}  // namespace kith
