#include "app/import_files.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <memory>
#include <optional>
#include <system_error>
#include <unordered_set>

#include "base/error.h"
#include "base/text.h"

namespace kith {
namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
constexpr std::string_view replacement = "\xEF\xBF\xBD";
// A post has some thousand characters: a field beyond this is a quote that nobody closes.
constexpr std::size_t field_bytes_max = 256 << 10;

std::string_view without_mark(std::string_view text) {
  if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
  return text;
}

bool blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

std::string_view stripped(std::string_view line) {
  while (!line.empty() && blank(line.front())) line.remove_prefix(1);
  while (!line.empty() && blank(line.back())) line.remove_suffix(1);
  return line;
}

// A number at the beginning, which is taken away.
std::optional<std::uint64_t> take_number(std::string_view& text) {
  std::uint64_t number = 0;
  auto const [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

// Spaces, tabs, and among them at most one comma; whether there was anything.
bool take_separator(std::string_view& text) {
  std::size_t commas = 0;
  std::size_t length = 0;
  while (length < text.size() && (blank(text[length]) || text[length] == ',')) commas += text[length++] == ',' ? 1 : 0;
  text.remove_prefix(length);
  return length > 0 && commas <= 1;
}

std::optional<std::pair<std::uint64_t, std::uint64_t>> parse_edge(std::string_view line) {
  auto const one = take_number(line);
  if (!one || !take_separator(line)) return std::nullopt;
  auto const other = take_number(line);
  if (!other || !line.empty()) return std::nullopt;
  return std::pair(*one, *other);
}

std::size_t count_of(std::string_view text, std::string_view word) {
  std::size_t count = 0;
  for (auto at = text.find(word); at != std::string_view::npos; at = text.find(word, at + word.size())) ++count;
  return count;
}

// Reads records one after the other.
class CsvReader {
 public:
  explicit CsvReader(std::string_view text) : text_(text) {}

  bool next(CsvRow& row) {
    while (at_ < text_.size() && ends_line()) skip_line_end();
    if (at_ >= text_.size()) return false;
    row = CsvRow{.line = line_, .fields = {}, .problem = {}};
    std::size_t const begin = at_;
    std::size_t const begin_line = line_;
    for (bool more = true; more;) {
      std::string field;
      row.problem = take_field(field);
      if (!row.problem.empty()) {
        at_ = begin;
        line_ = begin_line;
        skip_line();
        row.fields.clear();
        return true;
      }
      row.fields.push_back(std::move(field));
      more = at_ < text_.size() && text_[at_] == ',';
      if (more) ++at_;
    }
    if (at_ < text_.size()) skip_line_end();
    return true;
  }

 private:
  bool ends_line() const { return text_[at_] == '\n' || text_.substr(at_, 2) == "\r\n"; }
  void skip_line_end() {
    at_ += text_[at_] == '\n' ? 1 : 2;
    ++line_;
  }
  void skip_line() {
    at_ = std::min(text_.find('\n', at_), text_.size());
    if (at_ < text_.size()) skip_line_end();
  }

  // Up to the comma or line end behind it; what is wrong, if something is.
  std::string take_field(std::string& field) {
    if (at_ < text_.size() && text_[at_] == '"') return take_quoted(field);
    while (at_ < text_.size() && text_[at_] != ',' && !ends_line()) field += text_[at_++];
    return {};
  }
  std::string take_quoted(std::string& field) {
    for (++at_; field.size() < field_bytes_max; ++at_) {
      auto const quote = std::min(text_.find('"', at_), at_ + field_bytes_max);
      if (quote >= text_.size()) break;
      if (text_[quote] != '"') break;
      std::string_view const part = text_.substr(at_, quote - at_);
      line_ += static_cast<std::size_t>(std::ranges::count(part, '\n'));
      field += part;
      at_ = quote + 1;
      if (at_ < text_.size() && text_[at_] == '"') {
        field += '"';
        continue;
      }
      if (at_ < text_.size() && text_[at_] != ',' && !ends_line()) return "text behind a closing quote";
      return {};
    }
    return "a quote that is not closed";
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t line_ = 1;
};

}  // namespace

std::string read_input(std::string const& path, std::string_view what) {
  std::string const name = "The " + std::string(what) + " file " + path;
  struct stat about{};
  if (::stat(path.c_str(), &about) != 0)
    throw Error{Code::invalid, name + (errno == ENOENT ? " is not there"
                                                       : " cannot be read: " + std::generic_category().message(errno))};
  if (S_ISDIR(about.st_mode)) throw Error{Code::invalid, name + " is a folder, not a file"};
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> const file(std::fopen(path.c_str(), "rb"), &std::fclose);
  if (!file) throw Error{Code::invalid, name + " cannot be read: " + std::generic_category().message(errno)};
  std::string text;
  std::string part(1 << 16, '\0');
  while (std::feof(file.get()) == 0) {
    text.append(part, 0, std::fread(part.data(), 1, part.size(), file.get()));
    if (std::ferror(file.get()) != 0)
      throw Error{Code::invalid, name + " cannot be read: " + std::generic_category().message(errno)};
    if (text.size() > input_bytes_max) throw Error{Code::invalid, name + " is larger than 256 MiB"};
  }
  if (text.empty()) throw Error{Code::invalid, name + " is empty"};
  return text;
}

void LeftOut::add(std::size_t line, std::string why) {
  if (count++ < named_max) first.push_back({line, std::move(why)});
}

std::string LeftOut::sentence(std::string_view path) const {
  if (count == 0) return {};
  std::string out = std::string(path) + ": " + std::to_string(count) + (count == 1 ? " line was" : " lines were") +
                    " not understood and left out: ";
  for (std::size_t i = 0; i < first.size(); ++i)
    out += (i == 0 ? "line " : ", line ") + std::to_string(first[i].line) + " (" + first[i].why + ")";
  if (count > first.size()) out += " and more";
  return out;
}

EdgeList parse_edges(std::string_view text) {
  EdgeList list;
  text = without_mark(text);
  std::vector<std::pair<std::uint64_t, std::uint64_t>> edges;
  for (std::size_t at = 0, line = 1; at < text.size(); ++line) {
    auto const end = std::min(text.find('\n', at), text.size());
    std::string_view const words = stripped(text.substr(at, end - at));
    at = end + 1;
    if (words.empty() || words.front() == '#' || words.front() == '%') continue;
    if (auto const edge = parse_edge(words))
      edges.push_back(*edge);
    else
      list.left_out.add(line, "not two numbers");
  }

  list.people.reserve(edges.size() * 2);
  for (auto const& [one, other] : edges) {
    list.people.push_back(one);
    list.people.push_back(other);
  }
  std::ranges::sort(list.people);
  list.people.erase(std::ranges::unique(list.people).begin(), list.people.end());
  list.people.shrink_to_fit();

  auto const place_of = [&](std::uint64_t number) {
    return static_cast<std::uint32_t>(std::ranges::lower_bound(list.people, number) - list.people.begin());
  };
  std::unordered_set<std::uint64_t> known;
  known.reserve(edges.size());
  for (auto const& [one, other] : edges) {
    if (one == other) {
      ++list.self_loops;
      continue;
    }
    std::uint32_t const a = place_of(one), b = place_of(other);
    std::uint32_t const lo = std::min(a, b), hi = std::max(a, b);
    if (known.insert(std::uint64_t{lo} << 32 | hi).second)
      list.ties.emplace_back(lo, hi);
    else
      ++list.doubles;
  }
  return list;
}

std::vector<CsvRow> parse_csv(std::string_view text) {
  std::vector<CsvRow> rows;
  CsvReader reader(without_mark(text));
  for (CsvRow row; reader.next(row);) rows.push_back(std::move(row));
  return rows;
}

PostTable parse_posts(std::string_view bytes, std::string_view path) {
  PostTable table;
  std::string repaired;
  if (!is_text(bytes)) {
    repaired = as_text(bytes);
    table.repaired = count_of(repaired, replacement) - count_of(bytes, replacement);
    bytes = repaired;
  }
  CsvReader reader(without_mark(bytes));
  CsvRow row;
  bool const has_head = reader.next(row);
  if (!has_head || row.fields != std::vector<std::string>{"topic", "title", "text"})
    throw Error{Code::invalid, "The posts file " + std::string(path) + " must begin with the line topic,title,text"};
  for (std::size_t number = 0; reader.next(row); ++number) {
    if (row.problem.empty() && row.fields.size() != 3)
      row.problem = std::to_string(row.fields.size()) + " fields instead of 3";
    else if (row.problem.empty() && trim(row.fields[1]).empty() && trim(row.fields[2]).empty())
      row.problem = "neither title nor text";
    if (!row.problem.empty()) {
      table.left_out.add(row.line, std::move(row.problem));
      continue;
    }
    table.posts.push_back({number, std::move(row.fields[0]), std::move(row.fields[1]), std::move(row.fields[2])});
  }
  return table;
}

}  // namespace kith
