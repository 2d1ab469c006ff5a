#include "app/process.h"

#include <algorithm>

#include "base/error.h"
#include "ports/log/caught_up.h"

namespace kith {
namespace {

// Longer than an answer waits for it; what takes longer comes by the log.
constexpr Duration echo_max = std::chrono::seconds{5};

Task<void> ask(process::ProcessService& there, std::string group, Clock const& clock, Event event) {
  process::Echoed echoed{.group = std::move(group), .id = event.id.value, .kind = std::move(event.kind)};
  echoed.schema = event.schema;
  echoed.key = std::move(event.key);
  echoed.body = std::move(event.body);
  echoed.trace_high = event.trace[0];
  echoed.trace_low = event.trace[1];
  echoed.span = event.span;
  // Followers do nothing twice, so it may be asked again.
  Call const call{.deadline = clock.now() + echo_max, .operation = event.id.value, .trace = event.trace};
  co_await there.follow(call, std::move(echoed));
}

}  // namespace

Task<void> ProcessHere::follow(Call, process::Echoed echoed) {
  auto const& all = dispatch_.followers();
  auto const found = std::ranges::find_if(all, [&](Follower const& follower) {
    return follower.group == echoed.group && follower.kind == echoed.kind && echoed.schema <= follower.schema;
  });
  if (found == all.end() || log_.is_elsewhere(echoed.group))
    throw Error{Code::invalid, "This is not followed here", echoed.group + " of " + echoed.kind};
  Event event{.id = EventId{echoed.id}, .kind = std::move(echoed.kind), .schema = echoed.schema};
  event.key = std::move(echoed.key);
  event.body = std::move(echoed.body);
  event.trace = {echoed.trace_high, echoed.trace_low};
  event.span = echoed.span;
  EventId const id = event.id;
  co_await found->handle(std::move(event));
  co_await log_.acknowledge(echoed.group, id);
}

Task<process::Waited> ProcessHere::caught_up(Call) {
  auto const lags = co_await log_.lag();
  bool const waited = std::ranges::any_of(lags, [](Lag const& lag) { return lag.waiting > 0; });
  co_await kith::caught_up(log_);
  co_return process::Waited{.waited = waited};
}

Task<void> ProcessHere::ready(Call) { co_return; }

std::function<Task<void>(Event)> followed_there(process::ProcessService& there, std::string group, Clock const& clock) {
  return [&there, group = std::move(group), &clock](Event event) { return ask(there, group, clock, std::move(event)); };
}

bool LogHere::is_elsewhere(std::string const& group) const {
  return std::ranges::find(elsewhere_, group) != elsewhere_.end();
}
void LogHere::subscribe(Subscription subscription) {
  if (!is_elsewhere(subscription.group)) log_.subscribe(std::move(subscription));
}
Task<void> LogHere::acknowledge(std::string group, EventId event) {
  if (is_elsewhere(group)) co_return;
  co_await log_.acknowledge(std::move(group), event);
}

}  // namespace kith
