#include "base/log.h"

#include <spdlog/async.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <mutex>

#include "base/error.h"
#include "base/json.h"
#include "base/time.h"
#include "base/trace.h"

namespace kith {
namespace {

// A line is some 300 bytes: at most about 3 MiB wait for the disk.
constexpr std::size_t queue_max = 8'192;

std::atomic<LogLevel> least{LogLevel::warn};
std::atomic<LogFormat> chosen{LogFormat::json};
std::mutex starting;
std::shared_ptr<spdlog::details::thread_pool> writer;
std::shared_ptr<spdlog::logger> started;
std::atomic<spdlog::logger*> current{nullptr};
std::atomic<std::size_t> dropped_said{0};

spdlog::level::level_enum vendor_level(LogLevel level) {
  switch (level) {
    case LogLevel::debug: return spdlog::level::debug;
    case LogLevel::info: return spdlog::level::info;
    case LogLevel::warn: return spdlog::level::warn;
    case LogLevel::error: return spdlog::level::err;
  }
  return spdlog::level::err;
}

std::string_view word_of(LogLevel level) {
  switch (level) {
    case LogLevel::debug: return "debug";
    case LogLevel::info: return "info";
    case LogLevel::warn: return "warn";
    case LogLevel::error: return "error";
  }
  return "error";
}

using Fields = std::initializer_list<LogField>;

std::string json_line(LogLevel level, Time now, std::string_view what, Fields fields) {
  std::string line;
  line.reserve(256);
  JsonWriter json(line);
  json.begin().time("time", now).text("level", word_of(level)).text("what", what);
  for (auto const& field : fields) {
    switch (field.kind) {
      case LogField::Kind::text: json.text(field.name, field.text); break;
      case LogField::Kind::number: json.key(field.name), append_number(line, field.number); break;
      case LogField::Kind::flag: json.yes(field.name, field.number != 0); break;
      case LogField::Kind::real:
        json.key(field.name);
        fmt::format_to(std::back_inserter(line), "{:.6g}", field.real);
        break;
    }
  }
  if (Span::here != nullptr) json.text("trace", to_hex(Span::here->trace));
  json.end();
  return line;
}

// Whoever chose a path or a name shall not write a line or a field of their own.
bool is_plain(std::string_view text, std::string_view also) {
  return std::ranges::all_of(
      text, [also](char c) { return (c > ' ' && c < '\x7F' && c != '"' && c != '=') || also.contains(c); });
}
void append_safely(std::string& line, std::string_view text, std::string_view also) {
  if (!text.empty() && is_plain(text, also))
    line += text;
  else
    append_json(line, text);
}

std::string text_line(LogLevel level, Time now, std::string_view what, Fields fields) {
  std::string line = iso_time(now);
  (line += ' ') += word_of(level);
  line += ' ';
  append_safely(line, what, " =");
  for (auto const& field : fields) {
    ((line += ' ') += field.name) += '=';
    switch (field.kind) {
      case LogField::Kind::text: append_safely(line, field.text, ""); break;
      case LogField::Kind::number: append_number(line, field.number); break;
      case LogField::Kind::flag: line += field.number != 0 ? "yes" : "no"; break;
      case LogField::Kind::real: fmt::format_to(std::back_inserter(line), "{:.6g}", field.real); break;
    }
  }
  if (Span::here != nullptr) (line += " trace=") += to_hex(Span::here->trace);
  return line;
}

std::string line_of(LogLevel level, std::string_view what, Fields fields) {
  Time const now = std::chrono::floor<Duration>(std::chrono::system_clock::now());
  return chosen == LogFormat::text ? text_line(level, now, what, fields) : json_line(level, now, what, fields);
}

}  // namespace

void start_logging(LogSettings settings) {
  std::scoped_lock const lock(starting);
  try {
    std::shared_ptr<spdlog::sinks::sink> sink;
    if (settings.file.empty())
      sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
    else
      sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(settings.file);
    auto pool = std::make_shared<spdlog::details::thread_pool>(queue_max, 1);
    auto logger =
        std::make_shared<spdlog::async_logger>("kith", sink, pool, spdlog::async_overflow_policy::overrun_oldest);
    logger->set_pattern("%v");
    logger->set_level(vendor_level(settings.level));
    logger->flush_on(spdlog::level::warn);
    current = logger.get();
    started = std::move(logger);
    writer = std::move(pool);
    least = settings.level;
    chosen = settings.format;
  } catch (spdlog::spdlog_ex const& failure) {
    throw Error{Code::unavailable, "The log file " + settings.file + " cannot be opened", failure.what()};
  }
}

void stop_logging() {
  std::scoped_lock const lock(starting);
  if (!started) return;
  least = LogLevel::warn;
  chosen = LogFormat::json;
  current = nullptr;
  started->flush();
  started.reset();
  writer.reset();  // joins its thread after the last line
}

void log_from(LogLevel level) {
  std::scoped_lock const lock(starting);
  if (!started) return;
  started->set_level(vendor_level(level));
  least = level;
}

bool logs(LogLevel level) { return level >= least.load(std::memory_order_relaxed); }

void log(LogLevel level, std::string_view what, std::initializer_list<LogField> fields) {
  if (!logs(level)) return;
  auto const line = line_of(level, what, fields);
  auto* const logger = current.load();
  if (!logger) {
    std::fprintf(stderr, "%s\n", line.c_str());
    return;
  }
  auto const dropped = writer->overrun_counter();
  if (dropped > dropped_said.exchange(dropped))
    logger->log(spdlog::level::warn, line_of(LogLevel::warn, "log lines were dropped", {{"in_all", dropped}}));
  logger->log(vendor_level(level), line);
}

}  // namespace kith
