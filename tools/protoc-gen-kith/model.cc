#include "tools/protoc-gen-kith/model.h"

#include <algorithm>
#include <functional>
#include <map>
#include <set>

#include "ports/kith.pb.h"
#include "tools/protoc-gen-kith/names.h"

namespace kith_plugin {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptor;
using google::protobuf::ServiceDescriptor;

// Words that generated code uses in every namespace.
constexpr std::string_view own_types[] = {"Call", "Task", "Time", "Sealed"};
// Members that a row, an event has besides its fields.
constexpr std::string_view row_members[] = {
    "key",        "sort",         "table",       "encode_key", "encode_partition",
    "expires_at", "sealed_owner", "each_sealed", "has_sealed", "unknown_fields"};
constexpr std::string_view event_members[] = {"kind", "schema", "event_key"};
// Types inside a row; a message with such a name is named with its namespace there.
constexpr std::string_view row_types[] = {"Field", "Key", "Partition"};

bool holds(auto const& list, auto const& word) { return std::ranges::find(list, word) != std::ranges::end(list); }

// "kith.posts" -> "posts"
std::string group_of(FileDescriptor const& file) { return file.package().substr(file.package().rfind('.') + 1); }

[[noreturn]] void refuse(FileDescriptor const& file, std::string const& why) {
  throw Refusal(file.name() + ": " + why);
}

// The name below the package: "Post.title".
template <class Described>
[[noreturn]] void refuse(Described const& what, std::string const& why) {
  std::string const& package = what.file()->package();
  std::string name = what.full_name();
  if (name.starts_with(package + '.')) name.erase(0, package.size() + 1);
  refuse(*what.file(), name + ": " + why);
}

bool is_nothing(Descriptor const& message) {
  return message.full_name() == "google.protobuf.Empty" || message.name() == "Nothing";
}

void check_package(FileDescriptor const& file) {
  std::string const& package = file.package();
  if (!package.starts_with("kith.") || package.find('.', 5) != std::string::npos)
    refuse(file, "the package is named kith.SERVICE, such as kith.posts, not \"" + package + "\"");
  if (file.syntax() != FileDescriptor::SYNTAX_PROTO3) refuse(file, "begin it with: syntax = \"proto3\";");
}

std::string type_name(FileDescriptor const& user, auto const& described, bool inside_row) {
  if (described.containing_type() != nullptr)
    refuse(described, "declare it at the top of the file, not inside a message");
  if (described.file()->package() != user.package()) {
    check_package(*described.file());
    return group_of(*described.file()) + "::" + described.name();
  }
  if (inside_row && holds(row_types, described.name())) return group_of(user) + "::" + described.name();
  return described.name();
}

bool is_row(Descriptor const& message) { return message.options().HasExtension(kith::table); }
bool is_event(Descriptor const& message) { return message.options().HasExtension(kith::event); }

class Reader {
 public:
  explicit Reader(FileDescriptor const& from) { file_.from = &from; }

  File read();

 private:
  Enum read_enum(EnumDescriptor const& from);
  Message read_message(Descriptor const& from);
  Field read_field(FieldDescriptor const& from, Role role);
  void give_type(Field& field, Role role);
  void read_table(Message& message);
  KeyPart key_part(Message const& message, std::string const& word, char const* place);
  void check_owner(Message const& message);
  void read_event(Message& message);
  Service read_service(ServiceDescriptor const& from);
  Follow read_follow(ServiceDescriptor const& service, kith::Follow const& from);
  Descriptor const* find_event(std::string const& kind);
  void collect_events(FileDescriptor const& from);
  void order_messages();
  void mark_in_row();
  void check_names();

  File file_;
};

bool is_number(Field const& field) { return field.kind == Kind::number || field.kind == Kind::signed_number; }

File Reader::read() {
  FileDescriptor const& from = *file_.from;
  check_package(from);
  file_.path = from.name();
  file_.stem = file_.path.substr(0, file_.path.size() - std::string_view(".proto").size());
  file_.group = group_of(from);
  file_.main = file_.stem.substr(file_.stem.rfind('/') + 1) == file_.group;
  for (int i = 0; i < from.dependency_count(); ++i) {
    std::string const& path = from.dependency(i)->name();
    if (path == "ports/kith.proto" || path.starts_with("google/protobuf/")) continue;
    check_package(*from.dependency(i));
    file_.includes.push_back(path.substr(0, path.size() - 6) + ".kith.h");
  }
  if (from.extension_count() > 0) refuse(from, "extensions are declared in ports/kith.proto alone");
  for (int i = 0; i < from.enum_type_count(); ++i) file_.enums.push_back(read_enum(*from.enum_type(i)));
  for (int i = 0; i < from.message_type_count(); ++i) file_.messages.push_back(read_message(*from.message_type(i)));
  for (int i = 0; i < from.service_count(); ++i) file_.services.push_back(read_service(*from.service(i)));
  if (!file_.main && (!file_.services.empty() || file_.has_tables()))
    refuse(from, "services and tables of package " + from.package() + " are described in its main file, " +
                     file_.group + ".proto");
  if (file_.main) collect_events(from);
  order_messages();
  mark_in_row();
  check_names();
  return std::move(file_);
}

Enum Reader::read_enum(EnumDescriptor const& from) {
  Enum made{&from, from.name(), {}};
  std::string const prefix = upper_snake_case(from.name()) + '_';
  for (int i = 0; i < from.value_count(); ++i) {
    auto const& value = *from.value(i);
    std::string name = value.name();
    if (name.starts_with(prefix)) name.erase(0, prefix.size());
    name = not_a_keyword(lower(name));
    if (value.number() < 0) refuse(from, value.name() + " is negative; numbers of an enum count from 0");
    if (name.empty() || (name[0] >= '0' && name[0] <= '9'))
      refuse(from, value.name() + " leaves no name without its prefix");
    made.values.push_back({&value, name, value.number()});
  }
  auto const zero = std::ranges::find(made.values, 0, &EnumValue::number);
  if (zero == made.values.end() || zero->name != "unspecified")
    refuse(from, "its zero must be " + prefix + "UNSPECIFIED, and mean the most closed");
  return made;
}

Message Reader::read_message(Descriptor const& from) {
  if (from.nested_type_count() > 0) {
    bool const map = from.nested_type(0)->options().map_entry();
    refuse(from, map ? "maps are not part of kith's descriptions: use a repeated message"
                     : "declare " + from.nested_type(0)->name() + " at the top of the file, not inside a message");
  }
  if (from.enum_type_count() > 0)
    refuse(from, "declare " + from.enum_type(0)->name() + " at the top of the file, not inside a message");
  if (from.real_oneof_decl_count() > 0)
    refuse(from, "oneof " + from.oneof_decl(0)->name() + " is not part of kith's descriptions: use optional fields");
  Message message{.from = &from, .name = from.name()};
  if (is_row(from) && is_event(from)) refuse(from, "it is either a table or an event");
  if (is_row(from)) message.role = Role::row;
  if (is_event(from)) message.role = Role::event;
  for (int i = 0; i < from.field_count(); ++i) message.fields.push_back(read_field(*from.field(i), message.role));
  if (message.role == Role::row) read_table(message);
  if (message.role == Role::event) read_event(message);
  return message;
}

Field Reader::read_field(FieldDescriptor const& from, Role role) {
  auto const& options = from.options();
  Field field{.from = &from,
              .number = from.number(),
              .name = not_a_keyword(from.name()),
              .type = {},
              .element = {},
              .initial = "{}",
              .kind = Kind::number,
              .id = options.GetExtension(kith::id),
              .repeated = from.is_repeated(),
              .optional = from.has_optional_keyword(),
              .sealed = options.GetExtension(kith::sealed)};
  if (from.name() != lower(from.name())) refuse(from, "names of fields are lower case with underscores");
  if ((role == Role::row && holds(row_members, field.name)) ||
      (role == Role::event && holds(event_members, field.name)) || field.name == "unknown_fields")
    field.name += '_';
  if (!field.id.empty() && from.type() != FieldDescriptor::TYPE_UINT64) refuse(from, "an id is a uint64");
  if (options.GetExtension(kith::time) && from.type() != FieldDescriptor::TYPE_INT64)
    refuse(from, "a time is an int64");
  give_type(field, role);
  if (field.sealed) {
    if (field.kind != Kind::text && field.kind != Kind::bytes) refuse(from, "only string and bytes can be sealed");
    if (field.repeated || field.optional)
      refuse(from, "a sealed field is neither repeated nor optional: seal one message as bytes");
    if (role != Role::row) refuse(from, "only fields of a table are sealed");
    field.element = "Sealed";
  }
  if (role == Role::event && (field.sealed || field.kind == Kind::bytes))
    refuse(from, "an event holds ids, kinds and versions, never content");
  if (role == Role::row && field.kind == Kind::real) refuse(from, "a table holds whole numbers only");
  if (field.repeated && field.kind == Kind::flag) refuse(from, "repeated bool is not part of kith's descriptions");
  field.type = field.element;
  if (field.repeated) field.type = "std::vector<" + field.element + ">";
  if (field.optional) field.type = "std::optional<" + field.element + ">";
  if (field.repeated || field.optional || field.sealed) field.initial = "{}";
  return field;
}

void Reader::give_type(Field& field, Role role) {
  FieldDescriptor const& from = *field.from;
  auto const as = [&field](Kind kind, std::string element, std::string initial) {
    field.kind = kind;
    field.element = std::move(element);
    field.initial = std::move(initial);
  };
  switch (from.type()) {
    case FieldDescriptor::TYPE_UINT64:
      if (field.id.empty()) return as(Kind::number, "std::uint64_t", "0");
      if (!holds(file_.ids, field.id)) file_.ids.push_back(field.id);
      return as(Kind::number, field.id + "Id", "{}");
    case FieldDescriptor::TYPE_UINT32: return as(Kind::number, "std::uint32_t", "0");
    case FieldDescriptor::TYPE_INT64:
      if (from.options().GetExtension(kith::time)) return as(Kind::time, "Time", "no_time");
      return as(Kind::signed_number, "std::int64_t", "0");
    case FieldDescriptor::TYPE_INT32: return as(Kind::signed_number, "std::int32_t", "0");
    case FieldDescriptor::TYPE_BOOL: return as(Kind::flag, "bool", "false");
    case FieldDescriptor::TYPE_DOUBLE: return as(Kind::real, "double", "0");
    case FieldDescriptor::TYPE_STRING: return as(Kind::text, "std::string", "{}");
    case FieldDescriptor::TYPE_BYTES: return as(Kind::bytes, "std::string", "{}");
    case FieldDescriptor::TYPE_ENUM: {
      std::string type = type_name(*file_.from, *from.enum_type(), role == Role::row);
      return as(Kind::enumeration, type, type + "::unspecified");
    }
    case FieldDescriptor::TYPE_MESSAGE: {
      Descriptor const& held = *from.message_type();
      if (is_row(held) || is_event(held))
        refuse(from, held.name() + (is_row(held) ? " is a table" : " is an event") +
                         ": it cannot be held by another message");
      if (held.file()->name().starts_with("google/"))
        refuse(from, held.full_name() + " is not part of kith's descriptions");
      if (role == Role::row && held.file() != file_.from)
        refuse(from,
               "a table holds messages of its own file only, and " + held.name() + " is of " + held.file()->name());
      return as(Kind::message, type_name(*file_.from, held, role == Role::row), "{}");
    }
    default: refuse(from, std::string(from.type_name()) + " is not part of kith's descriptions");
  }
}

void Reader::read_table(Message& message) {
  Descriptor const& from = *message.from;
  kith::Table const& options = from.options().GetExtension(kith::table);
  Table& table = message.table;
  auto const must = [&from](bool there, char const* what) {
    if (!there) refuse(from, std::string("a table must say its ") + what);
  };
  must(options.number() != 0, "number, unique in kith and never used again");
  must(options.class_() == kith::STRICT || options.class_() == kith::WIDE, "class, STRICT or WIDE");
  must(options.partition_size() > 0, "partition");
  must(!options.bound().empty(), "bound: how many rows a partition can have, and what limits them");
  must(!options.owner().empty(), "owner: the field naming the account it belongs to, or \"none: why\"");
  must(!options.erasure().empty(), "erasure: how the erasure of an account finds the row");
  table.number = static_cast<int>(options.number());
  table.strict = options.class_() == kith::STRICT;
  table.bound = options.bound();
  table.owner = options.owner();
  table.erasure = options.erasure();
  table.derived_from = options.derived_from();
  table.bucket = options.bucket();
  table.immutable = options.immutable();
  if (table.strict && !table.bucket.empty()) refuse(from, "only a wide table is cut into buckets");

  for (auto const& word : options.partition()) table.partition.push_back(key_part(message, word, "partition"));
  for (auto const& word : options.sort()) table.sort.push_back(key_part(message, word, "sort"));
  std::set<Field const*> in_key;
  for (auto const* parts : {&table.partition, &table.sort})
    for (auto const& part : *parts)
      if (!in_key.insert(part.field).second) refuse(*part.field->from, "it stands twice in the key");
  for (Field const& field : message.fields) {
    if (in_key.contains(&field)) continue;
    table.values.push_back(&field);
    if (field.sealed) table.sealed.push_back(&field);
    if (is_number(field) && field.id.empty() && !field.repeated && !field.optional) table.countable.push_back(&field);
  }

  check_owner(message);
  auto const find = [&message](std::string const& name) {
    auto const found =
        std::ranges::find_if(message.fields, [&](Field const& field) { return field.from->name() == name; });
    return found == message.fields.end() ? nullptr : &*found;
  };
  if (std::string const& name = options.sealed_by(); !name.empty()) {
    table.sealed_by = find(name);
    if (table.sealed_by == nullptr) refuse(from, "sealed_by names " + name + ", which is no field of it");
    if (table.sealed_by->id != "Account" || table.sealed_by->repeated || table.sealed_by->optional)
      refuse(from, "sealed_by names an account: a uint64 with (kith.id) = \"Account\"");
  }
  if (!table.sealed.empty() && table.sealed_by == nullptr)
    refuse(*table.sealed.front()->from,
           "a table with sealed fields must say sealed_by: the field naming the account whose key seals them");
  if (table.sealed.empty() && table.sealed_by != nullptr)
    refuse(from, "it says sealed_by, but none of its fields is sealed");
  if (std::string const& name = options.expires(); !name.empty()) {
    table.expires = find(name);
    if (table.expires == nullptr || table.expires->kind != Kind::time || table.expires->repeated ||
        table.expires->optional)
      refuse(from, "expires names a field of type time; " + name + " is none");
  }
}

KeyPart Reader::key_part(Message const& message, std::string const& word, char const* place) {
  bool const descending = word.starts_with('-');
  std::string const name = word.substr(descending ? 1 : 0);
  for (Field const& field : message.fields) {
    if (field.from->name() != name) continue;
    auto const no = [&](char const* why) { refuse(*field.from, std::string("it is part of the key, and ") + why); };
    if (field.sealed) no("a key is never sealed");
    if (field.repeated || field.optional) no("a key is neither repeated nor optional");
    if (field.kind == Kind::message || field.kind == Kind::bytes || field.kind == Kind::real)
      no("a key is made of numbers, ids, times, flags, enums and text");
    if (field.kind == Kind::signed_number) no("signed numbers do not lie in byte order");
    if (descending && field.kind == Kind::text) no("text cannot sort descending");
    if (descending && std::string_view(place) == "partition") no("partitions have no order");
    return {&field, descending};
  }
  refuse(*message.from, std::string(place) + " names " + name + ", which is no field of it");
}

void Reader::check_owner(Message const& message) {
  std::string const& owner = message.table.owner;
  if (owner.starts_with("none: ") && owner.size() > 6) return;
  for (Field const& field : message.fields) {
    if (field.from->name() != owner) continue;
    if (field.type != "std::uint64_t" && field.id.empty()) refuse(*field.from, "the owner is an account, so a uint64");
    return;
  }
  refuse(*message.from, "owner names " + owner + ", which is no field of it; if nobody owns it, say \"none: why\"");
}

void Reader::read_event(Message& message) {
  kith::Event const& options = message.from->options().GetExtension(kith::event);
  if (options.key().empty()) refuse(*message.from, "an event must say its key: the field that events are grouped by");
  auto const key =
      std::ranges::find_if(message.fields, [&](Field const& field) { return field.from->name() == options.key(); });
  if (key == message.fields.end()) refuse(*message.from, "key names " + options.key() + ", which is no field of it");
  if (key->kind != Kind::number || key->repeated || key->optional)
    refuse(*message.from, "its key is written as decimal digits: an id or another unsigned number");
  message.event = {&*key, std::max(options.schema(), 1u)};
}

std::string repeat_of(google::protobuf::MethodDescriptor const& method) {
  switch (method.options().idempotency_level()) {
    case google::protobuf::MethodOptions::NO_SIDE_EFFECTS: return "reads";
    case google::protobuf::MethodOptions::IDEMPOTENT: return "idempotent";
    case google::protobuf::MethodOptions::IDEMPOTENCY_UNKNOWN: break;
  }
  return "unknown";
}

Service Reader::read_service(ServiceDescriptor const& from) {
  Service service{&from, from.name(), {}, {}};
  for (int i = 0; i < from.method_count(); ++i) {
    auto const& method = *from.method(i);
    if (method.client_streaming() || method.server_streaming())
      refuse(method, "streams are not part of kith's descriptions: answer a page and say where the next one begins");
    for (auto const* message : {method.input_type(), method.output_type()})
      if (is_row(*message))
        refuse(method, message->name() + " is a table: its key would be lost; use a message of its own");
    auto const type = [&](Descriptor const& message) {
      return is_nothing(message) ? std::string() : type_name(*from.file(), message, false);
    };
    service.methods.push_back({&method, not_a_keyword(snake_case(method.name())),
                               from.full_name() + '/' + method.name(), type(*method.input_type()),
                               type(*method.output_type()), repeat_of(method)});
  }
  auto const& options = from.options();
  for (int i = 0; i < options.ExtensionSize(kith::follows); ++i)
    service.follows.push_back(read_follow(from, options.GetExtension(kith::follows, i)));
  return service;
}

Follow Reader::read_follow(ServiceDescriptor const& service, kith::Follow const& from) {
  Descriptor const* event = find_event(from.event());
  if (event == nullptr)
    refuse(service, "it follows " + from.event() +
                        ", which is no event of a file that this one imports (written posts.PostChanged)");
  for (Service const& other : file_.services)
    for (Follow const& follow : other.follows)
      if (follow.kind == from.event())
        refuse(service, from.event() + " is already followed by " + other.name + " of this package");
  return {type_name(*file_.from, *event, false), from.event(), "on_" + snake_case(event->name()),
          std::max(event->options().GetExtension(kith::event).schema(), 1u), from.echo()};
}

Descriptor const* Reader::find_event(std::string const& kind) {
  auto const in = [&kind](FileDescriptor const& file) -> Descriptor const* {
    for (int i = 0; i < file.message_type_count(); ++i)
      if (is_event(*file.message_type(i)) && group_of(file) + '.' + file.message_type(i)->name() == kind)
        return file.message_type(i);
    return nullptr;
  };
  if (auto const* event = in(*file_.from)) return event;
  for (int i = 0; i < file_.from->dependency_count(); ++i)
    if (auto const* event = in(*file_.from->dependency(i))) return event;
  return nullptr;
}

void Reader::collect_events(FileDescriptor const& from) {
  for (int i = 0; i < from.message_type_count(); ++i) {
    Descriptor const& message = *from.message_type(i);
    if (!is_event(message)) continue;
    auto const& options = message.options().GetExtension(kith::event);
    file_.events.push_back({file_.group + '.' + message.name(), std::max(options.schema(), 1u), options.key()});
  }
  for (int i = 0; i < from.dependency_count(); ++i)
    if (from.dependency(i)->package() == from.package()) collect_events(*from.dependency(i));
}

// A struct is declared before the one that holds it.
void Reader::order_messages() {
  enum class Visit { open, done };
  std::map<Descriptor const*, Visit> visits;
  std::vector<Message> ordered;
  std::function<void(Message&)> const visit = [&](Message& message) {
    auto const [at, first] = visits.emplace(message.from, Visit::open);
    if (!first) return;
    for (Field const& field : message.fields) {
      if (field.kind != Kind::message) continue;
      Descriptor const* const held = field.from->message_type();
      bool const itself_repeated = held == message.from && field.repeated;
      if (held->file() != file_.from || itself_repeated) continue;
      if (auto const seen = visits.find(held); seen != visits.end() && seen->second == Visit::open)
        refuse(*field.from, "a message holds itself only as a repeated field of its own");
      visit(*std::ranges::find(file_.messages, held, &Message::from));
    }
    visits[message.from] = Visit::done;
    ordered.push_back(std::move(message));
  };
  std::vector<Descriptor const*> as_written;
  for (Message const& message : file_.messages) as_written.push_back(message.from);
  for (auto const* from : as_written)
    if (!visits.contains(from)) visit(*std::ranges::find(file_.messages, from, &Message::from));
  file_.messages = std::move(ordered);
}

void Reader::mark_in_row() {
  std::set<Descriptor const*> held;
  // Holders come after what they hold, so one walk from the end meets every holder first.
  for (auto message = file_.messages.rbegin(); message != file_.messages.rend(); ++message) {
    message->in_row = message->role == Role::row || held.contains(message->from);
    if (!message->in_row) continue;
    for (Field const& field : message->fields)
      if (field.kind == Kind::message) held.insert(field.from->message_type());
  }
}

void Reader::check_names() {
  std::map<std::string, std::string> taken;
  for (auto const& type : own_types) taken.emplace(type, "kith");
  for (auto const& id : file_.ids) taken.emplace(id + "Id", "an id");
  auto const take = [&](std::string const& name, auto const& described) {
    if (auto const [at, first] = taken.emplace(name, described.full_name()); !first)
      refuse(described, "the name " + name + " is taken by " + at->second);
  };
  for (Enum const& made : file_.enums) take(made.name, *made.from);
  for (Message const& message : file_.messages) take(message.name, *message.from);
  for (Service const& service : file_.services) {
    take(service.name + "Service", *service.from);
    take("Remote" + service.name, *service.from);
    if (!service.follows.empty()) take(service.name + "Follower", *service.from);
    std::set<std::string> methods;
    for (Method const& method : service.methods)
      if (!methods.insert(method.name).second)
        refuse(*method.from, "its C++ name " + method.name + " is taken by another call");
  }
  std::map<int, std::string> numbers;
  for (Message const& message : file_.messages) {
    if (message.role != Role::row) continue;
    if (auto const [at, first] = numbers.emplace(message.table.number, message.name); !first)
      refuse(*message.from, "number " + std::to_string(message.table.number) + " is the table " + at->second);
  }
}

}  // namespace

bool File::has_tables() const {
  return std::ranges::any_of(messages, [](Message const& message) { return message.role == Role::row; });
}

File read_file(FileDescriptor const& file) { return Reader(file).read(); }

}  // namespace kith_plugin
