#pragma once

// One kind of call, as operators watch it: how often, how it ended, how long it took; and its span, when its
// trace is kept.

#include <chrono>
#include <exception>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "base/error.h"
#include "base/metrics.h"
#include "base/task.h"
#include "base/trace.h"

namespace kith {

// NAME_total by outcome (`ok`; `refused`: the caller's doing; `failed`: ours) and NAME_seconds.
class CallNumbers {
 public:
  CallNumbers(Metrics& metrics, std::string const& name, std::string const& what, Metrics::Labels const& labels);

  // `failure`: how it ended, unless well.
  void count(std::chrono::steady_clock::duration took, std::optional<Code> failure = std::nullopt) const;

 private:
  Counter ok_, refused_, failed_;
  Histogram seconds_;
};

// Whether an Error with this code is ours, not the caller's.
constexpr bool is_ours(Code code) {
  return code == Code::internal || code == Code::unavailable || code == Code::unknown;
}

// From its making to its end. A call that is dropped halfway, with the loop it ran on, is not counted.
class Observation {
 public:
  Observation(CallNumbers const* numbers, Span span)
      : numbers_(numbers), span_(std::move(span)), began_(std::chrono::steady_clock::now()) {}

  void done() { end(std::nullopt, {}); }
  void refused() { end(Code::conflict, {}); }
  void failed(Error const& error) { end(error.code, error.detail.empty() ? error.say : error.detail); }
  void failed(char const* why) { end(Code::internal, why); }

 private:
  void end(std::optional<Code> failure, std::string const& why);

  CallNumbers const* numbers_;
  Span span_;
  std::chrono::steady_clock::time_point began_;
};

template <class T>
Task<T> observed(CallNumbers const* numbers, Span span, Task<T> call) {
  Observation observation(numbers, std::move(span));
  try {
    if constexpr (std::is_void_v<T>) {
      co_await std::move(call);
      observation.done();
      co_return;
    } else {
      T value = co_await std::move(call);
      observation.done();
      co_return value;
    }
  } catch (Error const& error) {
    observation.failed(error);
    throw;
  } catch (std::exception const& error) {
    observation.failed(error.what());
    throw;
  }
}

}  // namespace kith
