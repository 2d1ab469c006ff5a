#include "app/settings_words.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "base/text.h"
#include "ports/rpc/address.h"
#include "ports/settings/consul_http.h"
#include "ports/trace/otlp.h"

namespace kith {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t size;
};
constexpr std::array byte_units = {Unit{"GiB", std::uint64_t{1} << 30}, Unit{"MiB", 1 << 20}, Unit{"KiB", 1 << 10},
                                   Unit{"B", 1}};
constexpr std::uint64_t second = 1'000'000;
constexpr std::array time_units = {Unit{"d", 86'400 * second}, Unit{"h", 3'600 * second}, Unit{"min", 60 * second},
                                   Unit{"s", second}, Unit{"ms", 1'000}};

std::optional<std::uint64_t> parse_measure(std::string_view text, std::span<Unit const> units) {
  std::size_t const digits = std::min(text.find_first_not_of("0123456789"), text.size());
  auto const number = parse_number(text.substr(0, digits));
  text = trim(text.substr(digits));
  auto const unit = std::ranges::find(units, text, &Unit::name);
  if (!number || unit == units.end() || *number > (std::uint64_t{1} << 62) / unit->size) return std::nullopt;
  return *number * unit->size;
}

std::string measure_text(std::uint64_t value, std::span<Unit const> units) {
  for (Unit const& unit : units)
    if (value >= unit.size && value % unit.size == 0)
      return std::to_string(value / unit.size) + ' ' + std::string(unit.name);
  return "0 " + std::string(units.back().name);
}

bool all_of(std::string_view text, std::string_view allowed) {
  return text.find_first_not_of(allowed) == std::string_view::npos;
}
constexpr std::string_view host_marks = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-";
constexpr std::string_view v6_marks = "0123456789abcdefABCDEF:.";

bool is_port(std::string_view text) {
  auto const port = parse_number(text);
  return port && *port <= 65'535;
}

// A host name, an IPv4 address, or an IPv6 address in brackets.
bool is_host(std::string_view host) {
  if (host.starts_with('['))
    return host.size() > 3 && host.ends_with(']') && all_of(host.substr(1, host.size() - 2), v6_marks);
  return !host.empty() && host.size() <= 253 && all_of(host, host_marks) && host.front() != '-' && host.front() != '.';
}

std::size_t host_end(std::string_view text) {
  std::size_t const colon = text.rfind(':');
  return colon == std::string_view::npos || (text.ends_with(']')) ? text.size() : colon;
}

}  // namespace

std::optional<std::uint64_t> parse_number(std::string_view text) {
  std::uint64_t number = 0;
  auto const [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || failure != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}
std::string number_text(std::uint64_t number) { return std::to_string(number); }

std::optional<std::uint64_t> parse_bytes(std::string_view text) {
  if (auto const bytes = parse_number(text)) return bytes;
  return parse_measure(text, byte_units);
}
std::string bytes_text(std::uint64_t bytes) { return measure_text(bytes, byte_units); }

std::optional<Duration> parse_duration(std::string_view text) {
  auto const micros = parse_measure(text, time_units);
  if (!micros) return std::nullopt;
  return Duration{static_cast<std::int64_t>(*micros)};
}
std::string duration_text(Duration duration) {
  return duration == Duration{0} ? "0 s" : measure_text(static_cast<std::uint64_t>(duration.count()), time_units);
}

bool is_anything(std::string_view) { return true; }
bool is_setting_text(std::string_view text) { return is_text(text); }

bool is_listen(std::string_view text) {
  std::size_t const end = host_end(text);
  if (end == text.size() || !is_port(text.substr(end + 1))) return false;
  return end == 0 || text.substr(0, end) == "*" || is_host(text.substr(0, end));
}

bool is_folder(std::string_view text) {
  return text.find("://") == std::string_view::npos && !text.starts_with("tcp:") && !is_listen(text);
}

bool is_base_url(std::string_view text) {
  if (text.empty()) return true;
  std::size_t const scheme = text.starts_with("https://") ? 8 : text.starts_with("http://") ? 7 : 0;
  if (scheme == 0) return false;
  std::string_view const rest = text.substr(scheme);
  std::size_t const end = host_end(rest);
  return is_host(rest.substr(0, end)) && (end == rest.size() || is_port(rest.substr(end + 1)));
}

bool is_web_address(std::string_view text) {
  std::size_t const scheme = text.find("://");
  return scheme != std::string_view::npos && is_base_url(text.substr(0, text.find('/', scheme + 3))) &&
         std::ranges::none_of(text, [](unsigned char c) { return c <= ' ' || c >= 0x7F; });
}

bool is_range(std::string_view text) {
  std::size_t const slash = std::min(text.find('/'), text.size());
  std::string_view const address = text.substr(0, slash);
  bool const v6 = address.find(':') != std::string_view::npos;
  if (address.empty() || !all_of(address, v6 ? v6_marks : "0123456789.")) return false;
  if (slash == text.size()) return true;
  auto const bits = parse_number(text.substr(slash + 1));
  return bits && *bits <= (v6 ? 128 : 32);
}

bool is_role(std::string_view text) { return std::ranges::find(role_words, text) != std::end(role_words); }

bool is_rpc(std::string_view text) {
  if (!text.starts_with("tcp:")) return false;
  text.remove_prefix(4);
  return is_listen(text) && !text.starts_with(':') && !text.starts_with('*');
}

bool is_rpc_process(std::string_view text) { return is_rpc(text) || is_consul_name(discovered_service(text)); }

bool is_consul_prefix(std::string_view text) { return text.empty() || is_consul_name(text); }

bool is_rpc_domain(std::string_view text) {
  return is_host(text) && text.find(':') == std::string_view::npos && text.find('[') == std::string_view::npos;
}

bool is_language(std::string_view text) {
  return text.size() >= 2 && text.size() <= 12 &&
         all_of(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-");
}

bool is_collector(std::string_view text) { return text.empty() || otlp_address(text).has_value(); }

bool is_consul_server(std::string_view text) { return is_base_url(text); }

bool is_consul_folder(std::string_view text) {
  if (text.empty()) return true;
  for (std::size_t end = 0; end != std::string_view::npos; text.remove_prefix(std::min(end, text.size() - 1) + 1)) {
    end = text.find('/');
    if (!is_consul_name(text.substr(0, end))) return false;
  }
  return true;
}

bool is_mail_address(std::string_view text) {
  std::size_t const at = text.find('@');
  return text.empty() ||
         (at != 0 && at != std::string_view::npos && is_host(text.substr(at + 1)) &&
          !text.substr(at + 1).starts_with('[') && text.find_first_of(" \t\r\n<>,;\"") == std::string_view::npos);
}

std::string either(std::span<std::string const> words) {
  std::string out;
  for (std::size_t i = 0; i < words.size(); ++i)
    out += (i == 0 ? "" : i + 1 == words.size() ? " or " : ", ") + words[i];
  return out;
}

std::string joined(std::span<std::string const> texts) {
  constexpr std::size_t shown_max = 80;
  std::string out;
  for (std::string const& text : texts) {
    out += (out.empty() ? "'" : ", '") + std::string(first_bytes(text, shown_max)) +
           (text.size() > shown_max ? "..." : "") + "'";
    if (out.size() > 3 * shown_max) break;
  }
  return texts.empty() ? "empty" : out;
}

std::vector<std::string> split(std::string_view text, char by) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    std::size_t const end = std::min(text.find(by), text.size());
    if (auto const part = trim(text.substr(0, end)); !part.empty()) parts.emplace_back(part);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

std::string_view nearest(std::string_view word, std::span<std::string_view const> words) {
  std::string_view best;
  // A third of the letters may be wrong; a word further away was hardly meant.
  std::size_t best_distance = std::max<std::size_t>(2, word.size() / 3) + 1;
  if (word.size() > 100) return best;
  for (std::string_view const other : words) {
    // Levenshtein's distance, a row at a time.
    std::vector<std::size_t> row(other.size() + 1);
    for (std::size_t j = 0; j < row.size(); ++j) row[j] = j;
    for (std::size_t i = 1; i <= word.size(); ++i) {
      std::size_t diagonal = std::exchange(row[0], i);
      for (std::size_t j = 1; j < row.size(); ++j) {
        std::size_t const changed = diagonal + (word[i - 1] != other[j - 1]);
        diagonal = std::exchange(row[j], std::min({row[j] + 1, row[j - 1] + 1, changed}));
      }
    }
    if (row.back() < best_distance) {
      best_distance = row.back();
      best = other;
    }
  }
  return best;
}

}  // namespace kith
