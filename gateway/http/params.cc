#include "gateway/http/params.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace kith {
namespace {

std::vector<Params> const no_members;

// Takes the next step off a path: "a[b][c]" gives "a", "b", "c"; "[]" gives nothing.
std::string_view next_step(std::string_view& path) {
  while (path.starts_with("[]")) path.remove_prefix(2);
  if (path.starts_with('[')) path.remove_prefix(1);
  auto const end = path.find_first_of("[]");
  auto const step = path.substr(0, end);
  path.remove_prefix(step.size());
  if (path.starts_with(']')) path.remove_prefix(1);
  return step;
}

[[noreturn]] void wrong(std::string_view path, std::string_view form) {
  throw Error{Code::invalid, std::string(path) + " must be " + std::string(form)};
}

bool is_any(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

std::optional<bool> flag_of(std::string_view text) {
  if (text.size() > 5) return std::nullopt;
  std::array<char, 5> lower{};
  std::transform(text.begin(), text.end(), lower.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? c | 0x20 : c; });
  std::string_view const word(lower.data(), text.size());
  if (is_any(word, {"true", "1", "on", "yes", "t"})) return true;
  if (is_any(word, {"false", "0", "off", "no", "f"})) return false;
  return std::nullopt;
}

std::optional<std::int64_t> number_of(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  std::int64_t value = 0;
  auto const [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool is_value(Params const& node) {
  return node.kind() == Params::Kind::flag || node.kind() == Params::Kind::number || node.kind() == Params::Kind::text;
}

}  // namespace

void Params::missing(std::string_view path) { throw Error{Code::invalid, std::string(path) + " is missing"}; }

Params const* Params::find(std::string_view path) const {
  Params const* node = this;
  while (!path.empty()) {
    auto const step = next_step(path);
    if (step.empty()) break;
    auto const& members = node->members_;
    if (node->kind_ == Kind::list) {
      auto const place = number_of(step);
      if (!place || *place < 0 || static_cast<std::size_t>(*place) >= members.size()) return nullptr;
      node = &members[static_cast<std::size_t>(*place)];
      continue;
    }
    auto const found =
        std::find_if(members.begin(), members.end(), [step](Params const& member) { return member.name_ == step; });
    if (found == members.end()) return nullptr;
    node = &*found;
  }
  return node;
}

std::vector<Params> const& Params::members(std::string_view path) const {
  auto const* node = find(path);
  return node ? node->members_ : no_members;
}

std::string Params::as_text(std::string_view path) const {
  // A plain name sent twice: the last one counts, as everywhere else on the web.
  if (repeated_ && !members_.empty()) return members_.back().as_text(path);
  if (!is_value(*this)) wrong(path, "a text");
  return text_;
}

std::optional<std::string> Params::maybe_text(std::string_view path) const {
  auto const* node = find(path);
  if (!node || node->kind_ == Kind::null || node->kind_ == Kind::none) return std::nullopt;
  return node->as_text(path);
}

std::string Params::text(std::string_view path) const {
  auto found = maybe_text(path);
  if (!found) missing(path);
  return std::move(*found);
}

std::optional<std::int64_t> Params::maybe_number(std::string_view path) const {
  auto const found = maybe_text(path);
  if (!found || found->empty()) return std::nullopt;
  auto const value = number_of(*found);
  if (!value) wrong(path, "a whole number");
  return value;
}

std::int64_t Params::number(std::string_view path) const {
  auto const found = maybe_number(path);
  if (!found) missing(path);
  return *found;
}

std::optional<bool> Params::maybe_flag(std::string_view path) const {
  auto const found = maybe_text(path);
  if (!found || found->empty()) return std::nullopt;
  auto const value = flag_of(*found);
  if (!value) wrong(path, "true or false");
  return value;
}

std::optional<Time> Params::maybe_time(std::string_view path) const {
  auto const found = maybe_text(path);
  if (!found || found->empty()) return std::nullopt;
  auto const value = parse_time(*found);
  if (!value) wrong(path, "a time such as 2026-11-21T12:30:00Z");
  return value;
}

std::optional<std::uint64_t> Params::maybe_id_value(std::string_view path) const {
  auto const found = maybe_text(path);
  if (!found || found->empty()) return std::nullopt;
  auto const value = parse_id(*found);
  if (!value) wrong(path, "an id");
  return value;
}

std::vector<std::string> Params::texts(std::string_view path) const {
  std::vector<std::string> found;
  auto const* node = find(path);
  if (!node || node->kind_ == Kind::null || node->kind_ == Kind::none) return found;
  if (is_value(*node)) {
    found.push_back(node->text_);
    return found;
  }
  if (node->kind_ == Kind::file) wrong(path, "a list of texts");
  found.reserve(node->members_.size());
  for (auto const& member : node->members_) {
    if (member.kind_ == Kind::null) continue;
    if (!is_value(member)) wrong(path, "a list of texts");
    found.push_back(member.text_);
  }
  return found;
}

std::vector<std::int64_t> Params::numbers(std::string_view path) const {
  std::vector<std::int64_t> found;
  for (auto const& text : texts(path)) {
    auto const value = number_of(text);
    if (!value) wrong(path, "a list of whole numbers");
    found.push_back(*value);
  }
  return found;
}

std::vector<std::uint64_t> Params::id_values(std::string_view path) const {
  std::vector<std::uint64_t> found;
  for (auto const& text : texts(path)) {
    if (text.empty()) continue;
    auto const value = parse_id(text);
    if (!value) wrong(path, "a list of ids");
    found.push_back(*value);
  }
  return found;
}

Params& Params::child(std::string_view name) {
  // A value that turns out to have members gives way to them: the later form wins.
  if (kind_ != Kind::map) {
    kind_ = Kind::map;
    repeated_ = false;
    text_.clear();
    members_.clear();
  }
  auto const found =
      std::find_if(members_.begin(), members_.end(), [name](Params const& member) { return member.name_ == name; });
  if (found != members_.end()) return *found;
  members_.emplace_back().name_ = name;
  return members_.back();
}

Params& Params::push(Params value) {
  if (kind_ != Kind::list) {
    kind_ = Kind::list;
    text_.clear();
    members_.clear();
  }
  repeated_ = false;
  members_.push_back(std::move(value));
  return members_.back();
}

void Params::repeat(Params value) {
  if (kind_ == Kind::none) return replace(std::move(value));
  if (kind_ == Kind::map) return replace(std::move(value));
  if (kind_ == Kind::list) {
    members_.push_back(std::move(value));
    return;
  }
  Params first(kind_, std::move(text_));
  kind_ = Kind::list;
  text_.clear();
  members_.clear();
  members_.push_back(std::move(first));
  members_.push_back(std::move(value));
  repeated_ = true;
}

void Params::replace(Params value) {
  kind_ = value.kind_;
  repeated_ = value.repeated_;
  text_ = std::move(value.text_);
  members_ = std::move(value.members_);
}

}  // namespace kith
