#include "app/engines.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <optional>

#include "app/descriptions.h"
#include "app/gauges.h"
#include "app/memory.h"
#include "base/error.h"
#include "ports/table/rocksdb/rocksdb.h"
#ifdef KITH_CASSANDRA
#include "ports/table/cassandra/cassandra.h"
#endif
#ifdef KITH_KAFKA
#include "ports/log/kafka/log.h"
#endif
#ifdef KITH_POSTGRES
#include "ports/table/postgres/postgres.h"
#endif

namespace kith {
namespace {

RocksOptions rocks_options(Settings const& settings) {
  RocksOptions options{.folder = std::filesystem::path(settings.data)};
  options.row_cache_bytes = cache_memory(settings) / 2;
  options.block_cache_bytes = settings.storage_block_cache;
  options.memtable_bytes = settings.storage_memtables;
  options.ring_bytes = cache_memory(settings) / 4;
  options.free_bytes_min = settings.storage_free_min;
  return options;
}

void report_embedded(RocksStats const& stats, Metrics& metrics) {
  Gauges const gauge{metrics};
  gauge("kith_row_cache_bytes", "Memory of parsed rows", stats.row_cache_bytes);
  gauge("kith_row_cache_rows", "Parsed rows in memory", stats.row_cache_rows);
  gauge("kith_row_cache_hits", "Rows found in memory since the start", stats.row_cache_hits);
  gauge("kith_row_cache_misses", "Rows read from the database", stats.row_cache_misses);
  gauge("kith_commit_jobs", "Changes the lane was given since the start", stats.jobs);
  gauge("kith_commit_batches", "Writes they were put together to", stats.batches);
  gauge("kith_commit_syncs", "Synced writes since the start", stats.syncs);
  gauge("kith_commits_waiting", "Commits in the lane now", stats.jobs_waiting);
  gauge("kith_feed_bytes", "Memory of feeds", stats.ring_bytes);
  gauge("kith_disk_bytes", "Size of the database files", stats.disk_bytes);
  gauge("kith_storage_refusing", "1 while writes are refused", stats.refusing ? 1 : 0);
}

// A community whose strict tables lie elsewhere would seem to be empty, and events in another log would never be
// handled, so the choice is remembered. The file is there only where it is not the embedded engine.
void check_choice(Settings const& settings, std::string const& what, std::string const& setting,
                  std::string const& chosen) {
  std::filesystem::path const folder = settings.data;
  auto const remembered = folder / (setting.substr(setting.find('_') + 1) + "_engine");
  std::string found;
  if (std::ifstream file(remembered); !std::getline(file, found))
    found = std::filesystem::exists(folder / "format") ? "embedded" : chosen;
  if (found != chosen)
    throw Error{Code::invalid, "The " + what + " of " + settings.data + (what.ends_with('s') ? " are" : " is") +
                                   " kept by " + found + ", but " + setting + " is " + chosen + ": set it to " + found +
                                   ", or name another data folder"};
  if (chosen == "embedded") return;
  std::ofstream file(remembered);
  if (!(file << chosen << '\n') || !file.flush())
    throw Error{Code::unavailable, "The data folder " + settings.data + " cannot be written to"};
}

void check_choices(Settings const& settings) {
  check_choice(settings, "strict tables", "engines_strict",
               settings.engines_strict == StrictEngine::postgres ? "postgres" : "embedded");
  check_choice(settings, "wide tables", "engines_wide",
               settings.engines_wide == WideEngine::cassandra ? "cassandra" : "embedded");
  check_choice(settings, "keys", "engines_keys",
               settings.engines_keys == KeysEngine::postgres ? "postgres" : "embedded");
  check_choice(settings, "log", "engines_log", settings.engines_log == LogEngine::kafka ? "kafka" : "embedded");
}

#ifdef KITH_KAFKA
KafkaOptions kafka_options(Settings const& settings) {
  KafkaOptions options{.servers = settings.kafka_servers, .security = settings.kafka_security};
  options.user = settings.kafka_user;
  options.password_file = settings.kafka_password_file;
  options.topics = settings.kafka_topics;
  options.partitions = static_cast<std::uint32_t>(settings.kafka_partitions);
  options.copies = settings.kafka_copies == 0 ? -1 : static_cast<std::int32_t>(settings.kafka_copies);
  options.deadline = std::chrono::duration_cast<std::chrono::milliseconds>(settings.kafka_deadline);
  return options;
}

void report_kafka(KafkaStats const& stats, Metrics& metrics) {
  Gauges const gauge{metrics};
  gauge("kith_kafka_appended", "Events appended since the start", stats.appended);
  gauge("kith_kafka_append_failures", "Calls that could not append", stats.append_failures);
  gauge("kith_kafka_unknown", "Calls of which nobody knows whether they did", stats.unknown);
  gauge("kith_kafka_refused", "Calls refused while the cluster was given a pause", stats.refused);
  gauge("kith_kafka_taken_in", "Events read, once for each group", stats.taken_in);
  gauge("kith_kafka_handled", "Events handled", stats.handled);
  gauge("kith_kafka_failures", "Events a handler failed on, each time", stats.failures);
  gauge("kith_kafka_put_aside", "Events set aside since the start", stats.put_aside);
  gauge("kith_kafka_commits", "Times that progress was committed", stats.commits);
  gauge("kith_kafka_commit_failures", "Times that it could not be", stats.commit_failures);
  gauge("kith_kafka_rebalances", "Times that partitions were divided anew", stats.rebalances);
  gauge("kith_kafka_partitions", "Partitions that this process has, of all groups", stats.partitions);
}
#else
constexpr char const* without_kafka = "engines_log is kafka, but this kith was built without it (KITH_KAFKA)";
#endif

#ifdef KITH_POSTGRES
PostgresOptions postgres_options(Settings const& settings) {
  PostgresOptions options{.servers = settings.postgres_servers, .password_file = settings.postgres_password_file};
  options.connections_max = settings.postgres_connections;
  options.deadline = std::chrono::duration_cast<std::chrono::milliseconds>(settings.postgres_deadline);
  return options;
}

void report_postgres(PostgresStats const& stats, Metrics& metrics) {
  Gauges const gauge{metrics};
  auto const calls = [&](char const* verb, std::uint64_t count, double seconds) {
    Metrics::Labels const labels{{"verb", verb}};
    gauge("kith_postgres_calls", "Calls answered since the start", count, labels);
    gauge("kith_postgres_seconds", "Time that they took together", seconds, labels);
  };
  calls("read", stats.reads, stats.read_seconds);
  calls("commit", stats.commits, stats.commit_seconds);
  gauge("kith_postgres_conflicts", "Commits refused by a check", stats.conflicts);
  gauge("kith_postgres_repeats", "Commits that had been done before", stats.repeats);
  gauge("kith_postgres_unknown", "Commits whose answer was lost", stats.unknown);
  gauge("kith_postgres_retries", "Calls tried once more", stats.retries);
  gauge("kith_postgres_lost", "Connections lost or given up at a deadline", stats.lost);
  gauge("kith_postgres_refused", "Calls refused while a server was given a pause", stats.refused);
  gauge("kith_postgres_connections", "Open connections", stats.connections);
  gauge("kith_postgres_under_way", "Calls that wait for an answer", stats.under_way);
  gauge("kith_postgres_waiting", "Commits that wait for a connection", stats.waiting);
  gauge("kith_events_relayed", "Events brought from outboxes to the log", stats.events_relayed);
}
#else
constexpr char const* without_postgres =
    "engines_strict is postgres, but this kith was built without it (KITH_POSTGRES)";
#endif

#ifdef KITH_CASSANDRA
CassandraOptions cassandra_options(Settings const& settings) {
  CassandraOptions options{.nodes = settings.cassandra_servers, .keyspace = settings.cassandra_keyspace};
  options.datacenter = settings.cassandra_datacenter;
  options.user = settings.cassandra_user;
  options.password_file = settings.cassandra_password_file;
  options.authority = settings.cassandra_tls_authority;
  options.deadline = std::chrono::duration_cast<std::chrono::milliseconds>(settings.cassandra_deadline);
  return options;
}

void report_cassandra(CassandraStats const& stats, Metrics& metrics) {
  Gauges const gauge{metrics};
  auto const calls = [&](char const* verb, std::uint64_t count, double seconds) {
    Metrics::Labels const labels{{"verb", verb}};
    gauge("kith_cassandra_calls", "Calls answered since the start", count, labels);
    gauge("kith_cassandra_seconds", "Time that they took together", seconds, labels);
  };
  calls("read", stats.reads, stats.read_seconds);
  calls("write", stats.writes, stats.write_seconds);
  gauge("kith_cassandra_statements", "Statements of these calls", stats.statements);
  gauge("kith_cassandra_retries", "Statements tried once more", stats.retries);
  gauge("kith_cassandra_failed", "Calls that failed", stats.failed);
  gauge("kith_cassandra_refused", "Calls refused while the cluster was given a pause", stats.refused);
  gauge("kith_cassandra_under_way", "Calls that wait for an answer", stats.under_way);
}
#else
constexpr char const* without_cassandra =
    "engines_wide is cassandra, but this kith was built without it (KITH_CASSANDRA)";
#endif

}  // namespace

// The embedded engine reads whatever an older version wrote.
std::vector<std::string> migrate_engines(Settings const& settings, [[maybe_unused]] bool contract) {
  std::vector<std::string> changes;
  if (settings.engines_strict == StrictEngine::postgres) {
#ifdef KITH_POSTGRES
    changes = migrate_postgres(postgres_options(settings), all_tables(), contract);
#else
    throw Error{Code::invalid, without_postgres};
#endif
  }
  if (settings.engines_wide == WideEngine::cassandra) {
#ifdef KITH_CASSANDRA
    std::ranges::move(migrate_cassandra(cassandra_options(settings), all_tables()), std::back_inserter(changes));
#else
    throw Error{Code::invalid, without_cassandra};
#endif
  }
  return changes;
}

struct Engines::Parts {
  Parts(Needs needs, Settings const& settings) {
    check_choices(settings);
    if (keeps_in_folder(settings))
      store.emplace(RocksStore::Needs{needs.clock, needs.workers}, rocks_options(settings));
    if (settings.engines_wide == WideEngine::cassandra) {
#ifdef KITH_CASSANDRA
      cassandra.emplace(CassandraStore::Needs{needs.clock}, cassandra_options(settings), all_tables());
#else
      throw Error{Code::invalid, without_cassandra};
#endif
    }
    if (settings.engines_log == LogEngine::kafka) {
#ifdef KITH_KAFKA
      kafka.emplace(KafkaLog::Needs{needs.clock, derived_durable(settings)}, kafka_options(settings));
#else
      throw Error{Code::invalid, without_kafka};
#endif
    }
    if (settings.engines_strict == StrictEngine::embedded) return;
#ifdef KITH_POSTGRES
    postgres.emplace(PostgresStore::Needs{needs.clock, wide(), transport()}, postgres_options(settings), all_tables());
#else
    throw Error{Code::invalid, without_postgres};
#endif
  }

  // What must end before an event counts as handled. Only the embedded tables answer before a derived row is
  // durable.
  std::function<Task<void>()> derived_durable(Settings const& settings) {
    if (settings.engines_wide != WideEngine::embedded) return {};
    return [this] { return store->settle(); };
  }
  Wide& wide() {
#ifdef KITH_CASSANDRA
    if (cassandra) return cassandra->wide();
#endif
    return store->wide();
  }
  // What brings events from where they were emitted to those who follow.
  Log& transport() {
#ifdef KITH_KAFKA
    if (kafka) return *kafka;
#endif
    return store->log();
  }

  std::optional<RocksStore> store;
#ifdef KITH_CASSANDRA
  std::optional<CassandraStore> cassandra;
#endif
#ifdef KITH_KAFKA
  std::optional<KafkaLog> kafka;
#endif
#ifdef KITH_POSTGRES
  std::optional<PostgresStore> postgres;
#endif
};

Engines::Engines(Needs needs, Settings const& settings) : parts_(std::make_unique<Parts>(needs, settings)) {}
Engines::~Engines() = default;

RocksStore* Engines::embedded() { return parts_->store ? &*parts_->store : nullptr; }
Wide& Engines::wide() { return parts_->wide(); }

#ifdef KITH_POSTGRES
Strict& Engines::strict() { return parts_->postgres ? parts_->postgres->strict() : parts_->store->strict(); }
Log& Engines::log() { return parts_->postgres ? parts_->postgres->log() : parts_->transport(); }
#else
Strict& Engines::strict() { return parts_->store->strict(); }
Log& Engines::log() { return parts_->transport(); }
#endif

void Engines::observe([[maybe_unused]] Metrics& metrics, [[maybe_unused]] Tracer* tracer) {
#ifdef KITH_KAFKA
  if (parts_->kafka) parts_->kafka->observe(metrics, tracer);
#endif
}

void Engines::start(std::vector<boost::asio::any_io_executor> executors) {
#ifdef KITH_KAFKA
  if (parts_->kafka) parts_->kafka->start(executors);
#endif
#ifdef KITH_POSTGRES
  if (parts_->postgres) parts_->postgres->start(executors);
#endif
  if (parts_->store) parts_->store->start(std::move(executors));
}

Task<void> Engines::stop_delivery() {
#ifdef KITH_POSTGRES
  if (parts_->postgres) co_await parts_->postgres->stop_delivery();
#endif
#ifdef KITH_KAFKA
  if (parts_->kafka) co_await parts_->kafka->stop_delivery();
#endif
  if (parts_->store) co_await parts_->store->stop_delivery();
}

void Engines::report(Metrics& metrics) const {
  if (parts_->store) report_embedded(parts_->store->stats(), metrics);
#ifdef KITH_CASSANDRA
  if (parts_->cassandra) report_cassandra(parts_->cassandra->stats(), metrics);
#endif
#ifdef KITH_KAFKA
  if (parts_->kafka) report_kafka(parts_->kafka->stats(), metrics);
#endif
#ifdef KITH_POSTGRES
  if (parts_->postgres) report_postgres(parts_->postgres->stats(), metrics);
#endif
}

}  // namespace kith
