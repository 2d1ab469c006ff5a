#include "ports/rpc/headers.h"

#include <charconv>

namespace kith {
namespace {

constexpr std::string_view viewer_header = "kith-viewer";
constexpr std::string_view role_header = "kith-role";
constexpr std::string_view operation_header = "kith-operation";
constexpr std::string_view trace_header = "traceparent";  // W3C: version, trace, span, flags

void append_hex(std::string& out, std::uint64_t number) {
  for (int shift = 60; shift >= 0; shift -= 4) out += "0123456789abcdef"[number >> shift & 15];
}

template <class Number>
bool read(std::string_view text, Number& number, int base) {
  auto const [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  return failure == std::errc{} && end == text.data() + text.size();
}

bool read_trace(Call& call, std::string_view text) {
  if (text.size() != 55 || !text.starts_with("00-") || text[35] != '-' || text[52] != '-') return false;
  return read(text.substr(3, 16), call.trace[0], 16) && read(text.substr(19, 16), call.trace[1], 16) &&
         read(text.substr(36, 16), call.span, 16);
}

}  // namespace

Headers headers_of(Call const& call) {
  Headers headers;
  if (call.viewer) headers.emplace_back(viewer_header, to_string(call.viewer));
  if (call.role != Role::unspecified) headers.emplace_back(role_header, std::to_string(static_cast<int>(call.role)));
  if (call.operation != 0) headers.emplace_back(operation_header, std::to_string(call.operation));
  if (call.trace[0] != 0 || call.trace[1] != 0) {
    std::string trace = "00-";
    append_hex(trace, call.trace[0]);
    append_hex(trace, call.trace[1]);
    trace += '-';
    append_hex(trace, call.span);
    headers.emplace_back(trace_header, trace + "-01");
  }
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
