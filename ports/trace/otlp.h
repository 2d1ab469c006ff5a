#pragma once

// Sends spans to a collector by OTLP over HTTP, as JSON: an OpenTelemetry collector, Jaeger or Tempo.
//
// Requests only put spans into a bounded queue; one thread takes them out in batches. A collector that is
// away or slow costs spans, counted in kith_trace_spans_total by outcome (sent; dropped: the queue was full; lost: the
// collector did not take them), and nothing else.

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/metrics.h"
#include "base/trace.h"
#include "ports/trace/otlp_json.h"

namespace kith {

// "http://HOST:PORT" or "https://HOST:PORT", to which the standard's /v1/traces is added, or an address with a path of
// its own. Nothing: it is none of them.
std::optional<std::string> otlp_address(std::string_view endpoint);

class OtlpTracer final : public Tracer {
 public:
  struct Settings {
    std::string endpoint;
    std::uint64_t one_in = 1;
    otlp::Sender sender = {};
    // Some 4 MiB of spans.
    std::size_t queue_max = 8'192;
    std::size_t batch_max = 512;
    std::chrono::milliseconds batch_wait{1'000};
    std::chrono::milliseconds deadline{5'000};  // of one attempt
    int attempts_max = 4;
    std::chrono::milliseconds pause_first{500};  // doubled from attempt to attempt
  };
  // Throws Error{invalid} for an endpoint that is none.
  OtlpTracer(Settings settings, Metrics& metrics);
  // Sends what is left, if the collector takes it within a second.
  ~OtlpTracer() override;

  void finished(FinishedSpan span) noexcept override;

 private:
  class Post;

  void run();
  void send(Post& post, std::vector<FinishedSpan> const& spans);
  bool pause(std::chrono::milliseconds time);

  Settings settings_;
  std::string address_;
  Counter sent_, dropped_, lost_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<FinishedSpan> queue_;
  std::atomic<bool> stopping_ = false;
  bool told_ = false;  // of this outage
  std::thread thread_;
};

}  // namespace kith
