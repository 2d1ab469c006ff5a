#include "ports/log/rocksdb/topic.h"

#include <algorithm>

namespace kith::rocks {
namespace {

std::uint64_t number_of(Time time) { return static_cast<std::uint64_t>(time.time_since_epoch().count()); }
Time time_of(std::uint64_t number) { return Time{Duration{static_cast<std::int64_t>(number)}}; }

std::string numbered(char kind, std::uint64_t number) {
  std::string key(1, kind);
  append_u64(key, number);
  return key;
}

Offset offset_of(rocksdb::Slice key) { return read_u64(key.data() + 1); }
std::string_view view(rocksdb::Slice slice) { return {slice.data(), slice.size()}; }

// A walk over the rows of one letter.
struct Walk {
  std::string upper;
  rocksdb::Slice bound;
  std::unique_ptr<rocksdb::Iterator> at;

  Walk(Db& db, char kind) : upper(1, static_cast<char>(kind + 1)), bound(upper) {
    rocksdb::ReadOptions options;
    options.iterate_upper_bound = &bound;
    at.reset(db.db->NewIterator(options, db.log));
  }
  void end() const {
    if (!at->status().ok()) throw rocks::failed("read the log", at->status());
  }
};

}  // namespace

std::string encode_logged(Time appended, Event const& event) {
  std::string bytes;
  bytes.reserve(64 + event.kind.size() + event.key.size() + event.body.size());
  append_u64(bytes, number_of(appended));
  append_u64(bytes, event.id.value);
  append_varint(bytes, event.schema);
  append_sized(bytes, event.kind);
  append_sized(bytes, event.key);
  append_sized(bytes, event.body);
  append_varint(bytes, number_of(event.due));
  append_varint(bytes, event.trace[0]);
  append_varint(bytes, event.trace[1]);
  if (event.span != 0) append_varint(bytes, event.span);
  return bytes;
}

LoggedEvent decode_logged(Offset offset, std::string_view bytes) {
  LoggedEvent logged{.offset = offset, .appended = time_of(take_u64(bytes)), .event = {}};
  logged.event.id = EventId{take_u64(bytes)};
  logged.event.schema = static_cast<std::uint32_t>(take_varint(bytes));
  logged.event.kind = take_sized(bytes);
  logged.event.key = take_sized(bytes);
  logged.event.body = take_sized(bytes);
  logged.event.due = time_of(take_varint(bytes));
  logged.event.trace[0] = take_varint(bytes);
  logged.event.trace[1] = take_varint(bytes);
  if (!bytes.empty()) logged.event.span = take_varint(bytes);
  return logged;
}

std::string event_key(Offset offset) { return numbered('e', offset); }

std::string due_key(Time due, EventId event) {
  std::string key = numbered('d', number_of(due));
  append_u64(key, event.value);
  return key;
}

std::string progress_key(std::string_view group) { return 'g' + std::string(group); }
std::string aside_prefix(std::string_view group) { return 's' + std::string(group) + '\0'; }

std::string aside_key(std::string_view group, EventId event) {
  std::string key = aside_prefix(group);
  append_u64(key, event.value);
  return key;
}

void Topic::open(Offset at_least) {
  Walk walk(db_, 'e');
  walk.at->SeekToLast();
  // Below the letter e are the due events.
  Offset next = std::max<Offset>(at_least, 1);
  if (walk.at->Valid() && view(walk.at->key()).front() == 'e') next = std::max(next, offset_of(walk.at->key()) + 1);
  walk.end();
  given_ = next;
  next_ = next;
}

void Topic::add(rocksdb::WriteBatch& batch, Event const& event, Time now) {
  if (event.due > now) {
    batch.Put(db_.log, due_key(event.due, event.id), encode_logged(now, event));
    if (batch_next_due_ == no_time || event.due < batch_next_due_) batch_next_due_ = event.due;
    return;
  }
  auto logged = std::make_shared<LoggedEvent const>(LoggedEvent{given_++, now, event});
  batch.Put(db_.log, event_key(logged->offset), encode_logged(now, event));
  batch_.push_back(std::move(logged));
}

void Topic::written() {
  if (batch_.empty() && batch_next_due_ == no_time) return;
  next_.store(given_, std::memory_order_release);
  if (on_written_) on_written_(std::move(batch_), batch_next_due_);
  batch_.clear();
  batch_next_due_ = no_time;
}

void Topic::failed() {
  // The numbers are not given again: a record that did reach the disk keeps its own.
  batch_.clear();
  batch_next_due_ = no_time;
}

std::vector<LoggedPtr> Topic::read(Offset from, std::size_t limit, Offset& upto) const {
  upto = next();
  std::vector<LoggedPtr> events;
  Walk walk(db_, 'e');
  for (walk.at->Seek(event_key(from)); walk.at->Valid(); walk.at->Next()) {
    Offset const offset = offset_of(walk.at->key());
    if (offset >= upto) break;
    if (events.size() == limit) {
      upto = offset;
      break;
    }
    events.push_back(std::make_shared<LoggedEvent const>(decode_logged(offset, view(walk.at->value()))));
  }
  walk.end();
  return events;
}

LoggedPtr Topic::read_one(Offset offset) const {
  rocksdb::PinnableSlice value;
  auto const status = db_.db->Get({}, db_.log, event_key(offset), &value);
  if (status.IsNotFound()) return nullptr;
  if (!status.ok()) throw rocks::failed("read the log", status);
  return std::make_shared<LoggedEvent const>(decode_logged(offset, view(value)));
}

std::vector<std::pair<std::string, Event>> Topic::due(Time now, std::size_t limit, Time& next_due) const {
  std::vector<std::pair<std::string, Event>> events;
  next_due = no_time;
  Walk walk(db_, 'd');
  for (walk.at->Seek("d"); walk.at->Valid(); walk.at->Next()) {
    Time const due = time_of(offset_of(walk.at->key()));
    if (due > now || events.size() == limit) {
      next_due = due;
      break;
    }
    events.emplace_back(walk.at->key().ToString(), decode_logged(0, view(walk.at->value())).event);
  }
  walk.end();
  return events;
}

Offset Topic::first_since(Time since) const {
  Walk walk(db_, 'e');
  for (walk.at->Seek("e"); walk.at->Valid(); walk.at->Next())
    if (walk.at->value().size() >= 8 && time_of(read_u64(walk.at->value().data())) >= since)
      return offset_of(walk.at->key());
  walk.end();
  return next();
}

void Topic::forget(Time older, Offset below) {
  below = std::min(below, next() - 1);
  Offset upto = 0;
  {
    Walk walk(db_, 'e');
    for (walk.at->Seek("e"); walk.at->Valid(); walk.at->Next()) {
      Offset const offset = offset_of(walk.at->key());
      if (offset >= below || time_of(read_u64(walk.at->value().data())) >= older) break;
      upto = offset + 1;
    }
    walk.end();
  }
  if (upto == 0) return;
  auto const status = db_.db->DeleteRange({}, db_.log, event_key(0), event_key(upto));
  if (!status.ok()) throw rocks::failed("forget old events", status);
}

}  // namespace kith::rocks
