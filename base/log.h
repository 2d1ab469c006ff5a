#pragma once

// The log: one JSON object a line, {"time":...,"level":"warn","what":"...", fields}, or the same as
// text for people, `TIME warn what field=value`. Written by a thread of its own from a bounded queue, so that a slow
// disk never holds up a request; when the queue is full the oldest lines go, and a later line says how many. What is
// written on behalf of a sampled trace (trace.h) has its id as the field `trace`.
//
// Never in it: tokens, passwords, query strings, bodies, content of posts.

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace kith {

enum class LogLevel : std::uint8_t { debug, info, warn, error };

enum class LogFormat : std::uint8_t { json, text };

struct LogField {
  enum class Kind : std::uint8_t { text, number, real, flag };

  LogField(std::string_view name, std::string_view value) : name(name), text(value) {}
  LogField(std::string_view name, std::string const& value) : name(name), text(value) {}
  LogField(std::string_view name, char const* value) : name(name), text(value) {}
  LogField(std::string_view name, bool value) : name(name), kind(Kind::flag), number(value) {}
  template <std::integral Number>
  LogField(std::string_view name, Number value)
      : name(name), kind(Kind::number), number(static_cast<std::int64_t>(value)) {}
  LogField(std::string_view name, double value) : name(name), kind(Kind::real), real(value) {}

  std::string_view name;
  Kind kind = Kind::text;
  std::string_view text = {};
  std::int64_t number = 0;
  double real = 0;
};

struct LogSettings {
  LogLevel level = LogLevel::info;
  std::string file = {};  // empty: standard error
  LogFormat format = LogFormat::json;
};

// Before the first line of a server; without it lines of warn and error go to standard error at
// once. A file that cannot be opened is an Error. stop_logging() writes what is waiting.
void start_logging(LogSettings settings);
void stop_logging();
// The least that is logged, from now on. Any thread.
void log_from(LogLevel level);

bool logs(LogLevel level);
void log(LogLevel level, std::string_view what, std::initializer_list<LogField> fields = {});

}  // namespace kith
