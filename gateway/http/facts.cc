#include "gateway/http/facts.h"

#include <sodium.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <random>

#include "base/text.h"
#include "gateway/http/body.h"

namespace kith {
namespace {

std::string_view header_of(RequestData const& data, std::string_view name) {
  for (auto const& [key, value] : data.headers)
    if (same_word(key, name)) return value;
  return {};
}

bool is_request_id(std::string_view id) {
  return !id.empty() && id.size() <= 64 && std::all_of(id.begin(), id.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
           c == '.';
  });
}

std::string hex(std::uint64_t number) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string text(16, '0');
  for (auto at = text.rbegin(); at != text.rend(); ++at, number >>= 4) *at = digits[number & 15];
  return text;
}

bool read_hex(std::string_view text, std::uint64_t& number) {
  if (text.size() != 16) return false;
  auto const [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number, 16);
  return failure == std::errc{} && end == text.data() + text.size();
}

// W3C: 00-<32 hex>-<16 hex>-<2 hex>. Anything else begins a trace of our own.
void set_trace(Call& call, std::string_view traceparent) {
  if (traceparent.size() == 55 && traceparent.starts_with("00-") && traceparent[35] == '-' && traceparent[52] == '-' &&
      read_hex(traceparent.substr(3, 16), call.trace[0]) && read_hex(traceparent.substr(19, 16), call.trace[1]) &&
      read_hex(traceparent.substr(36, 16), call.span) && (call.trace[0] | call.trace[1]) != 0 && call.span != 0)
    return;
  call.trace = {random_number(), random_number()};
  call.span = random_number();
}

// The same act sent twice has the same number, across restarts and gateways.
std::uint64_t operation_of(RequestData const& data, std::string_view key) {
  std::uint64_t number = 0;
  crypto_generichash_state state;
  crypto_generichash_init(&state, nullptr, 0, crypto_generichash_BYTES_MIN);
  auto const add = [&state](std::string_view part) {
    std::uint64_t const size = part.size();
    crypto_generichash_update(&state, reinterpret_cast<unsigned char const*>(&size), sizeof size);
    crypto_generichash_update(&state, reinterpret_cast<unsigned char const*>(part.data()), part.size());
  };
  add({reinterpret_cast<char const*>(&data.call.viewer.value), sizeof data.call.viewer.value});
  add(name_of(data.method));
  add(data.raw_path);
  add(key);
  unsigned char digest[crypto_generichash_BYTES_MIN];
  crypto_generichash_final(&state, digest, sizeof digest);
  std::memcpy(&number, digest, sizeof number);
  return std::max<std::uint64_t>(number, 1);
}

}  // namespace

std::uint64_t random_number() {
  // splitmix64, one a thread: for ids of requests and traces, never for secrets.
  thread_local std::uint64_t state = std::uint64_t{std::random_device{}()} << 32 | std::random_device{}();
  std::uint64_t value = (state += 0x9E3779B97F4A7C15u);
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9u;
  value = (value ^ (value >> 27)) * 0x94d049bb133111ebu;
  return std::max<std::uint64_t>(value ^ (value >> 31), 1);
}

void set_facts(RequestData& data, EdgeSettings const& settings, Time now) {
  data.client = data.peer;
  if (is_trusted(data.peer, settings.trusted_proxies)) {
    data.client = client_of(data.peer, header_of(data, "x-forwarded-for"), settings.trusted_proxies);
    if (same_word(header_of(data, "x-forwarded-proto"), "https")) data.secure = true;
  }
  data.client_text = to_string(data.client);

  auto const sent_id = header_of(data, "x-request-id");
  data.request_id = is_request_id(sent_id) ? std::string(sent_id) : hex(random_number());
  if (!settings.base_url.empty()) {
    data.base_url = settings.base_url;
  } else {
    data.base_url = data.secure ? "https://" : "http://";
    data.base_url += data.host.empty() ? std::string_view("localhost") : data.host;
  }
  data.call.deadline = now + settings.deadline;
  set_trace(data.call, header_of(data, "traceparent"));
}

void set_path(RequestData& data) {
  auto path = percent_decoded(data.raw_path, false);
  if (!path || !is_text(*path)) throw Malformed("The path is not well-formed");
  data.path = std::move(*path);
  for (auto const& [name, segment] : data.match.path_params)
    data.path_params.emplace_back(name, percent_decoded(segment, false).value_or(""));
}

std::string_view bearer_of(RequestData const& data) {
  auto const value = header_of(data, "authorization");
  if (value.size() < 7 || !same_word(value.substr(0, 7), "bearer ")) return {};
  auto token = value.substr(7);
  while (token.starts_with(' ')) token.remove_prefix(1);
  return token;
}

void set_operation(RequestData& data) {
  if (data.method == Method::get || data.method == Method::head) return;
  auto const key = header_of(data, "idempotency-key");
  bool const named = !key.empty() && key.size() <= 255 && data.call.viewer;
  data.call.operation = named ? operation_of(data, key) : random_number();
}

}  // namespace kith
