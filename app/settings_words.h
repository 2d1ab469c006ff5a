#pragma once

// How single values are written: sizes, times, addresses, and the word that was probably meant.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace kith {

std::optional<std::uint64_t> parse_number(std::string_view text);
std::string number_text(std::uint64_t number);
// "512", "64 KiB", "19 MiB", "2 GiB"
std::optional<std::uint64_t> parse_bytes(std::string_view text);
std::string bytes_text(std::uint64_t bytes);
// "500 ms", "15 s", "10 min", "3 h", "60 d"
std::optional<Duration> parse_duration(std::string_view text);
std::string duration_text(Duration duration);

bool is_anything(std::string_view text);
bool is_setting_text(std::string_view text);
bool is_listen(std::string_view text);
bool is_folder(std::string_view text);  // and no address on a network
bool is_base_url(std::string_view text);
bool is_web_address(std::string_view text);
bool is_range(std::string_view text);
inline constexpr std::string_view role_words[] = {"all",    "gateway",  "core",         "auth",
                                                  "social", "timeline", "notifications"};
bool is_role(std::string_view text);
bool is_rpc(std::string_view text);
bool is_rpc_process(std::string_view text);
bool is_consul_prefix(std::string_view text);  // or nothing
bool is_rpc_domain(std::string_view text);
bool is_language(std::string_view text);
bool is_collector(std::string_view text);      // or nothing
bool is_consul_server(std::string_view text);  // or nothing
bool is_consul_folder(std::string_view text);  // or nothing
bool is_mail_address(std::string_view text);   // or nothing

// "open, approval or closed"
std::string either(std::span<std::string const> words);
// "a", or ["a", "b"]: a value as it came, shortened, for a sentence.
std::string joined(std::span<std::string const> texts);
// Without spaces around, and without empty ones.
std::vector<std::string> split(std::string_view text, char by);
// The word that differs least, when it differs little; else nothing.
std::string_view nearest(std::string_view word, std::span<std::string_view const> words);

}  // namespace kith
