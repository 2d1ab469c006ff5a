#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_set>
#include <variant>
#include <vector>

#include "base/recent.h"
#include "ports/clock/clock.h"
#include "ports/table/cassandra/layout.h"
#include "ports/table/wide.h"

namespace kith::cassandra {

class CassandraWide final : public Wide {
 public:
  struct Needs {
    Clock& clock;
    Session& session;
    Layout const& layout;
  };
  explicit CassandraWide(Needs needs) : needs_(needs) {}

  Task<std::vector<RowPtr>> get(std::vector<RowKey> keys) override;
  Task<Scanned> scan(Range range) override;
  Task<void> put(std::vector<WidePut> rows) override;
  Task<void> erase(std::vector<WideErase> rows) override;
  Task<void> spread(Spread spread) override;
  Task<RawPage> scan_all(Table table, std::string cursor, std::size_t limit) override;
  Task<void> apply(std::vector<RawRow> rows) override;

 private:
  struct Scanning;
  struct Piece;
  Task<void> scan_piece(Scanning& scanning, Piece piece);
  Task<void> scan_cut(Scanning& scanning);
  Task<void> scan_buckets(Scanning& scanning, std::vector<std::int64_t> buckets, std::size_t at_first);
  Request scan_request(Scanning const& scanning, Piece const& piece) const;
  bool take(Scanning& scanning, Piece& piece, std::size_t asked, Answer& answer) const;
  Task<void> write(std::vector<RawRow> rows);
  // Adds the requests that list the buckets of rows, and returns the names of what they list.
  std::unordered_set<std::string> list_buckets(std::vector<RawRow> const& rows, std::vector<Request>& requests);

  Needs needs_;
  // Buckets that were listed by this process, so that not every write does it again; 50 MB at most.
  std::mutex mutex_;
  Recent<std::string, std::monostate> listed_{250'000};
};

}  // namespace kith::cassandra
