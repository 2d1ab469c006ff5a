#pragma once

// Who follows which event. Generated code registers each service's handlers here; wire connects it
// to the log. After a commit, `echo` runs the handlers marked so before the request is answered, so
// that people see their own writes; the log delivers the same events again to those it failed for.

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/metrics.h"
#include "base/task.h"
#include "base/trace.h"
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
  explicit Dispatch(Clock& clock);
  ~Dispatch();

  // Before `connect`.
  void add(Follower follower);
  // Subscribes every group to the log. From then on `echo` acknowledges there.
  void connect(Log& log);
  // From now on handlers are counted, with how late their events are, and run as spans of the trace that emitted
  // these. Before the log delivers; both must outlive this.
  void observe(Metrics& metrics, Tracer* tracer);

  // Runs the echo handlers of these events side by side and waits for them, 250 ms at most; never
  // throws: what failed or is late comes by the log. `settled`: the group for which the commit itself did it; its
  // events are acknowledged.
  Task<void> echo(std::vector<Event> events, std::string_view settled = {});

  std::vector<Follower> const& followers() const { return followers_; }

 private:
  struct Patience;
  struct AtWork;
  Task<void> deliver(std::string group, Event event);
  Task<void> acknowledge(std::string const& group, EventId event);
  std::shared_ptr<Patience> patience_of(boost::asio::any_io_executor const& executor);

  Clock& clock_;
  Log* log_ = nullptr;
  std::vector<Follower> followers_;
  std::mutex mutex_;
  std::map<boost::asio::execution_context*, std::shared_ptr<Patience>> patience_;
  std::shared_ptr<AtWork> const at_work_;
};

}  // namespace kith
