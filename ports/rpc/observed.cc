#include "ports/rpc/observed.h"

#include <memory>
#include <utility>

#include "base/log.h"
#include "base/traced.h"
#include "ports/rpc/failure.h"

namespace kith {
namespace {

CallNumbers numbers(Metrics& metrics, std::string_view method, char const* side) {
  return {metrics, "kith_rpc", "Calls between processes", {{"method", std::string(method)}, {"side", side}}};
}

// Who answers a method, and who watches it.
struct Watched {
  std::string method;
  Methods::Answer answer;
  CallNumbers numbers;
  Tracer* tracer;
};

// The other end is told no more than may be shown to people; the words of an engine are told here.
Task<std::string> told(Watched const& one, Call call, std::string request) {
  try {
    co_return co_await one.answer(call, std::move(request));
  } catch (...) {
    Error const error = error_of(std::current_exception());
    if (is_ours(error.code))
      log(LogLevel::warn, "a call of another role failed",
          {{"method", one.method}, {"trouble", error.say}, {"detail", error.detail}});
    throw;
  }
}

Task<std::string> watched(std::shared_ptr<Watched const> one, Call call, std::string request) {
  Span span(one->tracer, {call.trace, call.span, call.sampled}, SpanKind::server, one->method);
  if (span) {
    span.text("rpc.method", one->method);
    call.span = span.place().span;
  }
  Task<std::string> work = under(span, told(*one, call, std::move(request)));
  co_return co_await observed(&one->numbers, std::move(span), std::move(work));
}

}  // namespace

CallNumbers const& ObservedChannel::numbers_of(std::string_view method) {
  std::lock_guard const lock(mutex_);
  auto found = numbers_.find(method);
  if (found == numbers_.end()) found = numbers_.emplace(std::string(method), numbers(metrics_, method, "client")).first;
  return found->second;
}

Task<std::string> ObservedChannel::call(Call call, RpcMethod method, std::string request) {
  Span span = Span::child(SpanKind::client, method.name);
  if (span) {
    span.text("rpc.method", std::string(method.name));
    TraceParent const parent = span.parent_of_next();
    call.trace = parent.trace;
    call.span = parent.span;
    call.sampled = true;
  }
  Task<std::string> answer = channel_.call(call, method, std::move(request));
  return observed(&numbers_of(method.name), std::move(span), std::move(answer));
}

void observe(Methods& methods, Metrics& metrics, Tracer* tracer) {
  methods.wrap([&](std::string const& method, Methods::Answer answer) -> Methods::Answer {
    auto const one =
        std::make_shared<Watched const>(Watched{method, std::move(answer), numbers(metrics, method, "server"), tracer});
    return [one](Call call, std::string request) { return watched(one, call, std::move(request)); };
  });
}

}  // namespace kith
