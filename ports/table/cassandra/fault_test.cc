// What the engine answers when the node is away, and when it is back.

#include "ports/table/cassandra/test_world.h"

namespace kith {
namespace {

class CassandraFault : public CassandraWorld {};

TEST_F(CassandraFault, ANodeThatWasKilledLosesNothingAndIsUsedAgain) {
  options.deadline = std::chrono::seconds{2};
  for (int i = 0; i < 20 && !store; ++i) {
    try {
      open();
    } catch (Error const&) {  // on a busy machine
    }
  }
  auto const written = [&](std::uint64_t id) {
    try {
      put(entry(1, id), "kept", 1);
      return true;
    } catch (Error const& error) {
      EXPECT_EQ(error.code, Code::unavailable);
      return false;
    }
  };
  std::vector<std::uint64_t> acknowledged;
  std::uint64_t next = 1;
  for (; next <= 50; ++next)
    if (written(next)) acknowledged.push_back(next);
  EXPECT_FALSE(acknowledged.empty());
  server.crash();
  // It is found again by itself.
  for (int tries = 0; tries < 1'000; ++tries, ++next) {
    if (written(next)) {
      acknowledged.push_back(next);
      break;
    }
    run(clock.sleep(std::chrono::milliseconds{50}));
  }
  options.deadline = std::chrono::seconds{60};
  open();
  for (std::uint64_t const id : acknowledged) EXPECT_EQ(read(entry(1, id)), contract::text_value("kept")) << id;
  EXPECT_EQ(acknowledged.back(), next) << "and what comes after it is kept too";
}

}  // namespace
}  // namespace kith
