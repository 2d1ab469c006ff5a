#pragma once

// What every engine of the log asks of a handler: did it fail, and in which words.

#include <exception>
#include <optional>
#include <string>
#include <utility>

#include "base/error.h"
#include "ports/log/log.h"

namespace kith {

// Handles it; nothing if that went well.
inline Task<std::optional<std::string>> failure_of(Subscription const& to, Event event) {
  try {
    co_await to.handle(std::move(event));
    co_return std::nullopt;
  } catch (Error const& error) {
    co_return std::string(name_of(error.code)) + ": " + error.say;
  } catch (std::exception const& error) {
    co_return error.what();
  }
}

}  // namespace kith
