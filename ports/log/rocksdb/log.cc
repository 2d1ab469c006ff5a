#include "ports/log/rocksdb/log.h"

#include <algorithm>

#include "base/check.h"
#include "ports/table/rocksdb/newest.h"

namespace kith::rocks {
namespace {

std::string_view view(rocksdb::Slice slice) { return {slice.data(), slice.size()}; }

// Calls `act` with each row whose key begins so, until it returns false.
template <class Act>
void each_row(Db& db, std::string const& prefix, Act act) {
  std::string const upper = beyond(prefix);
  rocksdb::Slice const bound(upper);
  rocksdb::ReadOptions options;
  options.iterate_upper_bound = &bound;
  std::unique_ptr<rocksdb::Iterator> const at(db.db->NewIterator(options, db.log));
  for (at->Seek(prefix); at->Valid(); at->Next())
    if (!act(view(at->key()), view(at->value()))) return;
  if (!at->status().ok()) throw failed("read the log", at->status());
}

}  // namespace

RocksLog::~RocksLog() { close(); }

Offset RocksLog::seen_by_groups(Db& db) {
  Offset seen = 0;
  each_row(db, "g", [&](std::string_view, std::string_view value) {
    Progress const progress = decode_progress(value);
    seen = std::max(seen, progress.loaded_to);
    if (!progress.open.empty()) seen = std::max(seen, progress.open.back() + 1);
    return true;
  });
  return seen;
}

void RocksLog::listen() {
  needs_.topic.on_written(
      [this](std::vector<LoggedPtr> events, Time next_due) { written(std::move(events), next_due); });
}

void RocksLog::subscribe(Subscription subscription) {
  check(!started_, "groups subscribe before the log starts");
  for (auto const& other : groups_) check(other->subscription.group != subscription.group, "a group subscribes once");
  groups_.push_back(std::make_unique<Group>());
  groups_.back()->subscription = std::move(subscription);
}

void RocksLog::start(std::vector<boost::asio::any_io_executor> executors) {
  check(!started_ && !executors.empty(), "a log starts once, with somewhere to run");
  for (auto& group : groups_) open_group(*group);
  {
    std::lock_guard const lock(mutex_);
    executors_ = std::move(executors);
    started_ = true;
  }
  thread_ = std::thread([this] { loop(); });
}

// What it had not handled is loaded at once, the backlog beyond by the thread.
void RocksLog::open_group(Group& group) {
  std::string value;
  auto const status = needs_.db.db->Get({}, needs_.db.log, progress_key(group.subscription.group), &value);
  if (!status.ok() && !status.IsNotFound()) throw failed("read the log", status);
  std::string const asides = aside_prefix(group.subscription.group);
  each_row(needs_.db, asides, [&](std::string_view key, std::string_view bytes) {
    AsideRecord const record = decode_aside(bytes);
    group.aside.emplace(read_u64(key.data() + asides.size()), record.since);
    return true;
  });
  if (status.ok()) {
    Progress const before = decode_progress(value);
    for (Offset const offset : before.open)
      if (LoggedPtr logged = needs_.topic.read_one(offset)) group.take_in(std::move(logged), {}, false);
    group.loaded_to = before.loaded_to;
    group.waiting_from = before.waiting_from;
    load_newly_followed(group, before);
  }
  std::lock_guard const lock(mutex_);
  group.dirty = true;
}

// An event of a kind, or of a newer schema, that the group knows only now has waited for it.
void RocksLog::load_newly_followed(Group& group, Progress const& before) {
  auto const knew = [&](Event const& event) {
    auto const kind = before.kinds.find(event.kind);
    return kind != before.kinds.end() && event.schema <= kind->second;
  };
  bool const more = std::ranges::any_of(group.subscription.kinds, [&](FollowedKind const& kind) {
    auto const old = before.kinds.find(kind.kind);
    return old == before.kinds.end() || old->second < kind.schema_max;
  });
  if (!more) return;
  group.waiting_from = 0;
  for (Offset from = 0; from < before.loaded_to;) {
    Offset upto = 0;
    for (LoggedPtr& logged : needs_.topic.read(from, 1'000, upto)) {
      if (logged->offset >= before.loaded_to) return;
      if (!knew(logged->event)) group.take_in(std::move(logged), {}, false);
    }
    from = upto;
  }
}

Group* RocksLog::find(std::string const& name) {
  auto const found = std::ranges::find_if(groups_, [&](auto const& each) { return each->subscription.group == name; });
  return found == groups_.end() ? nullptr : found->get();
}

Group& RocksLog::group(std::string const& name) {
  Group* const found = find(name);
  if (found == nullptr) throw Error{Code::not_found, "No such group follows events: " + name};
  return *found;
}

Task<void> RocksLog::append(std::vector<Event> events) {
  for (Event const& event : events) check_limits(event);
  if (events.empty()) co_return;
  PlainJob job([&events](Lane& lane) { std::ranges::for_each(events, [&](auto& event) { lane.append(event); }); },
               true);
  co_await needs_.lane.pass(job);
}

Task<void> RocksLog::acknowledge(std::string name, EventId event) {
  Group* aside = nullptr;
  {
    std::lock_guard const lock(mutex_);
    Group* const by = find(name);
    if (by == nullptr) co_return;
    if (by->aside.contains(event.value)) aside = by;
    by->handled(event, behind(*by));
    wake_settled();
  }
  if (aside != nullptr) co_await forget_aside(*aside, event);
}

Task<std::vector<Lag>> RocksLog::lag() {
  std::vector<Lag> lags;
  std::lock_guard const lock(mutex_);
  for (auto const& group : groups_) {
    Lag lag{.group = group->subscription.group};
    std::uint64_t retried = 0;
    for (auto const& [offset, event] : group->pending) {
      if (event.hourly) continue;
      if (group->aside.contains(event.logged->event.id.value)) ++retried;
      if (++lag.waiting == 1) lag.oldest = event.logged->appended;
    }
    // A backlog on the disk is counted with the events of kinds it may not follow.
    Offset const next = needs_.topic.next();
    if (group->loaded_to < next) lag.waiting += next - group->loaded_to;
    lag.set_aside = group->aside.size() - retried;
    lags.push_back(std::move(lag));
  }
  co_return lags;
}

Task<std::vector<SetAside>> RocksLog::set_aside(std::string name, std::size_t limit) {
  auto list = co_await needs_.db.workers.run([&] {
    std::vector<SetAside> list;
    if (limit == 0) return list;
    each_row(needs_.db, aside_prefix(name), [&](std::string_view, std::string_view bytes) {
      AsideRecord record = decode_aside(bytes);
      list.push_back({name, std::move(record.event), record.attempts, std::move(record.failure)});
      return list.size() < limit;
    });
    return list;
  });
  std::lock_guard const lock(mutex_);
  if (Group* const by = find(name))
    std::erase_if(list, [&](SetAside const& one) {  // tried again just now
      auto const found = by->by_id.find(one.event.id.value);
      return found != by->by_id.end() && !by->pending.at(found->second).hourly;
    });
  co_return list;
}

Task<void> RocksLog::retry(std::string name, EventId event) {
  std::string bytes;
  auto const key = aside_key(name, event);
  auto const status = co_await needs_.db.workers.run([&] { return needs_.db.db->Get({}, needs_.db.log, key, &bytes); });
  if (status.IsNotFound()) throw Error{Code::not_found, "No such event is set aside"};
  if (!status.ok()) throw failed("read the log", status);
  AsideRecord record = decode_aside(bytes);
  auto logged = std::make_shared<LoggedEvent const>(LoggedEvent{record.offset, record.since, std::move(record.event)});
  std::lock_guard const lock(mutex_);
  Group& retrying = group(name);
  auto const found = retrying.by_id.find(event.value);
  if (found != retrying.by_id.end()) {  // by itself, this hour
    retrying.pending.at(found->second).hourly = false;
    retrying.pending.at(found->second).attempts = 0;
    co_return;
  }
  retrying.take_in(std::move(logged), {}, false);
  begin_work(retrying);
}

Task<void> RocksLog::replay(std::string name, Time since) {
  Offset const first = co_await needs_.db.workers.run([&] { return needs_.topic.first_since(since); });
  {
    std::lock_guard const lock(mutex_);
    Group& again = group(name);
    again.acked_ahead.clear();
    again.loaded_to = std::min(again.loaded_to, first);
    again.dirty = true;
  }
  wake_.notify_one();
}

Task<void> RocksLog::caught_up(std::string name) {
  co_await settle_due(needs_.db.clock.now());
  Parked parked;
  Group* waited_for = nullptr;
  {
    std::lock_guard const lock(mutex_);
    waited_for = find(name);
    if (waited_for == nullptr) co_return;
  }
  co_await retry_hourly(*waited_for);
  co_await park(parked, [&] {
    std::lock_guard const lock(mutex_);
    waiters_.push_back({waited_for, needs_.topic.next(), &parked});
    wake_settled();
  });
}

}  // namespace kith::rocks
