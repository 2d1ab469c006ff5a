#include "ports/rpc/headers.h"

#include <charconv>

#include "base/trace.h"

namespace kith {
namespace {

constexpr std::string_view viewer_header = "kith-viewer";
constexpr std::string_view role_header = "kith-role";
constexpr std::string_view operation_header = "kith-operation";
constexpr std::string_view trace_header = "traceparent";

template <class Number>
bool read(std::string_view text, Number& number, int base) {
  auto const [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  return failure == std::errc{} && end == text.data() + text.size();
}

bool read_trace(Call& call, std::string_view text) {
  auto const parent = parse_traceparent(text);
  if (!parent) return false;
  call.trace = parent->trace;
  call.span = parent->span;
  call.sampled = parent->sampled;
  return true;
}

}  // namespace

Headers headers_of(Call const& call) {
  Headers headers;
  if (call.viewer) headers.emplace_back(viewer_header, to_string(call.viewer));
  if (call.role != Role::unspecified) headers.emplace_back(role_header, std::to_string(static_cast<int>(call.role)));
  if (call.operation != 0) headers.emplace_back(operation_header, std::to_string(call.operation));
  if ((call.trace[0] | call.trace[1]) != 0 && call.span != 0)
    headers.emplace_back(trace_header, traceparent({call.trace, call.span, call.sampled}));
  return headers;
}

bool take_header(Call& call, std::string_view name, std::string_view value) {
  if (name == viewer_header) return read(value, call.viewer.value, 10);
  if (name == operation_header) return read(value, call.operation, 10);
  if (name == trace_header) return read_trace(call, value);
  if (name != role_header) return true;
  int role = 0;
  if (!read(value, role, 10) || role < 0 || role > static_cast<int>(Role::admin)) return false;
  call.role = static_cast<Role>(role);
  return true;
}

std::optional<Code> parse_code(std::string_view name) {
  for (int code = 0; code <= static_cast<int>(Code::internal); ++code)
    if (name_of(static_cast<Code>(code)) == name) return static_cast<Code>(code);
  return std::nullopt;
}

}  // namespace kith
