#pragma once

// How wide tables lie in a keyspace: a table each of partition, bucket (where the description has one), sort and
// one value cell; and beside it, of which buckets there are rows.

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ports/table/cassandra/buckets.h"
#include "ports/table/cassandra/session.h"
#include "ports/table/row.h"

namespace kith::cassandra {

struct TableLayout {
  Table table = nullptr;
  std::string name;  // service_table
  std::optional<Buckets> buckets;

  // Prepared. [0] as the sort keys grow, [1] against it; `to` has an upper bound besides.
  Statement get = 0, put = 0, erase = 0, walk = 0;
  Statement scan[2] = {}, scan_to[2] = {};
  Statement note_bucket = 0, list_buckets[2] = {};
};

class Layout {
 public:
  // Of the wide ones among them.
  Layout(std::string keyspace, std::vector<Table> const& tables);

  TableLayout const& of(Table table) const;
  std::map<std::uint32_t, TableLayout> const& all() const { return tables_; }  // by number
  std::string const& keyspace() const { return keyspace_; }
  std::string named(std::string const& table) const { return keyspace_ + "." + table; }

  void prepare(Session& session);

 private:
  std::string keyspace_;
  std::map<std::uint32_t, TableLayout> tables_;
};

// What is missing is made. Tells what, a line each.
std::vector<std::string> expand(Session& session, Layout const& layout);

}  // namespace kith::cassandra
