#include "ports/cache/redis/cache.h"

#include <algorithm>

#include "base/check.h"
#include "ports/cache/redis/entry.h"
#include "ports/cache/redis/scripts.h"

namespace kith::redis {
namespace {

using std::chrono::steady_clock;

MemoryCache::Limits near_limits(MemoryCache::Limits limits) {
  // Without copies it still remembers what this process has invalidated.
  if (limits.bytes_max == 0) limits.bytes_max = 1 << 20;
  return limits;
}

std::int64_t millis(Duration duration) { return std::chrono::ceil<std::chrono::milliseconds>(duration).count(); }

Command put_command(std::string const& key, std::string const& entry, Duration kept, bool newer) {
  Command command{.slot = slot_of(key), .bytes = {}};
  append_command(command.bytes,
                 {"EVALSHA", put_script().hash, "1", key, entry, std::to_string(millis(kept)), newer ? "1" : "0"});
  return command;
}

// As memory counts: slots of an eighth of the window.
constexpr std::int64_t slots_of_window = 8;

Counted counted(Value const& told, Duration width, Duration now) {
  Counted counted;
  std::map<std::int64_t, std::uint64_t> slots;
  for (std::size_t i = 0; i + 1 < told.items.size(); i += 2)
    slots[std::atoll(told.items[i].text.c_str())] = std::strtoull(told.items[i + 1].text.c_str(), nullptr, 10);
  for (auto const& [slot, count] : slots) {
    if (count == 0) continue;
    Duration const left = (slot + slots_of_window + 1) * width - now;
    if (counted.count == 0) counted.more_in = left;
    counted.resets_in = left;
    counted.count += count;
  }
  return counted;
}

}  // namespace

struct RedisCache::Fetch {
  std::vector<std::string> keys;
  std::vector<std::optional<Cached>> found;
};

RedisCache::RedisCache(Clock const& clock, Servers& servers)
    : clock_(clock),
      servers_(servers),
      prefix_(servers.options().prefix + ":c:"),
      counter_prefix_(servers.options().prefix + ":n:"),
      copies_(servers.options().near.bytes_max > 0),
      near_(clock, near_limits(servers.options().near)) {
  Hooks& hooks = servers_.hooks;
  hooks.greeting_answers = append_scripts(hooks.greeting);
  if (copies_) {
    append_command(hooks.greeting, {"CLIENT", "TRACKING", "ON"});
    ++hooks.greeting_answers;
  }
  hooks.pushed = [this](Value&& value) { pushed(std::move(value)); };
  hooks.renewed = [this] {
    trusted_until_ = (servers_.heard() + near_trusted).time_since_epoch().count();
    if (owed_.empty() || std::exchange(settling_, true)) return;
    boost::asio::co_spawn(servers_.loop, settle(), [this](std::exception_ptr) { settling_ = false; });
  };
  hooks.lost = [this] { near_.forget_values(); };
}

// What a server tells of a key that was read: it is another now, or gone. Without keys: all of them.
void RedisCache::pushed(Value&& value) {
  if (value.items.size() < 2 || value.items[0].text != "invalidate") return;
  ++servers_.counts.invalidations;
  if (value.items[1].is(Value::Kind::null)) near_.forget_values();
  for (Value const& key : value.items[1].items)
    if (key.text.starts_with(prefix_)) near_.forget(std::string_view(key.text).substr(prefix_.size()));
}

bool RedisCache::near(std::string_view key, std::optional<Cached>& found) {
  if (!copies_ || steady_clock::now().time_since_epoch().count() > trusted_until_) return false;
  near_.get_now(key, found);
  if (found) ++servers_.counts.near_found;
  return found.has_value();
}

// What is not near is to be waited for.
bool RedisCache::get_now(std::string_view key, std::optional<Cached>& found) { return near(key, found); }

Task<std::vector<std::optional<Cached>>> RedisCache::get_many(std::vector<std::string> keys) {
  check(keys.size() <= cache_keys_max, "a batch of keys has a limit");
  auto const fetch = std::make_shared<Fetch>();
  fetch->found.resize(keys.size());
  auto const batch = std::make_shared<Batch>();
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (keys[i].size() > cache_key_bytes_max || near(keys[i], fetch->found[i])) continue;
    std::string const key = prefix_ + keys[i];
    Command& command = batch->commands.emplace_back(Command{.slot = slot_of(key), .bytes = {}});
    append_command(command.bytes, {"GET", key});
    places.push_back(i);
  }
  if (batch->commands.empty()) co_return std::move(fetch->found);
  servers_.counts.reads += places.size();
  fetch->keys = std::move(keys);
  batch->take = [this, fetch, places](std::size_t i, Value&& value) { take(*fetch, places[i], std::move(value)); };
  co_await servers_.call(servers_.verbs.get, batch);
  co_return fetch->found;
}

// In the order in which the server says it: an invalidation that comes after it finds it near.
void RedisCache::take(Fetch& fetch, std::size_t i, Value&& value) {
  if (!value.is(Value::Kind::text)) return;
  auto const entry = read_entry(value.text);
  if (!entry || !entry->value) return;
  std::string const& key = fetch.keys[i];
  Duration const left = entry->ends - clock_.now();
  if (left <= Duration{0} || near_.outdated(key, entry->version)) return;
  auto held = std::make_shared<std::string const>(*entry->value);
  if (copies_) near_.keep(key, held, entry->version, left);
  ++servers_.counts.found;
  fetch.found[i] = Cached{std::move(held), entry->version, left};
}

Task<bool> RedisCache::set(std::string key, std::string value, CacheVersion version, Duration ttl) {
  if (key.size() > cache_key_bytes_max || value.size() > cache_value_bytes_max || ttl <= Duration{0}) co_return false;
  if (near_.outdated(key, version)) co_return false;
  ttl = std::min(ttl, cache_ttl_max);
  auto const batch = std::make_shared<Batch>();
  auto const done = std::make_shared<bool>(false);
  batch->commands.push_back(put_command(prefix_ + key, entry_bytes(version, clock_.now() + ttl, value), ttl, false));
  batch->take = [this, done](std::size_t, Value&& value) {
    *done = value.number == 1;
    if (value.is(Value::Kind::number) && !*done) ++servers_.counts.refused_older;
  };
  ++servers_.counts.writes;
  co_await servers_.call(servers_.verbs.set, batch);
  // The servers tell it too, but whoever is answered now must not find what was there before.
  near_.forget(key);
  if (*done) near_.invalidate_now(key, version);
  co_return *done;
}

Task<void> RedisCache::invalidate(std::string key, CacheVersion version) {
  if (key.size() > cache_key_bytes_max) co_return;
  near_.invalidate_now(key, version);
  ++servers_.counts.writes;
  std::vector<std::pair<std::string, CacheVersion>> one;
  one.emplace_back(std::move(key), version);
  Observation observation = Servers::begin(servers_.verbs.invalidate, 1);
  Servers::end(observation, co_await servers_.there(invalidate_there(std::move(one))));
}

// Whether all are told; what could not be told is owed.
Task<bool> RedisCache::invalidate_there(std::vector<std::pair<std::string, CacheVersion>> keys) {
  auto const batch = std::make_shared<Batch>();
  for (auto const& [key, version] : keys)
    batch->commands.push_back(put_command(prefix_ + key, version_bytes(version), invalidation_kept, true));
  auto const told = std::make_shared<std::vector<bool>>(keys.size());
  batch->take = [told](std::size_t i, Value&& value) { (*told)[i] = value.is(Value::Kind::number); };
  co_await servers_.ask(batch);
  for (std::size_t i = 0; i < keys.size(); ++i)
    if (!(*told)[i]) owe(keys[i].first, keys[i].second);
  co_return std::ranges::find(*told, false) == told->end();
}

// The servers are told when they are back; until then nothing older is handed out here.
void RedisCache::owe(std::string const& key, CacheVersion version) {
  auto const place = owed_.try_emplace(key, version).first;
  place->second = std::max(place->second, version);
  if (owed_.size() > owed_max) {
    owed_.erase(place == owed_.begin() ? std::next(place) : owed_.begin());
    ++servers_.counts.invalidations_lost;
  }
  servers_.counts.owed = static_cast<std::int64_t>(owed_.size());
}

Task<void> RedisCache::settle() {
  std::vector<std::pair<std::string, CacheVersion>> some;
  while (!owed_.empty() && some.size() < settled_at_once) {
    auto const one = owed_.extract(owed_.begin());
    some.emplace_back(one.key(), one.mapped());
  }
  co_await invalidate_there(std::move(some));
  servers_.counts.owed = static_cast<std::int64_t>(owed_.size());
}

Task<Counted> RedisCache::count(std::string key, std::uint64_t amount, Duration window) {
  check(window > Duration{0}, "a window has a length");
  if (key.size() > cache_key_bytes_max) key.resize(cache_key_bytes_max);
  // What this process has counted itself holds also when the servers are away, or have lost it.
  Counted here = near_.count_now(key, amount, window);
  Duration const width = std::max(window / slots_of_window, Duration{1}), now = clock_.now().time_since_epoch();
  std::string const whole = counter_prefix_ + key;
  auto const batch = std::make_shared<Batch>();
  Command& command =
      batch->commands.emplace_back(Command{.slot = slot_of(whole), .bytes = {}, .repeatable = amount == 0});
  append_command(command.bytes, {"EVALSHA", count_script().hash, "1", whole, std::to_string(now / width),
                                 std::to_string(std::min<std::uint64_t>(amount, UINT32_MAX)),
                                 std::to_string(millis(window + 2 * width)), std::to_string(window.count())});
  auto const told = std::make_shared<Value>();
  batch->take = [told](std::size_t, Value&& value) { *told = std::move(value); };
  ++servers_.counts.counts;
  co_await servers_.call(servers_.verbs.count, batch);
  here.alone = !told->is(Value::Kind::list);
  Counted const there = counted(*told, width, now);
  co_return there.count >= here.count ? there : here;
}

Task<void> RedisCache::reset_count(std::string key) {
  near_.reset_count_now(key);
  std::string const whole = counter_prefix_ + key;
  auto const batch = std::make_shared<Batch>();
  Command& command = batch->commands.emplace_back(Command{.slot = slot_of(whole), .bytes = {}});
  append_command(command.bytes, {"DEL", whole});
  batch->take = [](std::size_t, Value&&) {};
  co_await servers_.call(servers_.verbs.count, batch);
}

}  // namespace kith::redis
