#include "ports/rpc/grpc/words.h"

#include <gtest/gtest.h>

namespace kith::grpc_words {
namespace {

using namespace std::chrono_literals;

TEST(GrpcWords, TimeoutsHaveAtMostEightDigitsAndAreNeverShorterThanTheTimeLeft) {
  EXPECT_EQ(timeout_text(0us), "1u");
  EXPECT_EQ(timeout_text(-5s), "1u");
  EXPECT_EQ(timeout_text(30s), "30000000u");
  EXPECT_EQ(timeout_text(99'999'999us), "99999999u");
  EXPECT_EQ(timeout_text(100'000'001us), "100001m");
  EXPECT_EQ(timeout_text(std::chrono::hours{48}), "172800S");
  EXPECT_EQ(timeout_text(Duration::max()), "99999999S");
  for (Duration const left : {Duration{1}, Duration{123'456'789}, Duration{3h}})
    EXPECT_GE(parse_timeout(timeout_text(left)), left);
}

TEST(GrpcWords, TimeoutsOfAnyUnitAreRead) {
  EXPECT_EQ(parse_timeout("2H"), Duration{2h});
  EXPECT_EQ(parse_timeout("3M"), Duration{3min});
  EXPECT_EQ(parse_timeout("4S"), Duration{4s});
  EXPECT_EQ(parse_timeout("5m"), Duration{5ms});
  EXPECT_EQ(parse_timeout("6u"), Duration{6us});
  EXPECT_EQ(parse_timeout("7000n"), Duration{7us});
  EXPECT_EQ(parse_timeout("99999999H"), Duration{std::chrono::hours{99'999'999}});
  for (auto const* wrong : {"", "S", "1", "-1S", "1x", "999999999S", "1 S", "+1S"})
    EXPECT_EQ(parse_timeout(wrong), std::nullopt) << wrong;
}

TEST(GrpcWords, AMessageIsAllOfItsBody) {
  std::string const message(70'000, 'm');
  EXPECT_EQ(unframed(framed(message)), message);
  EXPECT_EQ(unframed(framed("")), "");
  std::string packed = framed("m");
  packed[0] = 1;
  EXPECT_EQ(unframed(packed), std::nullopt);
  EXPECT_EQ(unframed(framed("m") + "m"), std::nullopt);
  EXPECT_EQ(unframed(framed("mm").substr(0, 6)), std::nullopt);
  EXPECT_EQ(unframed(""), std::nullopt);
}

TEST(GrpcWords, TextOfAnyKindGoesThroughAHeader) {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all.push_back(static_cast<char>(byte));
  std::string const encoded = percent_encoded(all);
  EXPECT_EQ(encoded.find_first_of(std::string("\r\n\0", 3)), std::string::npos);
  EXPECT_EQ(percent_decoded(encoded), all);
  EXPECT_EQ(percent_encoded("grüße 100%"), "gr%C3%BC%C3%9Fe 100%25");
  EXPECT_EQ(percent_decoded("100% %4 %zz %"), "100% %4 %zz %");
}

}  // namespace
}  // namespace kith::grpc_words
