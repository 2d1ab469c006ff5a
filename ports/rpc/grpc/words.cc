#include "ports/rpc/grpc/words.h"

#include <algorithm>
#include <charconv>
#include <chrono>

namespace kith::grpc_words {
namespace {

constexpr std::size_t digits_max = 8;
constexpr std::int64_t number_max = 99'999'999;

template <class Unit>
std::optional<std::string> timeout_in(Duration left, char name) {
  auto const count = std::chrono::ceil<Unit>(left).count();
  if (count > number_max) return std::nullopt;
  return std::to_string(count) + name;
}

bool plain(char c) { return c >= ' ' && c <= '~' && c != '%'; }

}  // namespace

Status status_of(Code code) {
  switch (code) {
    case Code::invalid: return Status::invalid_argument;
    case Code::unauthenticated: return Status::unauthenticated;
    case Code::forbidden: return Status::permission_denied;
    case Code::not_found: return Status::not_found;
    case Code::conflict: return Status::aborted;
    case Code::exhausted: return Status::resource_exhausted;
    case Code::unavailable: return Status::unavailable;
    case Code::unknown: return Status::unknown;
    case Code::internal: break;
  }
  return Status::internal;
}

std::string framed(std::string_view message) {
  std::string body;
  body.reserve(prefix_size + message.size());
  body.push_back('\0');
  for (int shift = 24; shift >= 0; shift -= 8) body.push_back(static_cast<char>(message.size() >> shift & 0xFFU));
  body.append(message);
  return body;
}

std::optional<std::string> unframed(std::string body) {
  if (body.size() < prefix_size || body[0] != '\0') return std::nullopt;
  std::size_t size = 0;
  for (std::size_t i = 1; i < prefix_size; ++i) size = size << 8U | static_cast<unsigned char>(body[i]);
  if (size != body.size() - prefix_size) return std::nullopt;
  body.erase(0, prefix_size);
  return body;
}

std::string timeout_text(Duration left) {
  left = std::max(left, Duration{1});
  if (auto text = timeout_in<std::chrono::microseconds>(left, 'u')) return *text;
  if (auto text = timeout_in<std::chrono::milliseconds>(left, 'm')) return *text;
  return std::to_string(std::min<std::int64_t>(std::chrono::ceil<std::chrono::seconds>(left).count(), number_max)) +
         'S';
}

std::optional<Duration> parse_timeout(std::string_view text) {
  if (text.size() < 2 || text.size() > digits_max + 1) return std::nullopt;
  std::int64_t count = 0;
  auto const [end, failure] = std::from_chars(text.data(), text.data() + text.size() - 1, count);
  if (failure != std::errc{} || end != text.data() + text.size() - 1 || count < 0) return std::nullopt;
  switch (text.back()) {
    case 'H': return std::chrono::hours(count);
    case 'M': return std::chrono::minutes(count);
    case 'S': return std::chrono::seconds(count);
    case 'm': return std::chrono::milliseconds(count);
    case 'u': return std::chrono::microseconds(count);
    case 'n': return std::chrono::duration_cast<Duration>(std::chrono::nanoseconds(count));
    default: return std::nullopt;
  }
}

std::string percent_encoded(std::string_view text) {
  constexpr char digits[] = "0123456789ABCDEF";
  std::string encoded;
  encoded.reserve(text.size());
  for (char const c : text) {
    if (plain(c)) {
      encoded.push_back(c);
      continue;
    }
    auto const byte = static_cast<unsigned char>(c);
    encoded.append({'%', digits[byte >> 4U], digits[byte & 15U]});
  }
  return encoded;
}

std::string percent_decoded(std::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned byte = 0;
    char const* const digits = text.data() + i + 1;
    // What is no code stands for itself.
    if (text[i] == '%' && i + 2 < text.size() && std::from_chars(digits, digits + 2, byte, 16).ptr == digits + 2) {
      decoded.push_back(static_cast<char>(byte));
      i += 2;
    } else {
      decoded.push_back(text[i]);
    }
  }
  return decoded;
}

}  // namespace kith::grpc_words
