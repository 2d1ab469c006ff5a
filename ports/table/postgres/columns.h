#pragma once

// The columns of a table, made from its description: one for each field, of the type that an
// operator would choose. A row's value is taken apart into them and put together again, byte for
// byte: what a column cannot hold exactly (fields of a newer schema, text that is none, a number
// beyond 63 bits) stays in one more column, the rest, as it came.

#include <string>
#include <string_view>
#include <vector>

#include "ports/table/postgres/binary.h"
#include "ports/table/row.h"

namespace kith::postgres {

struct Column {
  std::uint32_t field = 0;
  FieldKind kind = FieldKind::number;
  bool repeated = false;
  std::string name;  // of the field
  std::string type;  // in SQL
};

class Columns {
 public:
  explicit Columns(TableDescription const& table);

  // For people alone: the key itself is stored encoded, for its order.
  std::vector<Column> const& keys() const { return keys_; }
  std::vector<Column> const& values() const { return values_; }

  std::vector<Cell> of_key(RowKey const& key) const;
  // The cells of values(), then the rest.
  std::vector<Cell> split(std::string_view value) const;
  // A whole value of what split made of it.
  template <class CellAt>
  std::string join(CellAt cell_at) const {
    std::string value;
    for (std::size_t i = 0; i < values_.size(); ++i)
      if (std::optional<std::string_view> const cell = cell_at(i)) append(value, values_[i], *cell);
    if (std::optional<std::string_view> const rest = cell_at(values_.size())) value += *rest;
    return value;
  }

 private:
  static void append(std::string& value, Column const& column, std::string_view cell);

  Table table_;
  std::vector<Column> keys_, values_;
};

}  // namespace kith::postgres
