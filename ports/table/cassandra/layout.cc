#include "ports/table/cassandra/layout.h"

#include "base/check.h"

namespace kith::cassandra {

Layout::Layout(std::string keyspace, std::vector<Table> const& tables) : keyspace_(std::move(keyspace)) {
  for (Table const table : tables) {
    if (table->table_class != TableClass::wide) continue;
    TableLayout layout;
    layout.table = table;
    layout.name = std::string(table->service) + '_' + std::string(table->name);
    for (char& letter : layout.name)
      if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
    layout.buckets = Buckets::of(*table);
    tables_.emplace(table->number, std::move(layout));
  }
}

TableLayout const& Layout::of(Table table) const {
  auto const found = tables_.find(table->number);
  check(found != tables_.end(), "a table is named before it is used");
  return found->second;
}

void Layout::prepare(Session& session) {
  for (auto& [number, table] : tables_) {
    std::string const name = named(table.name), buckets = name + "_buckets";
    std::string const where = table.buckets ? " WHERE partition = ? AND bucket = ?" : " WHERE partition = ?";
    std::string const cells = "sort, value, writetime(value)";
    table.get = session.prepare("SELECT " + cells + " FROM " + name + where + " AND sort = ?");
    table.put =
        session.prepare("UPDATE " + name + " USING TIMESTAMP ? AND TTL ? SET value = ?" + where + " AND sort = ?");
    table.erase = session.prepare("DELETE FROM " + name + " USING TIMESTAMP ?" + where + " AND sort = ?");
    table.walk = session.prepare("SELECT partition, " + cells + " FROM " + name);
    for (bool const backwards : {false, true}) {
      std::string const order = backwards ? "DESC" : "ASC";
      std::string const scan = "SELECT " + cells + " FROM " + name + where + " AND sort >= ?";
      table.scan[backwards] = session.prepare(scan + " ORDER BY sort " + order + " LIMIT ?");
      table.scan_to[backwards] = session.prepare(scan + " AND sort < ? ORDER BY sort " + order + " LIMIT ?");
      if (table.buckets)
        table.list_buckets[backwards] =
            session.prepare("SELECT bucket FROM " + buckets + " WHERE partition = ? AND bucket >= ? AND bucket <= ?" +
                            " ORDER BY bucket " + order + " LIMIT ?");
    }
    if (table.buckets)
      table.note_bucket =
          session.prepare("INSERT INTO " + buckets + " (partition, bucket, until) VALUES (?, ?, ?) USING TTL ?");
  }
}

}  // namespace kith::cassandra
