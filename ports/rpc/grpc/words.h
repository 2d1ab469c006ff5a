#pragma once

// What both ends of gRPC over HTTP/2 agree on (PROTOCOL-HTTP2.md of gRPC), beside what kith says in headers.

#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/time.h"
#include "ports/rpc/channel.h"
#include "ports/rpc/grpc/http2.h"

namespace kith::grpc_words {

inline constexpr std::string_view content_type = "application/grpc";
inline constexpr std::string_view timeout_header = "grpc-timeout";
inline constexpr std::string_view status_trailer = "grpc-status";
inline constexpr std::string_view message_trailer = "grpc-message";
// Trailers of an answer that is an Error of kith, not one of gRPC's own.
inline constexpr std::string_view code_trailer = "kith-code";
// Beside it, on a call that was not begun here but may be elsewhere.
inline constexpr std::string_view turned_away_trailer = "kith-turned-away";
inline constexpr std::string_view fields_trailer = "kith-fields-bin";
inline constexpr std::size_t say_max = 1024;
inline constexpr std::size_t fields_max = 4096;

// Statuses as gRPC numbers them.
enum class Status : int {
  ok = 0,
  cancelled = 1,
  unknown = 2,
  invalid_argument = 3,
  deadline_exceeded = 4,
  not_found = 5,
  permission_denied = 7,
  resource_exhausted = 8,
  aborted = 10,
  unimplemented = 12,
  internal = 13,
  unavailable = 14,
  unauthenticated = 16,
};
Status status_of(Code code);

inline constexpr std::size_t prefix_size = 5;
inline constexpr Http2::Limits limits{.body_max = rpc_bytes_max + prefix_size, .streams_max = 10'000};

// A message with its prefix: whether it is packed (never), and its size.
std::string framed(std::string_view message);
// The one message that a whole body is; nothing if it is none.
std::optional<std::string> unframed(std::string body);

// "1500m": at most eight digits and a unit.
std::string timeout_text(Duration left);
std::optional<Duration> parse_timeout(std::string_view text);

// Text of any kind in a header, and back.
std::string percent_encoded(std::string_view text);
std::string percent_decoded(std::string_view text);

}  // namespace kith::grpc_words
