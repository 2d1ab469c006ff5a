#include "gateway/http/router.h"

#include <algorithm>
#include <map>
#include <optional>

#include "base/check.h"

namespace kith {
namespace {

// A path of an API has eight segments at most; a bound keeps look-up short whatever is sent.
constexpr std::size_t segments_max = 16;

constexpr std::size_t methods = static_cast<std::size_t>(Method::other) + 1;

std::string_view next_segment(std::string_view& path) {
  if (path.starts_with('/')) path.remove_prefix(1);
  auto const segment = path.substr(0, path.find('/'));
  path.remove_prefix(segment.size());
  return segment;
}

std::string_view name_of(Access access) {
  switch (access) {
    case Access::none:
    case Access::open: return "everybody";
    case Access::app: return "any token";
    case Access::user: return "a person";
  }
  return "";
}

}  // namespace

// Fixed segments sorted by text, then those named behind a fixed beginning ("@:name"); at most one
// named segment and one rest below a node.
struct Router::Node {
  std::vector<std::pair<std::string_view, std::unique_ptr<Node>>> fixed;
  std::vector<std::pair<std::string_view, std::unique_ptr<Node>>> begun;
  std::unique_ptr<Node> named;
  std::unique_ptr<Node> rest;
  std::array<Entry const*, methods> entries{};

  bool ends() const {
    return std::any_of(entries.begin(), entries.end(), [](auto const* entry) { return entry != nullptr; });
  }

  Node const* find(std::string_view segment) const {
    auto const at = std::lower_bound(fixed.begin(), fixed.end(), segment,
                                     [](auto const& branch, std::string_view text) { return branch.first < text; });
    return at != fixed.end() && at->first == segment ? at->second.get() : nullptr;
  }

  Node& add(std::string_view segment) {
    if (segment.starts_with(':') || segment.starts_with('*')) {
      auto& branch = segment.front() == ':' ? named : rest;
      if (!branch) branch = std::make_unique<Node>();
      return *branch;
    }
    if (auto const colon = segment.find(':'); colon != std::string_view::npos) {
      auto const beginning = segment.substr(0, colon);
      for (auto const& [known, branch] : begun)
        if (known == beginning) return *branch;
      return *begun.emplace_back(beginning, std::make_unique<Node>()).second;
    }
    auto const at = std::lower_bound(fixed.begin(), fixed.end(), segment,
                                     [](auto const& branch, std::string_view text) { return branch.first < text; });
    if (at != fixed.end() && at->first == segment) return *at->second;
    return *fixed.emplace(at, segment, std::make_unique<Node>())->second;
  }

  // The route for a method, and what stands in for it: GET for HEAD, PUT and PATCH for each other.
  Entry const* entry(Method method) const {
    auto const of = [this](Method wanted) { return entries[static_cast<std::size_t>(wanted)]; };
    if (auto const* found = of(method)) return found;
    if (method == Method::head) return of(Method::get);
    if (method == Method::put) return of(Method::patch);
    if (method == Method::patch) return of(Method::put);
    return nullptr;
  }

  std::string allow() const {
    std::string text = "OPTIONS";
    for (auto const method : {Method::get, Method::head, Method::post, Method::put, Method::patch, Method::del})
      if (entry(method)) (text += ", ") += kith::name_of(method);
    return text;
  }

  // What was matched on the way stands in `caught`, in order; the pattern names it afterwards.
  Node const* walk(std::string_view path, std::vector<std::string_view>& caught, std::size_t depth) const {
    if (path.empty() || path == "/") {
      if (ends()) return this;
      return nullptr;
    }
    if (depth > segments_max) return nullptr;
    auto after = path;
    auto const segment = next_segment(after);
    if (auto const* next = find(segment))
      if (auto const* end = next->walk(after, caught, depth + 1)) return end;
    for (auto const& [beginning, branch] : begun) {
      if (segment.size() <= beginning.size() || !segment.starts_with(beginning)) continue;
      caught.push_back(segment.substr(beginning.size()));
      if (auto const* end = branch->walk(after, caught, depth + 1)) return end;
      caught.pop_back();
    }
    if (named && !segment.empty()) {
      caught.push_back(segment);
      if (auto const* end = named->walk(after, caught, depth + 1)) return end;
      caught.pop_back();
    }
    if (rest) {
      caught.push_back(path.substr(1));
      return rest.get();
    }
    return nullptr;
  }
};

Router::Router() : root_(std::make_unique<Node>()) {}
Router::~Router() = default;

void Router::add(Route route, Handler handler) {
  check(route.path.starts_with('/'), "the path of a route begins with /");
  Node* node = root_.get();
  auto path = route.path;
  while (!path.empty() && path != "/") node = &node->add(next_segment(path));
  auto& entry = node->entries[static_cast<std::size_t>(route.method)];
  check(entry == nullptr, "a route is declared once");
  entries_.push_back(std::make_unique<Entry>(Entry{std::move(route), std::move(handler), entries_.size()}));
  entry = entries_.back().get();
}

Router::Match Router::match(Method method, std::string_view raw_path) const {
  Match match;
  std::vector<std::string_view> caught;
  auto const* node = root_->walk(raw_path, caught, 0);
  if (!node) return match;
  match.entry = node->entry(method);
  if (!match.entry) {
    match.allow = node->allow();
    return match;
  }
  auto pattern = match.entry->route.path;
  match.path_params.reserve(caught.size());
  while (!pattern.empty() && match.path_params.size() < caught.size()) {
    auto const segment = next_segment(pattern);
    if (auto const mark = segment.find_first_of(":*"); mark != std::string_view::npos)
      match.path_params.emplace_back(segment.substr(mark + 1), caught[match.path_params.size()]);
  }
  return match;
}

std::string routes_text(Router const& router) {
  std::vector<Router::Entry const*> sorted;
  for (auto const& entry : router.routes()) sorted.push_back(entry.get());
  std::sort(sorted.begin(), sorted.end(), [](auto const* a, auto const* b) {
    return std::pair(a->route.path, a->route.method) < std::pair(b->route.path, b->route.method);
  });
  std::size_t widest = 0;
  for (auto const* entry : sorted) widest = std::max(widest, entry->route.path.size());

  std::string text;
  for (auto const* entry : sorted) {
    auto const& route = entry->route;
    auto const column = [&text](std::string_view word, std::size_t width) {
      text += word;
      text.append(word.size() < width ? width - word.size() : 0, ' ');
      text += "  ";
    };
    column(name_of(route.method), 6);
    column(route.path, widest);
    column(name_of(route.access), 9);
    column(route.scope.empty() ? "-" : route.scope, 19);
    text += route.summary;
    text += '\n';
  }
  return text;
}

}  // namespace kith
