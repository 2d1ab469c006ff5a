#include "ports/trace/otlp.h"

#include <algorithm>

#include "base/curl.h"
#include "base/error.h"
#include "base/log.h"

namespace kith {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds last_words{1'000};  // for what is left when the server stops

bool may_be_better_later(long status) {
  return status == 0 || status == 429 || status == 502 || status == 503 || status == 504;
}

}  // namespace

std::optional<std::string> otlp_address(std::string_view endpoint) {
  auto const scheme = endpoint.find("://");
  if (scheme == std::string_view::npos) return std::nullopt;
  if (endpoint.substr(0, scheme) != "http" && endpoint.substr(0, scheme) != "https") return std::nullopt;
  std::string_view const rest = endpoint.substr(scheme + 3);
  std::string_view const host = rest.substr(0, rest.find('/'));
  bool const odd =
      std::ranges::any_of(rest, [](unsigned char c) { return c <= ' ' || c >= 0x7F || c == '?' || c == '#'; });
  if (host.empty() || host.starts_with(':') || host.find('@') != std::string_view::npos || odd) return std::nullopt;
  std::string address(endpoint);
  if (rest.substr(host.size()).size() > 1) return address;  // a path of its own
  if (address.ends_with('/')) address.pop_back();
  return address + "/v1/traces";
}

// The line to the collector. Only on the thread that sends.
class OtlpTracer::Post {
 public:
  Post(std::string const& address, std::atomic<bool> const& stopping) : stopping_(stopping), call_("http,https") {
    call_.header("Content-Type: application/json");
    call_.header("Expect:");
    call_.set(CURLOPT_URL, address.c_str());
    call_.set(CURLOPT_POST, 1L);
    call_.swallow_answer();
    call_.set(CURLOPT_NOPROGRESS, 0L);
    call_.set(CURLOPT_XFERINFOFUNCTION, &Post::goes_on);
    call_.set(CURLOPT_XFERINFODATA, this);
  }

  // The status of the answer; 0 when there was none.
  long operator()(std::string const& body, milliseconds deadline) {
    call_.set(CURLOPT_POSTFIELDS, body.data());
    call_.set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
    call_.set(CURLOPT_TIMEOUT_MS, static_cast<long>(deadline.count()));
    given_up_at_ = steady_clock::now() + last_words;
    auto const code = call_.perform();
    long const status = code == CURLE_OK ? call_.status() : 0;
    trouble = code == CURLE_OK ? "it answered " + std::to_string(status) : call_.trouble(code);
    return status;
  }

  std::string trouble;

 private:
  // A stopping server does not wait for a collector that does not answer.
  static int goes_on(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
    auto const& post = *static_cast<Post*>(self);
    return post.stopping_ && steady_clock::now() > post.given_up_at_ ? 1 : 0;
  }

  std::atomic<bool> const& stopping_;
  CurlCall call_;
  steady_clock::time_point given_up_at_;
};

OtlpTracer::OtlpTracer(Settings settings, Metrics& metrics)
    : Tracer(settings.one_in),
      settings_(std::move(settings)),
      sent_(metrics.counter("kith_trace_spans_total", "Spans, by what became of them", {{"outcome", "sent"}})),
      dropped_(metrics.counter("kith_trace_spans_total", "Spans, by what became of them", {{"outcome", "dropped"}})),
      lost_(metrics.counter("kith_trace_spans_total", "Spans, by what became of them", {{"outcome", "lost"}})) {
  auto address = otlp_address(settings_.endpoint);
  if (!address) throw Error{Code::invalid, "'" + settings_.endpoint + "' is not the address of a collector"};
  address_ = std::move(*address);
  queue_.reserve(settings_.batch_max);
  thread_ = std::thread([this] { run(); });
}

OtlpTracer::~OtlpTracer() {
  {
    std::lock_guard const lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void OtlpTracer::finished(FinishedSpan span) noexcept {
  bool full = false;
  {
    std::lock_guard const lock(mutex_);
    if (queue_.size() >= settings_.queue_max) return dropped_.add();
    queue_.push_back(std::move(span));
    full = queue_.size() == settings_.batch_max;
  }
  if (full) wake_.notify_one();
}

void OtlpTracer::run() {
  Post post(address_, stopping_);
  std::vector<FinishedSpan> batch;
  for (bool last = false; !last;) {
    {
      std::unique_lock lock(mutex_);
      wake_.wait_for(lock, settings_.batch_wait, [this] { return stopping_ || queue_.size() >= settings_.batch_max; });
      auto const taken = static_cast<std::ptrdiff_t>(std::min(queue_.size(), settings_.batch_max));
      batch.assign(std::make_move_iterator(queue_.begin()), std::make_move_iterator(queue_.begin() + taken));
      queue_.erase(queue_.begin(), queue_.begin() + taken);
      last = stopping_ && queue_.empty();
    }
    if (!batch.empty()) send(post, batch);
  }
}

void OtlpTracer::send(Post& post, std::vector<FinishedSpan> const& spans) {
  std::string const body = otlp::json_of(settings_.sender, spans);
  auto wait = settings_.pause_first;
  for (int attempt = 1;; ++attempt, wait *= 2) {
    long const status = post(body, stopping_ ? std::min(last_words, settings_.deadline) : settings_.deadline);
    if (status >= 200 && status < 300) {
      told_ = false;
      return sent_.add(static_cast<double>(spans.size()));
    }
    if (may_be_better_later(status) && attempt < settings_.attempts_max && pause(wait)) continue;
    lost_.add(static_cast<double>(spans.size()));
    // Once an outage, not once a second.
    if (!std::exchange(told_, true))
      log(LogLevel::warn, "spans are lost: the collector does not take them",
          {{"endpoint", address_}, {"why", post.trouble}});
    break;
  }
  if (!stopping_) return;
  std::lock_guard const lock(mutex_);
  lost_.add(static_cast<double>(queue_.size()));
  queue_.clear();
}

// False: the server stops.
bool OtlpTracer::pause(milliseconds time) {
  std::unique_lock lock(mutex_);
  return !wake_.wait_for(lock, time, [this] { return stopping_.load(); });
}

}  // namespace kith
