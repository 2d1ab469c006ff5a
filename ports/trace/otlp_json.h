#pragma once

// Spans as OTLP writes them in JSON: ids in hex, 64-bit numbers as decimal texts, enumerations as numbers.

#include <span>
#include <string>
#include <string_view>

#include "base/trace.h"

namespace kith::otlp {

// Who sends them: `service.name`, and the process of it.
struct Sender {
  std::string service;
  std::string version;
  std::string instance;
};

// The body of one request.
std::string json_of(Sender const& sender, std::span<FinishedSpan const> spans);

}  // namespace kith::otlp
