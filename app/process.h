#pragma once

// What follows from a commit is done before its answer, also where the follower runs in another process: that one is
// asked to do it. Its log delivers the event as well, as to any follower whose echo was late.

#include "app/process.kith.h"
#include "ports/log/dispatch.h"
#include "ports/log/log.h"

namespace kith {

// The log of a process that runs some followers only: groups that run elsewhere are neither subscribed nor
// acknowledged here, which their own process does.
class LogHere final : public Log {
 public:
  LogHere(Log& log, std::vector<std::string> elsewhere) : log_(log), elsewhere_(std::move(elsewhere)) {}

  Task<void> append(std::vector<Event> events) override { return log_.append(std::move(events)); }
  void subscribe(Subscription subscription) override;
  Task<void> acknowledge(std::string group, EventId event) override;
  Task<std::vector<Lag>> lag() override { return log_.lag(); }
  Task<std::vector<SetAside>> set_aside(std::string group, std::size_t limit) override {
    return log_.set_aside(std::move(group), limit);
  }
  Task<void> retry(std::string group, EventId event) override { return log_.retry(std::move(group), event); }
  Task<void> replay(std::string group, Time since) override { return log_.replay(std::move(group), since); }
  Task<void> caught_up(std::string group) override { return log_.caught_up(std::move(group)); }

  bool is_elsewhere(std::string const& group) const;

 private:
  Log& log_;
  std::vector<std::string> const elsewhere_;
};

// This process, asked by others.
class ProcessHere final : public process::ProcessService {
 public:
  ProcessHere(Dispatch const& dispatch, LogHere& log) : dispatch_(dispatch), log_(log) {}
  Task<void> follow(Call call, process::Echoed echoed) override;
  Task<process::Waited> caught_up(Call call) override;
  Task<void> ready(Call call) override;

 private:
  Dispatch const& dispatch_;
  LogHere& log_;
};

// Follows an event by asking the process behind `there`.
std::function<Task<void>(Event)> followed_there(process::ProcessService& there, std::string group, Clock const& clock);

}  // namespace kith
