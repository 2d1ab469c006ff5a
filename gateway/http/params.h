#pragma once

// What a client sent, as one tree: query, JSON, urlencoded and multipart alike. `poll[options][]=a`
// and {"poll": {"options": ["a"]}} are the same tree; where query and body name the same thing, the
// body wins.
//
// A name is a path into the tree: "status", "poll[options]", "data[alerts][mention]"; a trailing []
// means nothing. Getters read JSON and form values alike ("false", "0", "off" are flags, "7" is a
// number and an id). JSON null, and an empty form value asked as flag, number or id, count as not
// sent. A value of the wrong form is an Error of Code::invalid with a sentence that names it.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/id.h"
#include "base/time.h"

namespace kith {

class Params {
 public:
  enum class Kind : std::uint8_t { none, null, flag, number, text, file, list, map };

  Kind kind() const { return kind_; }
  std::string const& name() const { return name_; }  // its key in the map that holds it
  std::string const& raw() const { return text_; }   // flag, number and text as they were written

  Params const* find(std::string_view path) const;  // null: not sent
  bool has(std::string_view path) const { return find(path) != nullptr; }

  // The members of a list or map in the order sent: also fields_attributes[0][name], [1][name]...
  std::vector<Params> const& members() const { return members_; }
  std::vector<Params> const& members(std::string_view path) const;  // none when not sent

  // These refuse what is missing ...
  std::string text(std::string_view path) const;
  std::int64_t number(std::string_view path) const;
  template <class AnId>
  AnId id(std::string_view path) const {
    auto const found = maybe_id<AnId>(path);
    if (!found) missing(path);
    return *found;
  }
  // ... these do not.
  std::optional<std::string> maybe_text(std::string_view path) const;
  std::optional<std::int64_t> maybe_number(std::string_view path) const;
  std::optional<bool> maybe_flag(std::string_view path) const;
  std::optional<Time> maybe_time(std::string_view path) const;  // RFC 3339
  bool flag(std::string_view path, bool otherwise = false) const { return maybe_flag(path).value_or(otherwise); }
  template <class AnId>
  std::optional<AnId> maybe_id(std::string_view path) const {
    auto const value = maybe_id_value(path);
    return value ? std::optional<AnId>(AnId{*value}) : std::nullopt;
  }

  // Lists: `id[]=1&id[]=2`, `id=1&id=2`, a JSON array or one single value. None when not sent.
  std::vector<std::string> texts(std::string_view path) const;
  std::vector<std::int64_t> numbers(std::string_view path) const;
  template <class AnId>
  std::vector<AnId> ids(std::string_view path) const {
    std::vector<AnId> found;
    for (auto const value : id_values(path)) found.push_back(AnId{value});
    return found;
  }

  // The value of a node itself, when walking members(): members("fields")[0].text().
  std::string text() const { return as_text(name_); }

  // Building, for the parsers.
  Params() = default;
  Params(Kind kind, std::string text = {}) : kind_(kind), text_(std::move(text)) {}
  Params& child(std::string_view name);  // of a map; made when it is not there
  Params& push(Params value);            // onto a list
  Params& last() { return members_.back(); }
  void repeat(Params value);   // the same name once more: together they are a list
  void replace(Params value);  // keeps the name

 private:
  [[noreturn]] static void missing(std::string_view path);
  std::string as_text(std::string_view path) const;
  std::optional<std::uint64_t> maybe_id_value(std::string_view path) const;
  std::vector<std::uint64_t> id_values(std::string_view path) const;

  Kind kind_ = Kind::none;
  bool repeated_ = false;  // a list only because a plain name came twice
  std::string name_;
  std::string text_;
  std::vector<Params> members_;
};

}  // namespace kith
