#pragma once

// What communities are imported from: a graph as a list of edges, posts as CSV. Reading is strict: a
// line that is not understood is left out, counted and, if it is one of the first, named; the rest is
// imported. Pure, besides read_input.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kith {

inline constexpr std::size_t input_bytes_max = std::size_t{256} << 20;  // it is held in memory

// The whole file. Throws Error{invalid} with one sentence naming it when it is missing, empty, a
// folder, too large or cannot be read; `what` is its role: "graph".
std::string read_input(std::string const& path, std::string_view what);

// Lines that were left out.
struct LeftOut {
  static constexpr std::size_t named_max = 5;  // more tell a person nothing new
  struct Line {
    std::size_t line;
    std::string why;
  };
  std::size_t count = 0;
  std::vector<Line> first;

  void add(std::size_t line, std::string why);
  // "3 lines were left out: line 2 (not two numbers), line 7 (...)"; empty when none was.
  std::string sentence(std::string_view path) const;
};

// Mutual ties, a pair of numbers a line: "1 2", "1,2" or with a tab. Blank lines and those that
// begin with # or % are comments.
struct EdgeList {
  std::vector<std::uint64_t> people;                          // every number there is, ascending
  std::vector<std::pair<std::uint32_t, std::uint32_t>> ties;  // places in people, the smaller first; each once
  std::size_t self_loops = 0;
  std::size_t doubles = 0;
  LeftOut left_out;
};
EdgeList parse_edges(std::string_view text);

// A record of CSV as RFC 4180 has it: quoted fields may hold commas, line ends and doubled quotes.
struct CsvRow {
  std::size_t line = 0;             // where it begins, from 1
  std::vector<std::string> fields;  // empty when there is a problem
  std::string problem;
};
// Blank lines are no records. A quote that nobody closes costs its own line, not the rest of the file.
std::vector<CsvRow> parse_csv(std::string_view text);

// Posts, one a row below the head `topic,title,text`.
struct PostTable {
  struct Post {
    std::size_t row;  // from 0 after the head, rows that were left out counted
    std::string topic, title, text;
  };
  std::vector<Post> posts;
  std::size_t repaired = 0;  // bytes that were no UTF-8 and became U+FFFD
  LeftOut left_out;
};
// Throws Error{invalid} when the head is another one; `path` is for that sentence.
PostTable parse_posts(std::string_view bytes, std::string_view path);

}  // namespace kith
