#pragma once

// What both ends of the gRPC engine agree on; included by grpc_channel.cc and grpc_server.cc alone.

#include <grpcpp/support/byte_buffer.h>

#include <string>
#include <string_view>
#include <vector>

#include "ports/rpc/channel.h"

namespace kith::grpc_words {

// Trailers of an answer that is an Error of kith, not one of gRPC's own.
inline constexpr char const* code_trailer = "kith-code";
// Beside it, on a call that was not begun here but may be elsewhere.
inline constexpr char const* turned_away_trailer = "kith-turned-away";
inline constexpr char const* fields_trailer = "kith-fields-bin";
// gRPC bounds all trailers of an answer by 8 KiB.
inline constexpr std::size_t say_max = 1024;
inline constexpr std::size_t fields_max = 4096;

inline grpc::ByteBuffer to_buffer(std::string const& bytes) {
  grpc::Slice const slice(bytes);
  return grpc::ByteBuffer(&slice, 1);
}
inline std::string to_string(grpc::ByteBuffer const& buffer) {
  std::string bytes;
  std::vector<grpc::Slice> slices;
  if (!buffer.Dump(&slices).ok()) return bytes;
  bytes.reserve(buffer.Length());
  for (grpc::Slice const& slice : slices) bytes.append(reinterpret_cast<char const*>(slice.begin()), slice.size());
  return bytes;
}

}  // namespace kith::grpc_words
