// What the contract does not ask of a log: servers that die, processes that come and go, wrong settings.

#include <gmock/gmock.h>

#include <array>
#include <atomic>
#include <fstream>
#include <map>
#include <mutex>
#include <optional>
#include <thread>

#include "base/error.h"
#include "base/kept_spans_for_tests.h"
#include "base/loops.h"
#include "base/run.h"
#include "ports/clock/system.h"
#include "ports/log/kafka/client.h"
#include "ports/log/kafka/producer.h"
#include "ports/log/kafka/server.h"

namespace kith {
namespace {

// What the handlers of all processes of a test did.
struct Seen {
  std::mutex mutex;
  std::map<std::uint64_t, int> times;
  std::atomic<bool> fail = false;
};

Task<void> note(Seen& seen, Event event) {
  if (seen.fail) throw Error{Code::internal, "Poisoned"};
  std::lock_guard const lock(seen.mutex);
  ++seen.times[event.id.value];
  co_return;
}

class KafkaFault : public testing::Test {
 protected:
  KafkaFault() {
    options.deadline = std::chrono::seconds{30};  // on a busy machine, too
    options.retry_pause = std::chrono::milliseconds{1};
  }
  ~KafkaFault() override {
    first.reset();
    second.reset();
  }
  static void SetUpTestSuite() {
    if (!contract::KafkaServer::here()) GTEST_SKIP() << "Kafka is not installed: ./dev engines up kafka";
  }

  // A process that follows as `feeds`.
  void open(std::optional<KafkaLog>& log) {
    log.emplace(KafkaLog::Needs{clock}, options);
    log->subscribe({"feeds", {{"Made"}}, [this](Event event) { return note(seen, std::move(event)); }});
  }
  void start(std::optional<KafkaLog>& log) {
    open(log);
    log->start({loops.at(0).get_executor()});
  }
  static std::vector<Event> made(std::uint64_t from, std::uint64_t to) {
    std::vector<Event> events;
    for (; from <= to; ++from) events.push_back({.id = EventId{from}, .kind = "Made", .key = std::to_string(from)});
    return events;
  }
  void append(std::uint64_t from, std::uint64_t to) { run(first->append(made(from, to))); }
  void caught_up() { run(first->caught_up("feeds")); }
  std::string refusal(KafkaOptions const& wrong) {
    try {
      KafkaLog const refused(KafkaLog::Needs{clock}, wrong);
      return "opened";
    } catch (Error const& error) {
      return error.say;
    }
  }

  contract::KafkaServer& server = contract::KafkaServer::own();
  KafkaOptions options = server.options();
  SystemClock clock;
  Seen seen;
  Loops loops{1};
  std::optional<KafkaLog> first, second;
};

TEST_F(KafkaFault, NothingAcknowledgedIsLostWhenTheServerDiesAndNothingIsAppendedTwice) {
  start(first);
  std::vector<std::uint64_t> done, perhaps;
  std::atomic<bool> back = false;
  std::thread writer([&] {
    for (std::uint64_t id = 1; !back || id % 100 != 0; ++id) {
      try {
        run(first->append(made(id, id)));
        done.push_back(id);
      } catch (Error const& error) {
        if (error.code == Code::unknown) perhaps.push_back(id);
      }
    }
  });
  server.crash();
  back = true;
  writer.join();
  caught_up();
  ASSERT_FALSE(done.empty());
  for (auto const id : done) EXPECT_GE(seen.times[id], 1) << id;
  for (auto const& [id, times] : seen.times)
    EXPECT_TRUE(std::ranges::binary_search(done, id) || std::ranges::binary_search(perhaps, id))
        << id << " was said not to be appended";
  // What stands in the topic, whoever handled it how often.
  kafka::Trouble trouble;
  auto const client = kafka::Conf(options, trouble).client(RD_KAFKA_PRODUCER);
  kafka::Offset records = 0;
  for (auto const& [partition, end] : kafka::ends(*client, options.topics + ".events", 3, options.deadline))
    records += end;
  EXPECT_GE(static_cast<std::size_t>(records), done.size());
  EXPECT_LE(static_cast<std::size_t>(records), done.size() + perhaps.size());
}

TEST_F(KafkaFault, PartitionsGoToAProcessThatComesAndBackWhenItLeavesAndEachEventIsHandledOnce) {
  start(first);
  append(1, 300);
  start(second);
  append(301, 600);
  // It has some of them only now; the first has given them up in good order.
  while (second->stats().partitions == 0) append(601, 601);
  append(701, 1'000);
  caught_up();
  run(second->stop_delivery());
  second.reset();
  append(1'001, 1'300);
  caught_up();
  for (std::uint64_t id = 1; id <= 1'300; ++id)
    if (id < 601 || id > 700) EXPECT_EQ(seen.times[id], 1) << id;
  auto const lags = run(first->lag());
  EXPECT_EQ(lags.at(0).waiting, 0u);
}

TEST_F(KafkaFault, WhatOneProcessHasSetAsideAnotherShowsAndRetries) {
  start(first);
  seen.fail = true;
  append(1, 1);
  caught_up();
  open(second);  // like a command of the operator: it handles nothing
  auto const aside = run(second->set_aside("feeds", 10));
  ASSERT_THAT(aside, testing::SizeIs(1));
  EXPECT_EQ(aside[0].event.id, EventId{1});
  EXPECT_EQ(aside[0].attempts, attempts_max);
  EXPECT_THAT(aside[0].failure, testing::HasSubstr("Poisoned"));
  seen.fail = false;
  run(second->retry("feeds", EventId{1}));
  caught_up();
  EXPECT_EQ(seen.times[1], 1);
  EXPECT_THAT(run(second->set_aside("feeds", 10)), testing::IsEmpty());
}

TEST_F(KafkaFault, AClientThatIsReplacedWhileItIsAskedStaysUntilThen) {
  kafka::Topics const topics = kafka::make_topics(options);
  constexpr int nobody_to_wake = -1;
  kafka::Producer producer(options, std::make_shared<kafka::Counts>(), nobody_to_wake);
  auto const asked = producer.client();
  rd_kafka_test_fatal_error(asked.get(), RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER, "for a test");
  producer.serve();
  auto const fresh = producer.client();
  ASSERT_NE(fresh, asked);
  std::array<char, 512> why{};
  EXPECT_NE(rd_kafka_fatal_error(asked.get(), why.data(), why.size()), RD_KAFKA_RESP_ERR_NO_ERROR);
  auto const ends = kafka::patiently(
      options.deadline, [&] { return kafka::ends(*fresh, topics.events, topics.partitions, options.deadline); });
  EXPECT_THAT(ends, testing::SizeIs(3));
}

TEST_F(KafkaFault, AWrongAddressIsOneSentenceThatNamesTheSetting) {
  KafkaOptions const wrong{.servers = {"127.0.0.1:1"}, .deadline = std::chrono::seconds{1}};
  EXPECT_THAT(refusal(wrong),
              testing::AllOf(testing::StartsWith("Kafka cannot be reached at 127.0.0.1:1 (kafka_servers): "),
                             testing::HasSubstr("refused")));
}

TEST_F(KafkaFault, AWrongPasswordIsOneSentenceThatNamesTheSettings) {
  std::string const file = testing::TempDir() + "/wrong-password";
  std::ofstream(file) << "wrong\n";
  options.password_file = file;
  EXPECT_THAT(refusal(options), testing::StartsWith("Kafka does not let us in (kafka_user, kafka_password_file, "));
  options.password_file = testing::TempDir() + "/none";
  EXPECT_THAT(refusal(options), testing::EndsWith("none (kafka_password_file)"));
  options.password_file = file;
  options.security = {"client.id=x"};
  EXPECT_THAT(refusal(options), testing::StartsWith("kafka_security takes NAME=VALUE"));
}

TEST_F(KafkaFault, WhatIsAppendedIsCountedAndASpanOfWhatEmittedIt) {
  Metrics metrics;
  KeptSpans kept;
  open(first);
  first->observe(metrics, &kept);
  auto events = made(1, 3);
  events[0].trace = {1, 2};
  events[0].span = 3;
  events[2].trace = {4, 5};
  events[2].span = 6;
  run(first->append(std::move(events)));
  ASSERT_EQ(kept.spans.size(), 2u);
  for (FinishedSpan const& span : kept.spans) {
    EXPECT_EQ(span.name, "append");
    EXPECT_EQ(span.kind, SpanKind::producer);
    EXPECT_EQ(span.failure, "");
    EXPECT_EQ(span.parent, span.trace[0] == 1 ? 3u : 6u);
  }
  EXPECT_NE(kept.spans[0].trace, kept.spans[1].trace);
  std::string const text = metrics.text();
  EXPECT_THAT(text, testing::HasSubstr("kith_engine_total{engine=\"kafka\",outcome=\"ok\",verb=\"append\"} 1\n"));
  EXPECT_THAT(text, testing::HasSubstr("kith_engine_seconds_count{engine=\"kafka\",verb=\"append\"} 1\n"));
}

TEST_F(KafkaFault, TlsIsSpokenWithWhomTheAuthorityVouchesForAlone) {
  KafkaOptions const plain = options;
  options = server.by_tls(server.tls_authority());
  options.deadline = plain.deadline;
  start(first);
  append(1, 100);
  caught_up();
  for (std::uint64_t id = 1; id <= 100; ++id) EXPECT_EQ(seen.times[id], 1) << id;
  KafkaOptions wrong = server.by_tls(contract::another_authority());
  wrong.deadline = plain.deadline;
  EXPECT_THAT(refusal(wrong), testing::AllOf(testing::StartsWith("No TLS can be spoken with Kafka at 127.0.0.1:"),
                                             testing::HasSubstr("(kafka_servers, kafka_security): "),
                                             testing::HasSubstr("certificate verify failed")));
  wrong.security.back() = "ssl.ca.location=/nowhere.pem";
  EXPECT_THAT(refusal(wrong), testing::AllOf(testing::StartsWith("Kafka cannot be used as kafka_security says: "),
                                             testing::HasSubstr("ssl.ca.location")));
  // Where nobody speaks it, nothing is said in plain words instead.
  wrong.servers = plain.servers;
  wrong.security = options.security;
  EXPECT_THAT(refusal(wrong), testing::StartsWith("No TLS can be spoken with Kafka at 127.0.0.1:"));
}

TEST(KafkaProgress, WhatIsNotHandledIsReadBackAsFarAsItFits) {
  kafka::Progress few{.loaded_to = 70, .open = {5, 9, 69}, .replayed = 3, .kinds = {{"a.Made", 1}, {"b.Gone", 2}}};
  EXPECT_EQ(kafka::decode_progress(encode(few), 5), few);
  EXPECT_EQ(few.committed(), 5);
  kafka::Progress many{.loaded_to = 1'000'000};
  for (kafka::Offset i = 0; i < 10'000; ++i) many.open.push_back(i * 100);
  std::string const text = encode(many);
  EXPECT_LE(text.size(), kafka::progress_bytes_max);
  kafka::Progress const back = kafka::decode_progress(text, 0);
  EXPECT_EQ(back, many);
  EXPECT_GT(back.open.size(), 500u);
  EXPECT_EQ(back.loaded_to, static_cast<kafka::Offset>(back.open.size()) * 100) << "the first that is not remembered";
  EXPECT_EQ(kafka::decode_progress("", 7), (kafka::Progress{.loaded_to = 7}));
  EXPECT_EQ(kafka::decode_progress("9 not ours", 7), (kafka::Progress{.loaded_to = 7}));
}

}  // namespace
}  // namespace kith
