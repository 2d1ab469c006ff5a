#pragma once

#include <string>
#include <string_view>

#include "ports/table/row.h"

namespace kith::contract {

// The tables of the suites. Their parsed rows are just the bytes.
struct Contents : Row {
  std::string value;
};
extern TableDescription const things;   // strict: owner number; name text, number descending
extern TableDescription const tallies;  // strict: owner number; kind enumeration; two numbers
extern TableDescription const names;    // strict: name text; no sort key
extern TableDescription const notes;    // wide: owner number; id descending

RowKey thing(std::uint64_t owner, std::string name, std::uint64_t number = 0);
RowKey tally(std::uint64_t owner, std::uint32_t kind);
RowKey name(std::string name);
RowKey note(std::uint64_t owner, std::uint64_t id);

// A key part as the plug-in encodes it.
std::string big_endian(std::uint64_t number);
// Field 4 of things, names and notes.
std::string text_value(std::string_view text);
// Fields 3 and 4 of tallies.
inline constexpr std::uint32_t yes_field = 3, no_field = 4;
std::string tally_value(std::uint64_t yes, std::uint64_t no);
struct Counts {
  std::int64_t yes = 0;
  std::int64_t no = 0;
  friend bool operator==(Counts const&, Counts const&) = default;
};

std::string value_of(RowPtr const& row);
Version version_of(RowPtr const& row);

}  // namespace kith::contract
