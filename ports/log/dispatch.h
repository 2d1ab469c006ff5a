#pragma once

// Who follows which event. Generated code registers each service's handlers here; wire connects it
// to the log. After a commit, `echo` runs the handlers marked so before the request is answered, so
// that people see their own writes; the log delivers the same events again to those it failed for.

#include <functional>
#include <string>
#include <vector>

#include "base/task.h"
#include "ports/clock/clock.h"
#include "ports/log/event.h"
#include "ports/log/log.h"

namespace kith {

struct Follower {
  std::string group;  // the service that follows
  std::string kind;
  std::uint32_t schema = 1;
  bool echo = false;
  std::function<Task<void>(Event)> handle;
};

class Dispatch {
 public:
  explicit Dispatch(Clock& clock) : clock_(clock) {}

  // Before `connect`.
  void add(Follower follower);
  // Subscribes every group to the log. From then on `echo` acknowledges there.
  void connect(Log& log);

  // Runs the echo handlers of these events side by side and waits for them, 250 ms at most; never
  // throws: what failed or is late comes by the log.
  Task<void> echo(std::vector<Event> events);

  std::vector<Follower> const& followers() const { return followers_; }

 private:
  Clock& clock_;
  Log* log_ = nullptr;
  std::vector<Follower> followers_;
};

}  // namespace kith
