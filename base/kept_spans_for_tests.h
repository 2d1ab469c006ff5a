#pragma once

// A tracer that keeps all spans, in the order they ended. One thread at a time.

#include <utility>
#include <vector>

#include "base/trace.h"

namespace kith {

struct KeptSpans final : Tracer {
  KeptSpans() : Tracer(1) {}
  void finished(FinishedSpan span) noexcept override { spans.push_back(std::move(span)); }
  std::vector<FinishedSpan> spans;
};

}  // namespace kith
