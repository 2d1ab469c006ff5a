#include "base/trace.h"

#include <algorithm>
#include <random>

namespace kith {
namespace {

constexpr std::size_t header_size = 55;  // "00-" 32 "-" 16 "-" 2

void append_hex(std::string& out, std::uint64_t number) {
  for (int shift = 60; shift >= 0; shift -= 4) out += "0123456789abcdef"[number >> shift & 15];
}

// Small letters only, as the standard wants.
bool read_hex(std::string_view text, std::uint64_t& number) {
  number = 0;
  for (char const c : text) {
    if (c >= '0' && c <= '9')
      number = number << 4 | static_cast<std::uint64_t>(c - '0');
    else if (c >= 'a' && c <= 'f')
      number = number << 4 | static_cast<std::uint64_t>(c - 'a' + 10);
    else
      return false;
  }
  return true;
}

}  // namespace

std::optional<TraceParent> parse_traceparent(std::string_view text) {
  // A later version may say more behind what we know of it.
  if (text.size() < header_size || text[2] != '-' || text[35] != '-' || text[52] != '-') return std::nullopt;
  std::uint64_t version = 0, flags = 0;
  TraceParent parent;
  if (!read_hex(text.substr(0, 2), version) || version == 0xFF || !read_hex(text.substr(3, 16), parent.trace[0]) ||
      !read_hex(text.substr(19, 16), parent.trace[1]) || !read_hex(text.substr(36, 16), parent.span) ||
      !read_hex(text.substr(53, 2), flags))
    return std::nullopt;
  if (text.size() > header_size && (version == 0 || text[header_size] != '-')) return std::nullopt;
  if ((parent.trace[0] | parent.trace[1]) == 0 || parent.span == 0) return std::nullopt;
  parent.sampled = (flags & 1) != 0;
  return parent;
}

std::string traceparent(TraceParent const& parent) {
  std::string text = "00-";
  text.reserve(header_size);
  append_hex(text, parent.trace[0]);
  append_hex(text, parent.trace[1]);
  text += '-';
  append_hex(text, parent.span);
  return text += parent.sampled ? "-01" : "-00";
}

std::string to_hex(TraceId const& trace) {
  std::string text;
  append_hex(text, trace[0]);
  append_hex(text, trace[1]);
  return text;
}

std::string to_hex(std::uint64_t span) {
  std::string text;
  append_hex(text, span);
  return text;
}

std::uint64_t random_number() {
  // splitmix64, one a thread.
  thread_local std::uint64_t state = std::uint64_t{std::random_device{}()} << 32 | std::random_device{}();
  std::uint64_t value = (state += 0x9E3779B97F4A7C15u);
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9u;
  value = (value ^ (value >> 27)) * 0x94d049bb133111ebu;
  return std::max<std::uint64_t>(value ^ (value >> 31), 1);
}

struct Span::Open {
  Tracer* tracer;
  std::chrono::steady_clock::time_point since;
  FinishedSpan span;
};

void Span::Ended::operator()(Open* open) const { delete open; }

Span::Span(Tracer* tracer, TraceParent const& parent, SpanKind kind, std::string_view name) {
  if (tracer == nullptr || !parent.sampled) return;
  open_.reset(new Open{tracer, std::chrono::steady_clock::now(), {}});
  FinishedSpan& span = open_->span;
  span.trace = parent.trace;
  span.id = random_number();
  span.parent = parent.span;
  span.kind = kind;
  span.name = name;
  span.began = std::chrono::floor<Duration>(std::chrono::system_clock::now());
}

Span& Span::operator=(Span&& other) noexcept {
  if (this != &other) {
    end();
    open_ = std::move(other.open_);
  }
  return *this;
}

TraceParent Span::parent_of_next() const {
  return open_ ? TraceParent{open_->span.trace, open_->span.id, true} : TraceParent{};
}

TraceHere Span::place() const {
  return open_ ? TraceHere{open_->tracer, open_->span.trace, open_->span.id} : TraceHere{};
}

void Span::text(std::string_view name, std::string value) {
  if (open_) open_->span.texts.emplace_back(name, std::move(value));
}

void Span::number(std::string_view name, std::int64_t value) {
  if (open_) open_->span.numbers.emplace_back(name, value);
}

void Span::failed(std::string why) {
  if (open_) open_->span.failure = std::move(why);
}

void Span::end() noexcept {
  if (!open_) return;
  auto const took = std::chrono::steady_clock::now() - open_->since;
  open_->span.took = std::chrono::duration_cast<Duration>(took);
  Tracer* const tracer = open_->tracer;
  FinishedSpan span = std::move(open_->span);
  open_.reset();
  tracer->finished(std::move(span));
}

}  // namespace kith
