#include "base/places.h"

#include <gtest/gtest.h>

#include "base/id.h"

namespace kith {
namespace {

using ThingId = Id<struct ThingTag>;

TEST(Places, AnIdKeepsThePlaceItWasFirstGiven) {
  Places<ThingId> places(2);
  for (std::uint64_t round = 0; round < 2; ++round)
    for (std::uint64_t i = 0; i < 1'000; ++i) EXPECT_EQ(places.add(ThingId{1 + (i << 22)}), i);
  EXPECT_EQ(places.size(), 1'000u);
  EXPECT_EQ(places.find(ThingId{1 + (std::uint64_t{7} << 22)}), 7u);
  EXPECT_EQ(places.find(ThingId{2}), Places<ThingId>::nowhere);
}

}  // namespace
}  // namespace kith
