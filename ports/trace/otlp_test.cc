#include "ports/trace/otlp.h"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <deque>

#include "base/error.h"

namespace kith {
namespace {

using namespace std::chrono_literals;
using boost::asio::ip::tcp;

// A collector that answers as it is told, 200 when nothing is told; with `mute` it takes requests and says nothing.
class Collector {
 public:
  explicit Collector(std::deque<int> answers, bool mute = false)
      : answers_(std::move(answers)), mute_(mute), acceptor_(loop_, {boost::asio::ip::address_v4::loopback(), 0}) {
    port_ = acceptor_.local_endpoint().port();
    thread_ = std::thread([this] { serve(); });
  }
  ~Collector() {
    ending_ = true;
    boost::system::error_code ignored;
    tcp::socket last(loop_);
    last.connect(tcp::endpoint(boost::asio::ip::address_v4::loopback(), port_), ignored);
    thread_.join();
  }
  std::string endpoint() const { return "http://127.0.0.1:" + std::to_string(port_); }

  // The requests that came: heads and bodies. Waits for so many.
  std::vector<std::string> wait_for(std::size_t requests) {
    std::unique_lock lock(mutex_);
    came_.wait(lock, [&] { return requests_.size() >= requests; });
    return requests_;
  }

 private:
  void serve() {
    while (!ending_) {
      boost::system::error_code failure;
      tcp::socket socket(loop_);
      acceptor_.accept(socket, failure);
      while (!failure && !ending_) answer(socket, failure);
      if (mute_) held_.push_back(std::move(socket));
    }
  }
  void answer(tcp::socket& socket, boost::system::error_code& failure) {
    std::string request;
    auto const head = boost::asio::read_until(socket, boost::asio::dynamic_buffer(request), "\r\n\r\n", failure);
    if (failure) return;
    auto const at = request.find("Content-Length: ");
    std::size_t const size = at == std::string::npos ? 0 : std::stoul(request.substr(at + 16));
    if (request.size() < head + size)
      boost::asio::read(socket, boost::asio::dynamic_buffer(request),
                        boost::asio::transfer_exactly(head + size - request.size()), failure);
    {
      std::lock_guard const lock(mutex_);
      requests_.push_back(std::move(request));
    }
    came_.notify_all();
    if (mute_) {
      failure = boost::asio::error::would_block;
      return;
    }
    int const status = answers_.empty() ? 200 : answers_.front();
    if (!answers_.empty()) answers_.pop_front();
    boost::asio::write(socket,
                       boost::asio::buffer("HTTP/1.1 " + std::to_string(status) + " So\r\nContent-Length: 2\r\n\r\n{}"),
                       failure);
  }

  std::deque<int> answers_;
  bool mute_;
  boost::asio::io_context loop_;
  tcp::acceptor acceptor_;
  unsigned short port_ = 0;
  std::atomic<bool> ending_ = false;
  std::mutex mutex_;
  std::condition_variable came_;
  std::vector<std::string> requests_;
  std::vector<tcp::socket> held_;
  std::thread thread_;
};

FinishedSpan span(std::string name) {
  FinishedSpan span{.trace = {1, 2}, .id = 3, .parent = 4, .kind = SpanKind::server, .name = std::move(name)};
  span.began = Time{Duration{1'700'000'000'000'000}};
  span.took = 1'500us;
  return span;
}

OtlpTracer::Settings settings(std::string endpoint) {
  OtlpTracer::Settings settings{.endpoint = std::move(endpoint),
                                .sender = {.service = "kith", .version = "1", .instance = "here:1"}};
  settings.batch_wait = 10ms;
  settings.pause_first = 1ms;
  settings.deadline = 2'000ms;
  return settings;
}

double spans(Metrics& metrics, char const* outcome) {
  return metrics.counter("kith_trace_spans_total", "Spans, by what became of them", {{"outcome", outcome}}).value();
}

TEST(Otlp, SpansAreWrittenAsTheStandardSays) {
  FinishedSpan failed = span("GET /api/v1/statuses/:id");
  failed.failure = "storage \"away\"";
  failed.texts.emplace_back("http.route", "/api/v1/statuses/:id");
  failed.numbers.emplace_back("http.response.status_code", 503);
  FinishedSpan root = span("second");
  root.parent = 0;
  std::vector<FinishedSpan> both;
  both.push_back(std::move(failed));
  both.push_back(std::move(root));
  EXPECT_EQ(
      otlp::json_of({.service = "kith", .version = "1", .instance = "here:1"}, both),
      R"({"resourceSpans":[{"resource":{"attributes":[)"
      R"({"key":"service.name","value":{"stringValue":"kith"}},)"
      R"({"key":"service.version","value":{"stringValue":"1"}},)"
      R"({"key":"service.instance.id","value":{"stringValue":"here:1"}}]},)"
      R"("scopeSpans":[{"scope":{"name":"kith"},"spans":[)"
      R"({"traceId":"00000000000000010000000000000002","spanId":"0000000000000003","parentSpanId":"0000000000000004",)"
      R"("name":"GET /api/v1/statuses/:id","kind":2,"startTimeUnixNano":"1700000000000000000",)"
      R"("endTimeUnixNano":"1700000000001500000","attributes":[)"
      R"({"key":"http.route","value":{"stringValue":"/api/v1/statuses/:id"}},)"
      R"({"key":"http.response.status_code","value":{"intValue":"503"}}],)"
      R"("status":{"code":2,"message":"storage \"away\""}},)"
      R"({"traceId":"00000000000000010000000000000002","spanId":"0000000000000003","name":"second","kind":2,)"
      R"("startTimeUnixNano":"1700000000000000000","endTimeUnixNano":"1700000000001500000","attributes":[]}]}]}]})");
}

TEST(Otlp, AnEndpointGetsTheStandardsPathUnlessItHasOne) {
  EXPECT_EQ(otlp_address("http://127.0.0.1:4318"), "http://127.0.0.1:4318/v1/traces");
  EXPECT_EQ(otlp_address("https://collector/"), "https://collector/v1/traces");
  EXPECT_EQ(otlp_address("http://[::1]:4318/otlp/v1/traces"), "http://[::1]:4318/otlp/v1/traces");
  for (char const* none :
       {"", "127.0.0.1:4318", "grpc://127.0.0.1:4317", "http://", "http://:4318", "http:///v1/traces", "http://a b",
        "http://user@host", "http://host?x", "http://host\r\nX: y"})
    EXPECT_FALSE(otlp_address(none)) << none;
}

TEST(Otlp, SpansArePostedAsJsonInBatches) {
  Metrics metrics;
  Collector collector({});
  {
    OtlpTracer tracer(settings(collector.endpoint()), metrics);
    tracer.finished(span("first"));
    auto const requests = collector.wait_for(1);
    EXPECT_TRUE(requests.front().starts_with("POST /v1/traces HTTP/1.1\r\n")) << requests.front();
    EXPECT_NE(requests.front().find("Content-Type: application/json\r\n"), std::string::npos) << requests.front();
    EXPECT_NE(requests.front().find("\"first\""), std::string::npos) << requests.front();
    tracer.finished(span("left at the end"));
  }
  EXPECT_NE(collector.wait_for(2).back().find("left at the end"), std::string::npos);
  EXPECT_EQ(spans(metrics, "sent"), 2);
  EXPECT_EQ(spans(metrics, "lost") + spans(metrics, "dropped"), 0);
}

TEST(Otlp, ACollectorThatIsBusyIsAskedAgainAndOneThatRefusesIsNot) {
  Metrics metrics;
  Collector collector({503, 429, 200, 400});
  {
    OtlpTracer tracer(settings(collector.endpoint()), metrics);
    tracer.finished(span("first"));
    auto const requests = collector.wait_for(3);
    EXPECT_EQ(requests[0].substr(requests[0].find('{')), requests[2].substr(requests[2].find('{')));
    tracer.finished(span("second"));
    collector.wait_for(4);
  }
  EXPECT_EQ(collector.wait_for(4).size(), 4u);
  EXPECT_EQ(spans(metrics, "sent"), 1);
  EXPECT_EQ(spans(metrics, "lost"), 1);
}

TEST(Otlp, ACollectorThatIsAwayCostsSpansOnlyAndTheyAreCounted) {
  Metrics metrics;
  std::string endpoint;
  {
    Collector gone({});
    endpoint = gone.endpoint();
  }
  {
    auto few = settings(endpoint);
    few.queue_max = 5;
    few.batch_wait = 60'000ms;  // nobody takes them out meanwhile
    OtlpTracer tracer(few, metrics);
    for (int i = 0; i < 8; ++i) tracer.finished(span("lost"));
    EXPECT_EQ(spans(metrics, "dropped"), 3);
  }
  EXPECT_EQ(spans(metrics, "lost"), 5);
  EXPECT_EQ(spans(metrics, "sent"), 0);
}

TEST(Otlp, ACollectorThatNeverAnswersHoldsUpNeitherSpansNorTheEnd) {
  Metrics metrics;
  Collector collector({}, true);
  {
    auto patient = settings(collector.endpoint());
    patient.deadline = 3'600'000ms;
    OtlpTracer tracer(patient, metrics);
    tracer.finished(span("first"));
    collector.wait_for(1);
    tracer.finished(span("second"));
  }  // ends, though the answer never comes
  EXPECT_EQ(spans(metrics, "lost"), 2);
}

TEST(Otlp, WhatIsNoEndpointIsRefused) {
  Metrics metrics;
  EXPECT_THROW(OtlpTracer(settings("localhost"), metrics), Error);
}

}  // namespace
}  // namespace kith
