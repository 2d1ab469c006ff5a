#include "ports/secrets/postgres.h"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <charconv>
#include <optional>
#include <thread>

#include "base/check.h"
#include "base/error.h"
#include "ports/secrets/key_cache.h"
#include "ports/secrets/wrapping.h"
#include "ports/table/postgres/shard.h"

namespace kith {
namespace {

using postgres::Query;
using postgres::Reach;
using postgres::Result;
using postgres::Statement;

// Counts up when an older program could not read what a newer one writes.
constexpr int format_version = 1;

// Cut into parts because a destroyed key is wiped by rewriting the part it lay in.
constexpr char const* tables = R"(
BEGIN;
CREATE SCHEMA kith_keys;
CREATE TABLE kith_keys.facts (name text PRIMARY KEY, value text NOT NULL);
CREATE TABLE kith_keys.keys (account bigint PRIMARY KEY, wrapped bytea NOT NULL) PARTITION BY HASH (account);
DO $$ BEGIN FOR part IN 0..31 LOOP
  EXECUTE format('CREATE TABLE kith_keys.keys_%s PARTITION OF kith_keys.keys FOR VALUES WITH (MODULUS 32, REMAINDER %s)',
                 part, part);
END LOOP; END $$;
COMMIT)";

// Of accounts and values that belong together; those that are there stay as they are.
Statement const insert{"insert_keys",
                       "INSERT INTO kith_keys.keys SELECT * FROM unnest($1::bigint[], $2::bytea[]) "
                       "ON CONFLICT DO NOTHING RETURNING account"};
Statement const select{"select_keys", "SELECT account, wrapped FROM kith_keys.keys WHERE account = ANY ($1::bigint[])"};

std::string number_of(AccountId owner) { return postgres::bigint(static_cast<std::int64_t>(owner.value)); }

Reach reach_of(PostgresKeysOptions const& options) {
  if (options.server.empty()) throw Error{Code::unavailable, "Keys are on PostgreSQL, but keys_server names no server"};
  return {options.server, options.password_file, options.deadline, "keys_server", "keys_password_file"};
}

// A connection for what is done seldom and may take its time.
class Session {
 public:
  explicit Session(Reach const& reach)
      : place_(postgres::place_of(reach.server, reach.server_setting)),
        connected_(postgres::connect(reach), &PQfinish) {
    (*this)("SET statement_timeout = 0");
  }

  // The first cell of the answer, if there is one.
  std::optional<std::string> operator()(std::string const& sql, std::vector<std::string> const& values = {}) {
    std::vector<char const*> data;
    std::vector<int> sizes, binary(values.size(), 1);
    for (std::string const& value : values) {
      data.push_back(value.data());
      sizes.push_back(static_cast<int>(value.size()));
    }
    Result const result(values.empty() ? PQexec(connected_.get(), sql.c_str())
                                       : PQexecParams(connected_.get(), sql.c_str(), static_cast<int>(values.size()),
                                                      nullptr, data.data(), sizes.data(), binary.data(), 1));
    if (!result.ok())
      throw Error{Code::unavailable,
                  "The keys in PostgreSQL at " + place_ + " cannot be set up (keys_server): " + result.why(), sql};
    if (result.rows() == 0 || result.null(0, 0)) return std::nullopt;
    return std::string(result.cell(0, 0));
  }
  std::string const& place() const { return place_; }

 private:
  std::string place_;
  std::shared_ptr<PGconn> connected_;
};

// One program at a time, until the session ends.
bool set_up(Session& session) {
  session("SELECT pg_advisory_lock(1802072168, 1)");
  if (session("SELECT to_regclass('kith.outbox')"))
    throw Error{Code::unavailable, "The database at " + session.place() +
                                       " holds tables of the community, so its backups would hold the keys to them: "
                                       "name one in keys_server that holds nothing else"};
  bool const fresh = !session("SELECT to_regclass('kith_keys.facts')");
  if (fresh) session(tables);
  session("INSERT INTO kith_keys.facts VALUES ('format', '" + std::to_string(format_version) +
          "') ON CONFLICT DO NOTHING");
  std::string const format = session("SELECT value FROM kith_keys.facts WHERE name = 'format'").value_or("");
  int version = 0;
  std::from_chars(format.data(), format.data() + format.size(), version);
  if (version > format_version)
    throw Error{Code::unavailable, "The keys at " + session.place() +
                                       " were written by a newer version of kith (format " + format +
                                       ", this program knows " + std::to_string(format_version) +
                                       "): run that version, or name another database in keys_server"};
  return fresh;
}

}  // namespace

std::vector<std::string> migrate_postgres_keys(PostgresKeysOptions const& options) {
  Session session(reach_of(options));
  if (!set_up(session)) return {};
  return {session.place() + ": made kith_keys.keys"};
}

class PostgresKeys::Store {
 public:
  Store(Needs given, PostgresKeysOptions const& options)
      : needs(given),
        reach(reach_of(options)),
        copies(needs.clock, needs.copies_max, needs.copies_kept),
        shard({loop.get_executor(), connecting, counts}, reach, 1) {
    start_sodium();
    begin(options.server_key);
    thread = std::thread([this] { loop.run(); });
  }
  ~Store() {
    if (!thread.joinable()) return;
    boost::asio::post(loop, [this] { shard.close(); });
    guard.reset();
    thread.join();
  }

  void begin(std::string const& file) {
    Session session(reach);
    set_up(session);
    std::string const nobody = number_of(proof_of_key);
    auto const proof = session("SELECT wrapped FROM kith_keys.keys WHERE account = $1", {nobody});
    server = server_key_for(file, "PostgreSQL at " + session.place(), proof);
    if (proof) return;
    auto const key = new_data_key(needs.random);
    session("INSERT INTO kith_keys.keys VALUES ($1, $2)", {nobody, wrapped(server, needs.random, proof_of_key, *key)});
  }

  // On the loop. Everything that is asked may be asked twice, so it is tried again as reads are.
  Task<Result> ask(Statement const& statement, std::vector<postgres::Cell> values) {
    std::vector<Query> one(1, {&statement, std::move(values)});
    auto results = co_await boost::asio::co_spawn(loop, shard.read(std::move(one)), boost::asio::use_awaitable);
    co_return std::move(results.front());
  }

  Task<void> create(std::vector<AccountId> owners) {
    std::uint64_t const ticket = copies.ticket();
    std::vector<std::string> accounts, values;
    std::vector<DataKeyPtr> keys;
    for (AccountId const owner : owners) {
      keys.push_back(new_data_key(needs.random));
      accounts.push_back(number_of(owner));
      values.push_back(wrapped(server, needs.random, owner, *keys.back()));
    }
    std::vector<postgres::Cell> both;
    both.emplace_back(postgres::array(postgres::type_bigint, accounts));
    both.emplace_back(postgres::array(postgres::type_bytea, values));
    Result const made = co_await ask(insert, std::move(both));
    for (int row = 0; row < made.rows(); ++row) {
      AccountId const owner{static_cast<std::uint64_t>(made.number(row, 0))};
      auto const place = std::ranges::lower_bound(owners, owner) - owners.begin();
      copies.put(owner, std::move(keys[static_cast<std::size_t>(place)]), ticket);
    }
  }

  // Into memory; the key of the first.
  Task<DataKeyPtr> bring(std::vector<AccountId> owners) {
    std::uint64_t const ticket = copies.ticket();
    std::vector<std::string> accounts;
    for (AccountId const owner : owners) accounts.push_back(number_of(owner));
    std::vector<postgres::Cell> one;
    one.emplace_back(postgres::array(postgres::type_bigint, accounts));
    Result const found = co_await ask(select, std::move(one));
    DataKeyPtr first;
    for (int row = 0; row < found.rows(); ++row) {
      AccountId const owner{static_cast<std::uint64_t>(found.number(row, 0))};
      DataKeyPtr key = unwrapped(server, owner, found.cell(row, 1));
      if (owner == owners.front()) first = key;
      if (key) copies.put(owner, std::move(key), ticket);
    }
    co_return first;
  }

  void destroy(AccountId owner) {
    try {
      wipe(owner);
    } catch (Error const& error) {
      throw Error{Code::unavailable, "Storage is not available", "keys: destroy: " + error.say};
    }
  }

  void wipe(AccountId owner) {
    Session session(reach);
    auto const part = session(
        "INSERT INTO kith_keys.keys VALUES ($1, $2) ON CONFLICT (account) DO UPDATE SET wrapped = excluded.wrapped "
        "RETURNING tableoid::regclass::text",
        {number_of(owner), std::string(destroyed_key())});
    copies.forget(owner);
    // The wrapped key still lies in the table's file, where an update leaves what it replaces.
    check(part.has_value(), "a row that was written lies somewhere");
    session("VACUUM (FULL) " + *part);
  }

  Needs needs;
  Reach reach;
  ServerKey server;
  KeyCache copies;
  Workers connecting{1};
  boost::asio::io_context loop{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard{loop.get_executor()};
  postgres::Counts counts;
  postgres::Shard shard;
  std::thread thread;
};

PostgresKeys::PostgresKeys(Needs needs, PostgresKeysOptions options)
    : store_(std::make_unique<Store>(needs, options)) {}
PostgresKeys::~PostgresKeys() = default;

ServerKey const& PostgresKeys::server_key() const { return store_->server; }

PostgresKeysStats PostgresKeys::stats() const {
  postgres::Counts const& counts = store_->counts;
  return {.calls = counts.reads,
          .retries = counts.retries,
          .lost = counts.late,
          .refused = counts.refused,
          .seconds = static_cast<double>(counts.read_micros) / 1e6,
          .connections = counts.connections};
}

Task<void> PostgresKeys::create(AccountId owner) {
  std::vector<AccountId> owners(1, owner);
  co_await create_many(std::move(owners));
}

Task<void> PostgresKeys::create_many(std::vector<AccountId> owners) {
  owners = new_owners(std::move(owners));
  if (!owners.empty()) co_await store_->create(std::move(owners));
}

Task<DataKeyPtr> PostgresKeys::get(AccountId owner) {
  if (DataKeyPtr key = store_->copies.get(owner)) co_return key;
  if (owner == proof_of_key) co_return nullptr;
  std::vector<AccountId> one(1, owner);
  co_return co_await store_->bring(std::move(one));
}

Task<void> PostgresKeys::bring(std::vector<AccountId> owners) {
  owners = each_once(std::move(owners));
  std::erase_if(owners, [&](AccountId owner) { return owner == proof_of_key || store_->copies.get(owner); });
  if (owners.size() > key_batch_max) owners.resize(key_batch_max);
  if (!owners.empty()) co_await store_->bring(std::move(owners));
}

Task<void> PostgresKeys::destroy(AccountId owner) {
  check(owner != proof_of_key, "nobody has no key");
  Store& store = *store_;
  co_await store.needs.workers.run([&store, owner] { store.destroy(owner); });
}

}  // namespace kith
