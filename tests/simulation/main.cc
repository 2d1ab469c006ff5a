// kith_simulation: communities in virtual time on failing engines, each decided by a seed. Every
// seed runs twice and must give one trace. Prints a failing seed and how to see it again.

#include <atomic>
#include <charconv>
#include <cstdio>
#include <iostream>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "tests/simulation/scenario.h"

namespace kith::simulation {
namespace {

constexpr Scenario scenarios[] = {
    {"ballots", live_ballots},
    {"community", live_community},
};

struct Settings {
  std::uint64_t seeds = 1000;
  std::optional<std::uint64_t> seed = {};
  std::string scenario = {};
  bool trace = false;
};

struct Ended {
  std::uint64_t hash = 0;
  std::string broken = {};
};

Ended run_once(Scenario const& scenario, std::uint64_t seed, std::ostream* out) {
  World world(seed, out);
  std::string broken;
  try {
    scenario.live(world);
  } catch (std::exception const& failure) {
    broken = failure.what();
  }
  return {world.trace.hash(), std::move(broken)};
}

std::optional<std::string> failure_of(Scenario const& scenario, std::uint64_t seed, bool trace) {
  Ended const first = run_once(scenario, seed, trace ? &std::cout : nullptr);
  if (!first.broken.empty()) return first.broken;
  if (run_once(scenario, seed, nullptr).hash != first.hash) return "two runs of this seed differ";
  return std::nullopt;
}

int run(Settings const& settings) {
  std::uint64_t const from = settings.seed.value_or(1), count = settings.seed ? 1 : settings.seeds;
  std::atomic<std::uint64_t> next{0}, failed{0};
  std::mutex printing;
  std::vector<Scenario> chosen;
  for (Scenario const& scenario : scenarios)
    if (settings.scenario.empty() || settings.scenario == scenario.name) chosen.push_back(scenario);
  if (chosen.empty()) {
    std::cerr << "kith_simulation: there is no scenario \"" << settings.scenario << "\"\n";
    return 2;
  }
  auto const work = [&] {
    for (std::uint64_t at; (at = next++) < count * chosen.size();) {
      Scenario const& scenario = chosen[at % chosen.size()];
      std::uint64_t const seed = from + at / chosen.size();
      auto const failure = failure_of(scenario, seed, settings.trace);
      if (!failure) continue;
      ++failed;
      std::lock_guard const lock(printing);
      std::cout << "Seed " << seed << " of " << scenario.name << ": " << *failure
                << "\n  see it again: kith_simulation --scenario " << scenario.name << " --seed " << seed
                << " --trace\n";
    }
  };
  std::vector<std::thread> threads;
  unsigned const width = settings.trace ? 1 : std::max(1u, std::thread::hardware_concurrency());
  for (unsigned i = 0; i < width; ++i) threads.emplace_back(work);
  for (auto& thread : threads) thread.join();
  std::cout << count << " seeds of " << chosen.size() << " scenarios, each twice: " << count * chosen.size() - failed
            << " passed, " << failed << " failed\n";
  return failed == 0 ? 0 : 1;
}

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

int main_of(std::vector<std::string> const& arguments) {
  Settings settings;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    std::string const& name = arguments[i];
    if (name == "--trace") {
      settings.trace = true;
      continue;
    }
    bool const last = i + 1 == arguments.size();
    auto const value = last ? std::nullopt : number(arguments[i + 1]);
    if (name == "--seeds" && value)
      settings.seeds = *value;
    else if (name == "--seed" && value)
      settings.seed = value;
    else if (name == "--scenario" && !last)
      settings.scenario = arguments[i + 1];
    else {
      std::cerr << "usage: kith_simulation [--seeds N] [--seed S] [--scenario NAME] [--trace]\n";
      return 2;
    }
    ++i;
  }
  return run(settings);
}

}  // namespace
}  // namespace kith::simulation

int main(int count, char** arguments) {
  return kith::simulation::main_of(std::vector<std::string>(arguments + 1, arguments + count));
}
