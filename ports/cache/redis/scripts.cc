#include "ports/cache/redis/scripts.h"

#include <openssl/evp.h>

#include <array>

#include "ports/cache/redis/resp.h"

namespace kith::redis {
namespace {

// Numbers of a script are exact to 53 bits, and its texts sort by the server's locale: so versions are compared
// in two halves.
constexpr std::string_view put_text = R"(
local there = redis.call('GETRANGE', KEYS[1], 0, 7)
if #there == 8 then
  local old_high, old_low = struct.unpack('>I4I4', there)
  local high, low = struct.unpack('>I4I4', ARGV[1])
  if high < old_high or (high == old_high and low < old_low) then return 0 end
  if ARGV[3] == '1' and high == old_high and low == old_low then return 0 end
end
local left = math.min(redis.call('PTTL', KEYS[1]), 600000)
redis.call('SET', KEYS[1], ARGV[1], 'PX', math.max(tonumber(ARGV[2]), left))
return 1
)";

// Slots far from now are of long ago, or of a clock that was wrong.
constexpr std::string_view count_text = R"(
local now = tonumber(ARGV[1])
if redis.call('HGET', KEYS[1], 'window') ~= ARGV[4] then redis.call('DEL', KEYS[1]) end
if ARGV[2] ~= '0' then
  redis.call('HINCRBY', KEYS[1], ARGV[1], ARGV[2])
  redis.call('HSET', KEYS[1], 'window', ARGV[4])
  redis.call('PEXPIRE', KEYS[1], ARGV[3])
end
local found = {}
local all = redis.call('HGETALL', KEYS[1])
for i = 1, #all, 2 do
  if all[i] ~= 'window' then
    local slot = tonumber(all[i])
    if slot < now - 8 or slot > now + 8 then
      redis.call('HDEL', KEYS[1], all[i])
    else
      found[#found + 1] = all[i]
      found[#found + 1] = all[i + 1]
    end
  end
end
return found
)";

Script script(std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> hash{};
  unsigned int size = 0;
  EVP_Digest(text.data(), text.size(), hash.data(), &size, EVP_sha1(), nullptr);
  constexpr std::string_view digits = "0123456789abcdef";
  Script made{text, {}};
  for (unsigned int i = 0; i < size; ++i) {
    made.hash += digits[hash[i] >> 4];
    made.hash += digits[hash[i] & 15];
  }
  return made;
}

}  // namespace

Script const& put_script() {
  static Script const made = script(put_text);
  return made;
}
Script const& count_script() {
  static Script const made = script(count_text);
  return made;
}

std::size_t append_scripts(std::string& bytes) {
  append_command(bytes, {"SCRIPT", "LOAD", put_text});
  append_command(bytes, {"SCRIPT", "LOAD", count_text});
  return 2;
}

}  // namespace kith::redis
