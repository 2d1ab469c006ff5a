#include "gateway/text/picture.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <set>

namespace kith::text {
namespace {

unsigned be32(std::string const& bytes, std::size_t at) {
  unsigned value = 0;
  for (std::size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
  return value;
}

TEST(Picture, IsAPngOfTheSizeClientsAskFor) {
  for (std::uint64_t id : {0ull, 1ull, 42ull, 9223372036854775807ull}) {
    std::string const avatar = default_avatar(id);
    std::string const header = default_header(id);
    EXPECT_EQ(avatar.substr(0, 8), "\x89PNG\r\n\x1a\n");
    EXPECT_EQ(be32(avatar, 16), 120u);
    EXPECT_EQ(be32(avatar, 20), 120u);
    EXPECT_EQ(be32(header, 16), 600u);
    EXPECT_EQ(be32(header, 20), 200u);
    EXPECT_LT(avatar.size(), 1'000u);
    EXPECT_LT(header.size(), 4'000u);
  }
}

TEST(Picture, ItsChunksAddUp) {
  std::string const png = default_avatar(7);
  std::size_t at = 8;
  std::string types;
  while (at < png.size()) {
    unsigned const size = be32(png, at);
    types += png.substr(at + 4, 4) + " ";
    EXPECT_EQ(be32(png, at + 8 + size),
              crc32(0, reinterpret_cast<Bytef const*>(png.data() + at + 4), static_cast<uInt>(size + 4)));
    at += 12 + size;
  }
  EXPECT_EQ(at, png.size());
  EXPECT_EQ(types, "IHDR PLTE IDAT IEND ");
}

TEST(Picture, IsAlwaysTheSameForOneAndDiffersBetweenMost) {
  EXPECT_EQ(default_avatar(5), default_avatar(5));
  std::set<std::string> avatars;
  for (std::uint64_t id = 1; id <= 200; ++id) avatars.insert(default_avatar(id));
  EXPECT_GT(avatars.size(), 195u);
}

}  // namespace
}  // namespace kith::text
