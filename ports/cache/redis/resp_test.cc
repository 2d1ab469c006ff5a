#include "ports/cache/redis/resp.h"

#include <gmock/gmock.h>

#include "base/error.h"
#include "ports/cache/redis/address.h"
#include "ports/cache/redis/entry.h"
#include "ports/cache/redis/slots.h"

namespace kith::redis {
namespace {

using Kind = Value::Kind;

Value read(std::string_view bytes) {
  Value value;
  EXPECT_EQ(read_value(bytes, value), bytes.size()) << bytes;
  return value;
}
bool refused(std::string_view bytes) {
  Value value;
  try {
    read_value(bytes, value);
    return false;
  } catch (Error const& error) {
    return error.code == Code::unavailable;
  }
}
Value text(std::string text) { return {.kind = Kind::text, .text = std::move(text)}; }

TEST(RedisResp, EveryKindIsRead) {
  EXPECT_EQ(read("+OK\r\n"), text("OK"));
  EXPECT_EQ(read("$5\r\na\r\nb!\r\n"), text("a\r\nb!"));
  EXPECT_EQ(read("$0\r\n\r\n"), text(""));
  EXPECT_EQ(read("=7\r\ntxt:abc\r\n"), text("abc"));
  EXPECT_EQ(read(",1.5\r\n"), text("1.5"));
  EXPECT_EQ(read(":-42\r\n").number, -42);
  EXPECT_EQ(read("#t\r\n").number, 1);
  EXPECT_TRUE(read("-MOVED 1 a:2\r\n").fails("MOVED "));
  EXPECT_TRUE(read("!3\r\nERR\r\n").fails("ERR"));
  for (char const* null : {"_\r\n", "$-1\r\n", "*-1\r\n"}) EXPECT_TRUE(read(null).is(Kind::null));
  EXPECT_EQ(read("*2\r\n:1\r\n~1\r\n+a\r\n").items[1].items[0], text("a"));
  EXPECT_EQ(read("%1\r\n+proto\r\n:3\r\n").find("proto")->number, 3);
  EXPECT_EQ(read("%1\r\n+proto\r\n:3\r\n").find("other"), nullptr);
  EXPECT_TRUE(read(">2\r\n+invalidate\r\n*1\r\n+k\r\n").is(Kind::push));
}

TEST(RedisResp, WhatIsNotWholeIsWaitedForAndWhatComesAfterIsLeft) {
  std::string const whole = ">2\r\n$3\r\nabc\r\n%1\r\n:1\r\n_\r\n";
  for (std::size_t cut = 0; cut < whole.size(); ++cut) {
    Value value;
    EXPECT_EQ(read_value(whole.substr(0, cut), value), 0u) << cut;
  }
  Value value;
  EXPECT_EQ(read_value(whole + "+more\r\n", value), whole.size());
}

TEST(RedisResp, WhatNoServerSaysIsRefused) {
  for (char const* bytes : {"?\r\n", "\r\n", "+a\n\r\n", "+a\rb\r\n", ":\r\n", ":1a\r\n", ":99999999999999999999\r\n",
                            "#x\r\n", "_x\r\n", "$-2\r\n", "$1048577\r\n", "$1\r\nab\r\n", "=3\r\nabc\r\n",
                            "=4\r\nabcd\r\n", "*20001\r\n", "%10001\r\n", "*-2\r\n"})
    EXPECT_TRUE(refused(bytes)) << bytes;
  std::string deep;
  for (int i = 0; i < nesting_max + 2; ++i) deep += "*1\r\n";
  EXPECT_TRUE(refused(deep));
  EXPECT_TRUE(refused("+" + std::string(line_bytes_max + 1, 'a')));
}

TEST(RedisResp, ACommandIsAListOfTexts) {
  std::string bytes;
  append_command(bytes, {"SET", "k\r\n", ""});
  EXPECT_EQ(bytes, "*3\r\n$3\r\nSET\r\n$3\r\nk\r\n\r\n$0\r\n\r\n");
}

// The numbers are what a server answers to CLUSTER KEYSLOT.
TEST(RedisSlots, AKeysSlotIsThatOfTheServers) {
  EXPECT_EQ(slot_of("123456789"), 0x31c3);
  EXPECT_EQ(slot_of(""), 0);
  EXPECT_EQ(slot_of("foo"), 12'182);
  EXPECT_EQ(slot_of("{foo}bar"), 12'182);
  EXPECT_EQ(slot_of("a{foo}{bar}"), 12'182);
  EXPECT_EQ(slot_of("{}foo"), 9'500);
  EXPECT_NE(slot_of("foo{}"), slot_of("foo"));
}

TEST(RedisSlots, AMapOrARedirectIsUnderstoodOrLeftOut) {
  auto const map = read_map(read("*3\r\n"
                                 "*3\r\n:0\r\n:5460\r\n*2\r\n$9\r\n127.0.0.1\r\n:7000\r\n"
                                 "*3\r\n:5461\r\n:16383\r\n*2\r\n_\r\n:7001\r\n"
                                 "*3\r\n:0\r\n:16384\r\n*2\r\n+a\r\n:1\r\n"),
                            "seed");
  ASSERT_EQ(map.size(), 2u);
  EXPECT_EQ(map[0].last, 5'460);
  EXPECT_EQ(map[0].place, (Place{"127.0.0.1", 7'000}));
  EXPECT_EQ(map[1].place, (Place{"seed", 7'001}));
  auto const moved = read_redirect("MOVED 3999 ::1:6381", "seed");
  EXPECT_EQ(moved.slot, 3'999);
  EXPECT_EQ(moved.place, (Place{"::1", 6'381}));
  EXPECT_FALSE(moved.ask);
  EXPECT_TRUE(read_redirect("ASK 1 a:1", "seed").ask);
  EXPECT_EQ(read_redirect("MOVED 1 :6381", "seed").place.host, "seed");
  for (char const* wrong : {"MOVED", "MOVED 1", "MOVED 16384 a:1", "MOVED x a:1", "MOVED 1 a:x", "ERR 1 a:1"})
    EXPECT_EQ(read_redirect(wrong, "seed").place.port, 0) << wrong;
}

TEST(RedisAddress, IsReadOrRefusedInASentence) {
  EXPECT_EQ(read_address("redis://cache"), (Address{false, "", {"cache", 6'379}}));
  EXPECT_EQ(read_address("rediss://kith@cache:7000/"), (Address{true, "kith", {"cache", 7'000}}));
  EXPECT_EQ(read_address("redis://[::1]:7000").place, (Place{"::1", 7'000}));
  EXPECT_EQ(read_address("redis://[::1]").place, (Place{"::1", 6'379}));
  for (char const* wrong : {"", "cache:6379", "http://cache", "redis://", "redis://:1", "redis://a:0",
                            "redis://a:65536", "redis://a:b", "redis://@a", "redis://a/1", "redis://user:secret@a"}) {
    try {
      read_address(wrong);
      ADD_FAILURE() << wrong;
    } catch (Error const& error) {
      EXPECT_THAT(error.say, testing::HasSubstr("redis_servers")) << wrong;
      EXPECT_THAT(error.say, testing::Not(testing::HasSubstr("secret")));
    }
  }
}

TEST(RedisEntry, VersionsSortAsBytes) {
  std::string before;
  for (CacheVersion const version :
       {std::numeric_limits<CacheVersion>::min(), CacheVersion{-1}, CacheVersion{0}, CacheVersion{1},
        CacheVersion{1} << 53, (CacheVersion{1} << 53) + 1, std::numeric_limits<CacheVersion>::max()}) {
    std::string const bytes = version_bytes(version);
    EXPECT_LT(before, bytes);
    EXPECT_EQ(read_entry(bytes)->version, version);
    EXPECT_FALSE(read_entry(bytes)->value);
    before = bytes;
  }
}

TEST(RedisEntry, WhatIsKeptComesBack) {
  Time const ends{Duration{1'795'000'000'123'456}};
  std::string const bytes = entry_bytes(7, ends, std::string("a\0b", 3));
  auto const entry = read_entry(bytes);
  EXPECT_EQ(entry->version, 7);
  EXPECT_EQ(entry->ends, ends);
  EXPECT_EQ(*entry->value, std::string_view("a\0b", 3));
  EXPECT_EQ(read_entry(entry_bytes(7, ends, ""))->value, "");
  for (std::size_t size : {0u, 7u, 9u, 15u}) EXPECT_FALSE(read_entry(bytes.substr(0, size))) << size;
}

}  // namespace
}  // namespace kith::redis
