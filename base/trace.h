#pragma once

// The trace of a request: spans, each one piece of work with its beginning, length and parent, gathered
// from all processes that had a hand in it. Whoever begins work for somebody outside (the edge, the other end of an
// rpc, the handler of an event) asks a Tracer for its span and runs it under that span (traced.h); all
// that this work does, here or after waiting, finds it by `Span::child`. Without a tracer, and for what is not
// sampled, there is no span anywhere: a child then costs one look at a pointer.
//
// Never in a span: what the log may not hold either.

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.h"

namespace kith {

using TraceId = std::array<std::uint64_t, 2>;  // high and low half; both zero: none

// Whose work this is part of, as it travels in headers.
struct TraceParent {
  TraceId trace = {};
  std::uint64_t span = 0;
  bool sampled = false;

  friend bool operator==(TraceParent const&, TraceParent const&) = default;
};

// W3C's header `traceparent`: "00-TRACE-SPAN-FLAGS". What is not exactly of its form is nothing.
std::optional<TraceParent> parse_traceparent(std::string_view text);
std::string traceparent(TraceParent const& parent);
std::string to_hex(TraceId const& trace);
std::string to_hex(std::uint64_t span);

// For ids of requests, traces and spans; never zero, never for secrets.
std::uint64_t random_number();

// OTLP's numbers.
enum class SpanKind : std::uint8_t { internal = 1, server, client, producer, consumer };

struct FinishedSpan {
  TraceId trace = {};
  std::uint64_t id = 0, parent = 0;  // parent zero: the first of its trace
  SpanKind kind = SpanKind::internal;
  std::string name;  // of few values: a route, a method, a group; never an id
  Time began = no_time;
  Duration took{};
  std::string failure = {};                                          // why, when it failed on our side
  std::vector<std::pair<std::string_view, std::string>> texts = {};  // names are constants, those of OpenTelemetry
  std::vector<std::pair<std::string_view, std::int64_t>> numbers = {};
};

// Takes spans that have ended to whoever collects them.
class Tracer {
 public:
  // One trace in so many is sampled.
  explicit Tracer(std::uint64_t one_in) : one_in_(one_in) {}
  virtual ~Tracer() = default;

  // At once, from any thread; loses the span rather than wait.
  virtual void finished(FinishedSpan span) noexcept = 0;
  // A trace of its own begins: shall it be sampled?
  bool samples() const { return one_in_ <= 1 || random_number() % one_in_ == 0; }

 private:
  std::uint64_t one_in_;
};

// What the work that runs on this thread just now is part of.
struct TraceHere {
  Tracer* tracer = nullptr;
  TraceId trace = {};
  std::uint64_t span = 0;
};

// One piece of work, from its making to its end. Empty when nobody is to hear of it.
class Span {
 public:
  Span() = default;
  // Part of something that came from outside this process; empty without a tracer, and unless it is sampled.
  Span(Tracer* tracer, TraceParent const& parent, SpanKind kind, std::string_view name);
  // Part of the work that runs here.
  static Span child(SpanKind kind, std::string_view name) {
    if (here == nullptr) return {};
    return {here->tracer, {here->trace, here->span, true}, kind, name};
  }
  Span(Span&&) noexcept = default;
  Span& operator=(Span&& other) noexcept;
  ~Span() {
    if (open_) end();
  }

  explicit operator bool() const { return open_ != nullptr; }
  TraceParent parent_of_next() const;  // for what this work causes; empty: all zero
  TraceHere place() const;

  void text(std::string_view name, std::string value);
  void number(std::string_view name, std::int64_t value);
  void failed(std::string why);
  void end() noexcept;

  // Null when nothing that runs on this thread is traced. Set by traced.h.
  inline static constinit thread_local TraceHere const* here = nullptr;

 private:
  struct Open;
  struct Ended {
    void operator()(Open* open) const;
  };
  std::unique_ptr<Open, Ended> open_;
};

}  // namespace kith
