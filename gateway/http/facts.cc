#include "gateway/http/facts.h"

#include <sodium.h>

#include <algorithm>
#include <cstring>

#include "base/text.h"
#include "base/trace.h"
#include "gateway/http/body.h"

namespace kith {
namespace {

bool is_request_id(std::string_view id) {
  return !id.empty() && id.size() <= 64 && std::all_of(id.begin(), id.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
           c == '.';
  });
}

void set_trace(RequestData& data, EdgeSettings const& settings) {
  if (settings.trace_incoming && is_trusted(data.peer, settings.trusted_proxies)) {
    if (auto const parent = parse_traceparent(data.header("traceparent"))) {
      data.call.trace = parent->trace;
      data.call.span = parent->span;
      data.call.sampled = parent->sampled;
      data.continues_trace = true;
      return;
    }
  }
  data.call.trace = {random_number(), random_number()};
  data.call.span = random_number();
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

void set_facts(RequestData& data, EdgeSettings const& settings, Time now) {
  data.client = data.peer;
  if (is_trusted(data.peer, settings.trusted_proxies)) {
    data.client = client_of(data.peer, data.header("x-forwarded-for"), settings.trusted_proxies);
    if (same_word(data.header("x-forwarded-proto"), "https")) data.secure = true;
  }
  data.client_text = to_string(data.client);

  auto const sent_id = data.header("x-request-id");
  data.request_id = is_request_id(sent_id) ? std::string(sent_id) : to_hex(random_number());
  if (!settings.base_url.empty()) {
    data.base_url = settings.base_url;
  } else {
    data.base_url = data.secure ? "https://" : "http://";
    data.base_url += data.host.empty() ? std::string_view("localhost") : data.host;
  }
  data.call.deadline = now + settings.deadline;
  set_trace(data, settings);
}

void set_path(RequestData& data) {
  auto path = percent_decoded(data.raw_path, false);
  if (!path || !is_text(*path)) throw Malformed("The path is not well-formed");
  data.path = std::move(*path);
  for (auto const& [name, segment] : data.match.path_params)
    data.path_params.emplace_back(name, percent_decoded(segment, false).value_or(""));
}

std::string_view bearer_of(RequestData const& data) {
  auto const value = data.header("authorization");
  if (value.size() < 7 || !same_word(value.substr(0, 7), "bearer ")) return {};
  auto token = value.substr(7);
  while (token.starts_with(' ')) token.remove_prefix(1);
  return token;
}

void set_operation(RequestData& data) {
  if (data.method == Method::get || data.method == Method::head) return;
  auto const key = data.header("idempotency-key");
  bool const named = !key.empty() && key.size() <= 255 && data.call.viewer;
  data.call.operation = named ? operation_of(data, key) : random_number();
}

}  // namespace kith
