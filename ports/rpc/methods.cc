#include "ports/rpc/methods.h"

#include "base/check.h"

namespace kith {

void Methods::add(std::string name, Answer answer) {
  bool const added = answers_.emplace(std::move(name), std::move(answer)).second;
  check(added, "a method is served by one service");
}

void Methods::wrap(std::function<Answer(std::string const&, Answer)> const& into) {
  for (auto& [name, answer] : answers_) answer = into(name, std::move(answer));
}

Methods::Answer const* Methods::find(std::string_view name) const {
  auto const found = answers_.find(name);
  return found == answers_.end() ? nullptr : &found->second;
}

std::vector<std::string_view> Methods::names() const {
  std::vector<std::string_view> names;
  names.reserve(answers_.size());
  for (auto const& [name, answer] : answers_) names.push_back(name);
  return names;
}

}  // namespace kith
