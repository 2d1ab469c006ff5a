// CPU of the embedded engine, in microseconds of the whole process per operation: what a like, a
// post's fan-out, a page's rows and a feed cost without HTTP and without services.
//
//   storage_engine [PART [FOLDER]]   likes, spread, rows or all; a folder on a real disk, emptied
//   storage_engine open FOLDER       how long it takes to open what another run left, and its memory
//   storage_engine abort FOLDER N F  writes N feed entries, F a post, and aborts, for `open` to find

#include <sys/resource.h>

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <future>
#include <thread>
#include <vector>

#include "base/run.h"
#include "ports/clock/system.h"
#include "ports/table/rocksdb/rocksdb.h"

namespace kith {
namespace {

struct Numbers : Row {
  std::string value;
};

RowPtr parse(RowKey const&, RowHeader const& header, std::string_view value) {
  auto row = std::make_shared<Numbers>();
  row->header = header;
  row->bytes = static_cast<std::uint32_t>(sizeof(Numbers) + value.size());
  row->value = value;
  return row;
}

TableDescription described(std::uint32_t number, std::string_view name, TableClass table_class, bool derived) {
  return {.number = number,
          .service = "bench",
          .name = name,
          .table_class = table_class,
          .bound = "what the bench writes",
          .owner = "none: bench",
          .erasure = "none: bench",
          .derived_from = derived ? "reactions" : "",
          .parse = parse,
          .encode = [](Row const& row) { return static_cast<Numbers const&>(row).value; }};
}
TableDescription const reactions = described(60'101, "reactions", TableClass::strict, false);
TableDescription const counts = described(60'102, "reaction_counts", TableClass::strict, false);
TableDescription const reactions_of = described(60'103, "reactions_of", TableClass::strict, true);
TableDescription const feeds = described(60'104, "feeds", TableClass::wide, true);
TableDescription const heads = described(60'105, "heads", TableClass::strict, false);

std::string key(std::uint64_t number) {
  std::string bytes;
  for (int shift = 56; shift >= 0; shift -= 8) bytes += static_cast<char>(number >> shift);
  return bytes;
}

double cpu_us() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  auto const us = [](timeval time) {
    return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_usec);
  };
  return us(usage.ru_utime) + us(usage.ru_stime);
}

class Bench {
 public:
  Bench(std::filesystem::path folder, bool fresh) : workers_(2) {
    if (fresh) std::filesystem::remove_all(folder);
    auto const begin = std::chrono::steady_clock::now();
    double const cpu = cpu_us();
    store_.emplace(RocksStore::Needs{clock_, workers_}, RocksOptions{.folder = folder});
    for (int i = 0; i < 2; ++i) {
      loops_.push_back(std::make_unique<boost::asio::io_context>(1));
      threads_.emplace_back([&loop = *loops_.back()] {
        auto const guard = boost::asio::make_work_guard(loop);
        loop.run();
      });
    }
    store_->log().subscribe(
        {"follows", {{.kind = "Reacted", .echo = true}}, [this](Event event) { return echoed(std::move(event)); }});
    store_->start({loops_[0]->get_executor(), loops_[1]->get_executor()});
    opened_ = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
    opened_cpu_ = (cpu_us() - cpu) / 1'000;
  }
  ~Bench() {
    for (auto& loop : loops_) loop->stop();
    for (auto& thread : threads_) thread.join();
  }

  // What a process leaves that dies: entries that are in the journal alone.
  void abort(std::size_t entries, std::size_t followers) {
    begin_on(0, all_of(spreads_of(entries, followers))).get();
    begin_on(0, client(0, 1, true)).get();  // synced, and with it what came before
    std::printf("aborted with %zu entries not in chunks\n", store_->stats().ring_entries_dirty);
    std::fflush(stdout);
    std::_Exit(0);
  }

  void run(std::string const& part) {
    bool const all = part == "all";
    if (all || part == "likes") {
      for (int const clients : {1, 8, 64}) likes(clients, false);
      likes(8, true);
    }
    if (all || part == "spread") {
      fan_out(20);
      fan_out(1'000);
      feed();
    }
    if (all || part == "rows") rows();
    if (part == "open") {
      std::ifstream memory("/proc/self/statm");
      std::size_t pages = 0, resident = 0;
      memory >> pages >> resident;
      std::printf("open                       %7.1f ms, %.1f ms CPU, %zu MiB resident, %.1f MB of files\n", opened_,
                  opened_cpu_, resident * 4 / 1024, static_cast<double>(store_->stats().disk_bytes) / 1e6);
    }
  }

 private:
  // A reaction, its count and its event; then, as the echo, the derived row and the acknowledgement.
  Task<void> like(std::uint64_t post, std::uint64_t person, std::uint64_t id, bool plain) {
    Commit commit;
    commit.operation = id;
    commit.checks.push_back({{&reactions, key(post), key(person)}, std::nullopt});
    commit.puts.push_back({{&reactions, key(post), key(person)}, "\x08\x01\x10\x02"});
    commit.adds.push_back({{&counts, key(post), key(1)}, 3, 1});
    if (!plain)
      commit.events.push_back({.id = EventId{id}, .kind = "Reacted", .key = std::to_string(post), .body = key(person)});
    co_await store_->strict().commit(std::move(commit));
    if (plain) co_return;
    co_await echoed({.id = EventId{id}, .body = key(person)});
    co_await store_->log().acknowledge("follows", EventId{id});
  }
  Task<void> echoed(Event event) {
    Commit commit;
    commit.operation = event.id.value;
    commit.puts.push_back({{&reactions_of, event.body, key(event.id.value)}, "\x08\x01"});
    co_await store_->strict().commit(std::move(commit));
  }
  Task<int> client(int number, int likes, bool plain) {
    for (int i = 0; i < likes; ++i) {
      std::uint64_t const id = next_id_++;
      co_await like(id % 20'000, 1'000'000 + static_cast<std::uint64_t>(number), id, plain);
    }
    co_return likes;
  }
  void likes(int clients, bool plain) {
    int const each = 16'000 / clients / (clients == 1 ? 4 : 1);
    std::vector<std::future<int>> all;
    auto const syncs = store_->stats().syncs;
    auto const begin = std::chrono::steady_clock::now();
    double const cpu = cpu_us();
    for (int i = 0; i < clients; ++i) all.push_back(begin_on(i, client(i, each, plain)));
    int done = 0;
    for (auto& one : all) done += one.get();
    double const us = (cpu_us() - cpu) / done;
    auto const wall = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    std::printf("%-9s %2d clients          %7.1f us CPU   %8.0f /s   %.1f a sync\n", plain ? "commit" : "like", clients,
                us, done / wall, static_cast<double>(done) / static_cast<double>(store_->stats().syncs - syncs));
  }

  void fan_out(std::size_t followers) {
    std::size_t const entries = 2'000'000;
    std::vector<Spread> spreads = spreads_of(entries, followers);
    double const cpu = cpu_us();
    double const calls = static_cast<double>(spreads.size());
    begin_on(0, all_of(std::move(spreads))).get();
    double const written = cpu_us() - cpu;
    // The bound on what is dirty was met: this is the flush of it.
    for (int wait = 0; wait < 1'000 && store_->stats().ring_entries_dirty > entries / 2; ++wait)
      std::this_thread::sleep_for(std::chrono::milliseconds{20});
    double const flushed = cpu_us() - cpu;
    store_->compact();
    std::printf("spread to %5zu            %7.2f us CPU a call  %6.3f a partition, %6.3f with flush, %6.3f compacted\n",
                followers, written / calls, written / entries, flushed / entries, (cpu_us() - cpu) / entries);
  }
  std::vector<Spread> spreads_of(std::size_t entries, std::size_t followers) {
    std::vector<std::string> people;
    for (std::uint64_t i = 0; i < 100'000; ++i) people.push_back(key(i));
    std::uint64_t random = 88172645463325252u;
    std::vector<Spread> spreads;
    for (std::size_t done = 0; done < entries; done += followers) {
      Spread spread{&feeds, key(~(next_id_++ << 20)), std::string(30, 'v'), 1, no_time, {}};
      for (std::size_t i = 0; i < followers; ++i) {
        random ^= random << 13, random ^= random >> 7, random ^= random << 17;
        spread.partitions.push_back(people[random % people.size()]);
      }
      spreads.push_back(std::move(spread));
    }
    return spreads;
  }
  Task<int> all_of(std::vector<Spread> spreads) {
    for (Spread& spread : spreads) co_await store_->wide().spread(std::move(spread));
    co_return 0;
  }

  Task<int> write_heads() {
    for (std::uint64_t i = 0; i < 4'000; i += 40) {
      Commit commit;
      commit.operation = next_id_++;
      for (std::uint64_t j = i; j < i + 40; ++j)
        commit.puts.push_back({{&heads, key(1), key(j)}, std::string(150, 'h')});
      co_await store_->strict().commit(std::move(commit));
    }
    co_return 0;
  }
  void rows() {
    begin_on(0, write_heads()).get();
    int const pages = 100'000;
    std::uint64_t random = 1;
    std::vector<RowKey> keys(20);
    std::vector<RowPtr> found;
    std::size_t seen = 0;
    double const cpu = cpu_us();
    for (int page = 0; page < pages; ++page) {
      for (RowKey& each : keys) {
        random = random * 6364136223846793005u + 1442695040888963407u;
        each = {&heads, key(1), key((random >> 40) % 4'000)};
      }
      seen += store_->strict().get_now(keys, found) ? 1 : 0;
    }
    std::printf("get_now of 20 rows         %7.2f us CPU   (%zu of %d from memory)\n", (cpu_us() - cpu) / pages, seen,
                pages);
    double const read = cpu_us();
    begin_on(0, read_pages(20'000)).get();
    std::printf("get of 20 rows             %7.2f us CPU\n", (cpu_us() - read) / 20'000);
  }
  Task<int> read_pages(int pages) {
    std::uint64_t random = 1;
    for (int page = 0; page < pages; ++page) {
      std::vector<RowKey> keys;
      for (int i = 0; i < 20; ++i) {
        random = random * 6364136223846793005u + 1442695040888963407u;
        keys.push_back({&heads, key(1), key((random >> 40) % 4'000)});
      }
      co_await store_->strict().get(std::move(keys));
    }
    co_return 0;
  }

  void feed() {
    begin_on(0, scans(500, 1)).get();  // loads them
    int const pages = 100'000;
    double cpu = cpu_us();
    begin_on(0, scans(pages, 1)).get();
    std::printf("feed of 20 entries, warm   %7.2f us CPU\n", (cpu_us() - cpu) / pages);
    cpu = cpu_us();
    begin_on(0, scans(5'000, 977)).get();
    std::printf("feed of 20 entries, first  %7.2f us CPU\n", (cpu_us() - cpu) / 5'000);
  }
  Task<int> scans(int pages, std::uint64_t step) {
    for (int page = 0; page < pages; ++page) {
      std::uint64_t const person = static_cast<std::uint64_t>(page) * step % (step == 1 ? 500 : 100'000);
      Range range{.table = &feeds, .partition = key(person), .limit = 20};
      co_await store_->wide().scan(std::move(range));
    }
    co_return 0;
  }

  std::future<int> begin_on(int loop, Task<int> task) {
    auto promise = std::make_shared<std::promise<int>>();
    auto future = promise->get_future();
    boost::asio::co_spawn(*loops_[static_cast<std::size_t>(loop) % loops_.size()], std::move(task),
                          [promise](std::exception_ptr error, int value) {
                            if (error)
                              promise->set_exception(error);
                            else
                              promise->set_value(value);
                          });
    return future;
  }

  double opened_ = 0, opened_cpu_ = 0;
  SystemClock clock_;
  Workers workers_;
  std::optional<RocksStore> store_;
  std::vector<std::unique_ptr<boost::asio::io_context>> loops_;
  std::vector<std::thread> threads_;
  std::atomic<std::uint64_t> next_id_{1};
};

}  // namespace
}  // namespace kith

int main(int count, char** words) {
  std::filesystem::path const folder =
      count > 2 ? std::filesystem::path(words[2]) : std::filesystem::temp_directory_path() / "kith-storage-bench";
  {
    std::string const part = count > 1 ? words[1] : "all";
    kith::Bench bench(folder, part != "open");
    if (part == "abort")
      bench.abort(count > 3 ? std::stoul(words[3]) : 1'900'000, count > 4 ? std::stoul(words[4]) : 20);
    bench.run(part);
  }
  if (count <= 2) std::filesystem::remove_all(folder);
}
