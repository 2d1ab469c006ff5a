#pragma once

// What a service's rebuild is made of: walks over several tables, one bounded step a call. The cursor
// says which walk, and how far in it; it is nothing that anybody else may read.

#include <string>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "ports/rpc/call.h"
#include "ports/table/rebuild.kith.h"

namespace kith::keeper {

class Walk {
 public:
  // `parts`: how many walks there are, one after the other. Only the server itself walks.
  Walk(Call const& call, RebuildRequest request, std::size_t parts) : parts_(parts), check_only_(request.check_only) {
    if (call.viewer) throw Error{Code::forbidden, "Only the server itself does this"};
    if (request.cursor.empty()) return;
    part_ = static_cast<unsigned char>(request.cursor.front());
    if (part_ >= parts_) throw Error{Code::invalid, "This is no cursor of a rebuild"};
    cursor_ = request.cursor.substr(1);
  }

  std::size_t part() const { return part_; }
  std::string const& cursor() const { return cursor_; }
  // What differs is healed.
  bool heals() const { return !check_only_; }

  void touched(std::size_t rows) { page_.touched += rows; }
  // One line, of words, numbers and ids.
  template <class... Part>
  void differs(Part const&... part) {
    std::string line;
    (append(line, part), ...);
    page_.differences.push_back(std::move(line));
  }

  // The walk of this part goes on here; an empty cursor: with the next part, if there is one.
  RebuildPage done(std::string next) {
    if (!next.empty())
      page_.cursor = static_cast<char>(part_) + std::move(next);
    else if (part_ + 1 < parts_)
      page_.cursor.assign(1, static_cast<char>(part_ + 1));
    return std::move(page_);
  }

 private:
  static void append(std::string& line, std::string_view text) { line += text; }
  template <class Number>
    requires requires(Number const& number) { to_string(number); }
  static void append(std::string& line, Number const& id) {
    line += to_string(id);
  }
  static void append(std::string& line, std::uint64_t number) { line += std::to_string(number); }

  std::size_t parts_;
  bool check_only_;
  std::size_t part_ = 0;
  std::string cursor_;
  RebuildPage page_;
};

}  // namespace kith::keeper
