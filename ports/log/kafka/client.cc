#include "ports/log/kafka/client.h"

#include <algorithm>
#include <array>
#include <ranges>

#include "base/check.h"
#include "base/log.h"
#include "base/password_file.h"

namespace kith::kafka {
namespace {

using std::chrono::milliseconds;

void told_error(rd_kafka_t*, int code, char const* reason, void* opaque) {
  static_cast<Trouble*>(opaque)->note(code, reason);
}
void told_log(rd_kafka_t const*, int, char const* facility, char const* text) {
  log(LogLevel::debug, "the client of Kafka", {{"of", facility}, {"says", text}});
}

bool of_security(std::string_view name) {
  return name.starts_with("security.") || name.starts_with("ssl.") || name.starts_with("sasl.");
}

std::string joined(std::vector<std::string> const& words) {
  std::string all;
  for (auto const& word : words) all += (all.empty() ? "" : ",") + word;
  return all;
}

[[noreturn]] void refuse(std::string say) { throw Error{Code::unavailable, std::move(say)}; }

[[noreturn]] void refuse_unreachable(KafkaOptions const& options, Trouble const& trouble, std::string why) {
  if (!trouble.last().empty()) why = trouble.last();
  if (trouble.refused_sign_in())
    refuse("Kafka does not let us in (kafka_user, kafka_password_file, kafka_security): " + why);
  if (trouble.refused_tls())
    refuse("No TLS can be spoken with Kafka at " + joined(options.servers) +
           " (kafka_servers, kafka_security): " + why);
  refuse("Kafka cannot be reached at " + joined(options.servers) + " (kafka_servers): " + why);
}

Owned<rd_kafka_NewTopic_t> described(std::string const& name, std::uint32_t partitions, std::int32_t copies) {
  std::array<char, 512> why{};
  Owned<rd_kafka_NewTopic_t> topic(
      rd_kafka_NewTopic_new(name.c_str(), static_cast<int>(partitions), copies, why.data(), why.size()));
  if (!topic) refuse("Kafka cannot have the topic " + name + " (kafka_topics): " + why.data());
  return topic;
}

std::int32_t partitions_of(rd_kafka_t& client, std::string const& name, milliseconds deadline) {
  Owned<rd_kafka_topic_t> const topic(rd_kafka_topic_new(&client, name.c_str(), nullptr));
  rd_kafka_metadata_t const* found = nullptr;
  auto const failed = rd_kafka_metadata(&client, 0, topic.get(), &found, static_cast<int>(deadline.count()));
  if (failed != RD_KAFKA_RESP_ERR_NO_ERROR) throw_failure("look at a topic", failed);
  Owned<rd_kafka_metadata_t const> const metadata(found);
  return metadata->topic_cnt == 1 ? metadata->topics[0].partition_cnt : 0;
}

std::map<std::int32_t, Offset> offsets_in(rd_kafka_topic_partition_list_t const& list) {
  std::map<std::int32_t, Offset> offsets;
  for (int i = 0; i < list.cnt; ++i) {
    if (list.elems[i].err != RD_KAFKA_RESP_ERR_NO_ERROR) throw_failure("look for offsets", list.elems[i].err);
    offsets[list.elems[i].partition] = list.elems[i].offset;
  }
  return offsets;
}

}  // namespace

Places places(std::size_t expected) { return Places(rd_kafka_topic_partition_list_new(static_cast<int>(expected))); }

void Trouble::note(int code, std::string why) {
  if (code == RD_KAFKA_RESP_ERR__AUTHENTICATION || code == RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED)
    refused_ = true;
  if (code == RD_KAFKA_RESP_ERR__SSL) tls_ = true;
  // What all servers do says less than what one of them said.
  bool const vague = code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN;
  if (vague) down_ = true;
  {
    std::lock_guard const lock(mutex_);
    // Its number of tries and its milliseconds change; the reason does not.
    auto const reason = [](std::string const& text) { return text.substr(0, text.find(" (after ")); };
    if ((vague && !last_.empty()) || reason(last_) == reason(why)) return;
    last_ = why;
  }
  log(LogLevel::warn, "Kafka gives trouble", {{"why", why}});
}

void Trouble::over() {
  refused_ = tls_ = down_ = false;
  std::lock_guard const lock(mutex_);
  last_.clear();
}

std::string Trouble::last() const {
  std::lock_guard const lock(mutex_);
  return last_;
}

std::string read_password(std::string const& file) { return password_in(file, "kafka_password_file"); }

Password::Password(KafkaOptions const& options)
    : file_(options.password_file), known_(file_.empty() ? "" : read_password(file_)) {}

std::optional<std::string> Password::changed() {
  if (file_.empty()) return std::nullopt;
  try {
    std::string now = read_password(file_);
    if (now == known_) return std::nullopt;
    return known_ = std::move(now);
  } catch (Error const&) {
    return std::nullopt;  // it is being written
  }
}

Conf::Conf(KafkaOptions const& options, Trouble& trouble) : conf_(rd_kafka_conf_new()) {
  rd_kafka_conf_set_opaque(conf_.get(), &trouble);
  rd_kafka_conf_set_error_cb(conf_.get(), &told_error);
  rd_kafka_conf_set_log_cb(conf_.get(), &told_log);
  set("bootstrap.servers", joined(options.servers));
  set("client.id", "kith");
  set("socket.keepalive.enable", "true");
  set("reconnect.backoff.max.ms", "2000");
  bool named = false;
  for (auto const& line : options.security) {
    auto const equals = line.find('=');
    std::string const name = line.substr(0, equals);
    if (equals == std::string::npos || !of_security(name))
      refuse("kafka_security takes NAME=VALUE with a name that begins with security., ssl. or sasl., not " + line);
    set(name.c_str(), line.substr(equals + 1));
    named = named || name == "security.protocol";
  }
  if (options.user.empty()) return;
  set("sasl.username", options.user);
  if (!options.password_file.empty()) set("sasl.password", read_password(options.password_file));
  if (!named) refuse("kafka_user signs in, so kafka_security must say how: security.protocol=sasl_ssl, for one");
}

Conf& Conf::set(char const* name, std::string const& value) {
  std::array<char, 512> why{};
  if (rd_kafka_conf_set(conf_.get(), name, value.c_str(), why.data(), why.size()) != RD_KAFKA_CONF_OK)
    refuse("Kafka cannot be used as kafka_security says: " + std::string(why.data()));
  return *this;
}

Handle Conf::client(rd_kafka_type_t type) {
  std::array<char, 512> why{};
  Handle made(rd_kafka_new(type, conf_.get(), why.data(), why.size()));
  if (!made) refuse("Kafka cannot be used as kafka_security says: " + std::string(why.data()));
  static_cast<void>(conf_.release());  // it is the client's now
  return made;
}

void throw_failure(std::string_view what, rd_kafka_resp_err_t code) {
  throw Error{Code::unavailable, "Storage is not available", std::string(what) + ": " + rd_kafka_err2str(code)};
}

Topics make_topics(KafkaOptions const& options) {
  Topics topics{.events = options.topics + ".events", .aside = options.topics + ".aside"};
  Trouble trouble;
  Handle const client = Conf(options, trouble).client(RD_KAFKA_PRODUCER);
  auto const events = described(topics.events, options.partitions, options.copies);
  auto const retention = std::chrono::duration_cast<milliseconds>(options.retention).count();
  rd_kafka_NewTopic_set_config(events.get(), "retention.ms", std::to_string(retention == 0 ? -1 : retention).c_str());
  rd_kafka_NewTopic_set_config(events.get(), "cleanup.policy", "delete");
  // The clocks of those who append, which replay goes by; they may differ from the servers'.
  rd_kafka_NewTopic_set_config(events.get(), "message.timestamp.type", "CreateTime");
  auto const aside = described(topics.aside, 1, options.copies);
  rd_kafka_NewTopic_set_config(aside.get(), "cleanup.policy", "compact");
  std::array<rd_kafka_NewTopic_t*, 2> wanted{events.get(), aside.get()};
  Owned<rd_kafka_queue_t> const answers(rd_kafka_queue_new(client.get()));
  rd_kafka_CreateTopics(client.get(), wanted.data(), wanted.size(), nullptr, answers.get());
  Owned<rd_kafka_event_t> answer;
  auto const until = std::chrono::steady_clock::now() + options.deadline;
  while (!answer && std::chrono::steady_clock::now() < until && !trouble.is_final()) {
    answer.reset(rd_kafka_queue_poll(answers.get(), 50));
    rd_kafka_poll(client.get(), 0);
  }
  if (!answer) refuse_unreachable(options, trouble, "no answer in time");
  if (rd_kafka_event_error(answer.get()) != RD_KAFKA_RESP_ERR_NO_ERROR)
    refuse_unreachable(options, trouble, rd_kafka_event_error_string(answer.get()));
  std::size_t count = 0;
  auto const* const results =
      rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(answer.get()), &count);
  for (std::size_t i = 0; i < count; ++i) {
    auto const code = rd_kafka_topic_result_error(results[i]);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR || code == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) continue;
    char const* const why = rd_kafka_topic_result_error_string(results[i]);
    refuse(std::string("Kafka does not make the topic ") + rd_kafka_topic_result_name(results[i]) +
           " (kafka_topics, kafka_copies): " + (why != nullptr ? why : rd_kafka_err2str(code)));
  }
  // A topic that was just made is not known everywhere at once.
  while (topics.partitions == 0 && std::chrono::steady_clock::now() < until)
    topics.partitions = partitions_of(*client, topics.events, options.deadline);
  if (topics.partitions == 0)
    refuse_unreachable(options, trouble, "the topic " + topics.events + " has no partition yet");
  return topics;
}

Record record_in(rd_kafka_message_t const& message) {
  Record record{.key = std::string(static_cast<char const*>(message.key), message.key_len),
                .value = std::string(static_cast<char const*>(message.payload), message.len),
                .gone = message.payload == nullptr};
  rd_kafka_headers_t* headers = nullptr;
  if (rd_kafka_message_headers(&message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) return record;
  char const* name = nullptr;
  void const* value = nullptr;
  std::size_t size = 0;
  for (std::size_t i = 0; rd_kafka_header_get_all(headers, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR; ++i)
    record.headers.emplace_back(name, std::string(static_cast<char const*>(value), size));
  return record;
}

std::map<std::int32_t, Offset> ends(rd_kafka_t& client, std::string const& topic, std::int32_t partitions,
                                    milliseconds deadline) {
  Places const list = places(static_cast<std::size_t>(partitions));
  for (std::int32_t i = 0; i < partitions; ++i)
    rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), i)->offset = RD_KAFKA_OFFSET_END;
  auto const failed = rd_kafka_offsets_for_times(&client, list.get(), static_cast<int>(deadline.count()));
  if (failed != RD_KAFKA_RESP_ERR_NO_ERROR) throw_failure("look for the end of the log", failed);
  return offsets_in(*list);
}

std::map<std::int32_t, Offset> first_since(rd_kafka_t& client, std::string const& topic,
                                           std::vector<std::int32_t> const& partitions, Time since,
                                           milliseconds deadline) {
  Places const list = places(partitions.size());
  auto const from = std::chrono::floor<milliseconds>(since.time_since_epoch()).count();
  for (auto const i : partitions)
    rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), i)->offset = std::max<std::int64_t>(from, 0);
  auto const failed = rd_kafka_offsets_for_times(&client, list.get(), static_cast<int>(deadline.count()));
  if (failed != RD_KAFKA_RESP_ERR_NO_ERROR) throw_failure("look for events since then", failed);
  return offsets_in(*list);
}

std::map<std::int32_t, Progress> committed(rd_kafka_t& client, std::string const& group, std::string const& topic,
                                           std::vector<std::int32_t> const& partitions, milliseconds deadline) {
  static constexpr char const* what = "ask what a group has handled";
  Places const wanted = places(partitions.size());
  for (auto const i : partitions) rd_kafka_topic_partition_list_add(wanted.get(), topic.c_str(), i);
  Owned<rd_kafka_ListConsumerGroupOffsets_t> const asked(
      rd_kafka_ListConsumerGroupOffsets_new(group.c_str(), wanted.get()));
  Owned<rd_kafka_AdminOptions_t> const options(
      rd_kafka_AdminOptions_new(&client, RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPOFFSETS));
  auto const within = static_cast<int>(deadline.count());
  rd_kafka_AdminOptions_set_request_timeout(options.get(), within, nullptr, 0);
  Owned<rd_kafka_queue_t> const answers(rd_kafka_queue_new(&client));
  auto* one_group = asked.get();
  rd_kafka_ListConsumerGroupOffsets(&client, &one_group, 1, options.get(), answers.get());
  Owned<rd_kafka_event_t> const answer(rd_kafka_queue_poll(answers.get(), within));
  if (!answer) throw_failure(what, RD_KAFKA_RESP_ERR__TIMED_OUT);
  if (auto const failed = rd_kafka_event_error(answer.get()); failed != RD_KAFKA_RESP_ERR_NO_ERROR)
    throw_failure(what, failed);
  std::size_t count = 0;
  auto const* const groups = rd_kafka_ListConsumerGroupOffsets_result_groups(
      rd_kafka_event_ListConsumerGroupOffsets_result(answer.get()), &count);
  check(count == 1, "one group was asked for");
  if (auto const* const failed = rd_kafka_group_result_error(groups[0]); failed != nullptr)
    throw_failure(what, rd_kafka_error_code(failed));
  auto const* const list = rd_kafka_group_result_partitions(groups[0]);
  std::map<std::int32_t, Progress> progress;
  for (int i = 0; i < list->cnt; ++i) {
    auto const& one = list->elems[i];
    if (one.err != RD_KAFKA_RESP_ERR_NO_ERROR) throw_failure(what, one.err);
    if (one.offset < 0) continue;
    std::string_view const text(static_cast<char const*>(one.metadata), one.metadata_size);
    progress.emplace(one.partition, decode_progress(text, one.offset));
  }
  return progress;
}

std::map<std::string, Aside> read_aside(KafkaOptions const& options, Topics const& topics) {
  Trouble trouble;
  Conf conf(options, trouble);
  conf.set("group.id", options.topics + ".reader")
      .set("enable.auto.commit", "false")
      .set("enable.partition.eof", "true");
  Handle const reader = conf.client(RD_KAFKA_CONSUMER);
  rd_kafka_poll_set_consumer(reader.get());
  Places const all = places(1);
  rd_kafka_topic_partition_list_add(all.get(), topics.aside.c_str(), 0)->offset = RD_KAFKA_OFFSET_BEGINNING;
  if (auto const failed = rd_kafka_assign(reader.get(), all.get()); failed != RD_KAFKA_RESP_ERR_NO_ERROR)
    throw_failure("read what is set aside", failed);
  std::map<std::string, Aside> found;
  auto const until = std::chrono::steady_clock::now() + options.deadline;
  while (std::chrono::steady_clock::now() < until) {
    Owned<rd_kafka_message_t> const message(rd_kafka_consumer_poll(reader.get(), 100));
    if (!message) continue;
    if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) return found;
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) continue;
    Record const record = record_in(*message);
    if (record.gone)
      found.erase(record.key);
    else
      found.insert_or_assign(record.key, aside_in(record));
  }
  throw_failure("read what is set aside", RD_KAFKA_RESP_ERR__TIMED_OUT);
}

}  // namespace kith::kafka
