#include <algorithm>

#include "tools/protoc-gen-kith/names.h"
#include "tools/protoc-gen-kith/text.h"
#include "tools/protoc-gen-kith/write.h"

namespace kith_plugin {
namespace {

class Header {
 public:
  explicit Header(File const& file) : file_(file) {}

  std::string write();

 private:
  void includes();
  void ids();
  void enumeration(Enum const& from);
  void message(Message const& from);
  void row(Message const& from);
  void event(Message const& from);
  void conversions();
  void service(Service const& from);
  void follower(Service const& from);

  File const& file_;
  Text out_;
};

std::string Header::write() {
  out_("// Made from $0 by tools/protoc-gen-kith: do not edit.\n#pragma once\n\n", file_.path);
  includes();
  ids();
  out_("namespace kith::$0 {\n", file_.group);
  for (Enum const& from : file_.enums) enumeration(from);
  for (Message const& from : file_.messages) message(from);
  conversions();
  for (Service const& from : file_.services) {
    service(from);
    if (!from.follows.empty()) follower(from);
  }
  if (file_.main)
    out_(
        "\n// What this service holds, emits and follows, for engines, wiring and `kith dataflow`.\n"
        "std::span<kith::Table const> tables();\n"
        "std::span<kith::EventDescription const> events();\n"
        "std::span<kith::FollowDescription const> follows();\n");
  out_("\n}  // namespace kith::$0\n", file_.group);
  return out_.take();
}

void Header::includes() {
  out_(
      "#include <cstdint>\n#include <optional>\n#include <span>\n#include <string>\n#include <string_view>\n#include "
      "<vector>\n\n");
  std::vector<std::string> headers = {"base/id.h", "base/time.h", "ports/rpc/wire.h"};
  if (file_.main) headers.insert(headers.end(), {"ports/rpc/service.h", "ports/table/row.h"});
  if (!file_.services.empty()) headers.insert(headers.end(), {"base/task.h", "ports/rpc/call.h"});
  if (std::ranges::any_of(file_.messages, [](Message const& from) { return !from.table.sealed.empty(); }))
    headers.emplace_back("ports/table/sealed.h");
  headers.insert(headers.end(), file_.includes.begin(), file_.includes.end());
  std::ranges::sort(headers);
  for (auto const& header : headers) out_("#include \"$0\"\n", header);
  out_("\n");
}

void Header::ids() {
  if (file_.ids.empty()) return;
  out_("namespace kith {\n");
  for (auto const& id : file_.ids) out_("using $0Id = Id<struct $0Tag>;\n", id);
  out_("}  // namespace kith\n\n");
}

void Header::enumeration(Enum const& from) {
  out_("\n");
  out_.described("", "enum class " + from.name + " : std::int32_t {", *from.from);
  for (EnumValue const& value : from.values)
    out_.described("  ", value.name + " = " + std::to_string(value.number) + ",", *value.from);
  out_("};\n");
}

void Header::message(Message const& from) {
  out_("\n");
  out_.described("", "struct " + from.name + " {", *from.from);
  for (Field const& field : from.fields)
    out_.described("  ", field.type + ' ' + field.name + " = " + field.initial + ';', *field.from);
  if (from.role != Role::event) out_("  kith::UnknownFields unknown_fields = {};\n");
  if (from.role == Role::row) row(from);
  if (from.role == Role::event) event(from);
  out_("\n  friend bool operator==($0 const&, $0 const&) = default;\n};\n", from.name);
}

std::string members(std::vector<KeyPart> const& parts) {
  std::string out;
  for (KeyPart const& part : parts)
    out += "    " + part.field->type + ' ' + part.field->name + " = " + part.field->initial + ";\n";
  return out;
}

std::string names(std::vector<KeyPart> const& first, std::vector<KeyPart> const& second) {
  std::string out;
  for (auto const* parts : {&first, &second})
    for (KeyPart const& part : *parts) out += (out.empty() ? "" : ", ") + part.field->name;
  return out;
}

void Header::row(Message const& from) {
  Table const& table = from.table;
  if (!table.countable.empty()) {
    out_("\n  // Numbers that a commit may add to.\n  enum class Field : std::uint32_t {\n");
    for (Field const* field : table.countable) out_("    $0 = $1,\n", field->name, std::to_string(field->number));
    out_("  };\n");
  }
  out_("\n  struct Partition {\n$0    friend bool operator==(Partition const&, Partition const&) = default;\n  };\n",
       members(table.partition));
  out_("  struct Key {\n$0$1    friend bool operator==(Key const&, Key const&) = default;\n  };\n",
       members(table.partition), members(table.sort));
  out_("  Key key() const { return {$0}; }\n", names(table.partition, table.sort));
  out_(
      "  static kith::TableDescription const& table();\n"
      "  static kith::RowKey encode_key(Key const& key);\n"
      "  static std::string encode_partition(Partition const& partition);\n");
  if (!table.sort.empty()) {
    out_("  // Bounds of a scan: all sort keys that begin with these parts.\n");
    std::string arguments;
    for (KeyPart const& part : table.sort) {
      std::string const type = part.field->kind == Kind::text ? "std::string_view" : part.field->type;
      arguments += (arguments.empty() ? "" : ", ") + type + ' ' + part.field->name;
      out_("  static std::string sort($0);\n", arguments);
    }
  }
  if (table.expires != nullptr)
    out_("  static Time expires_at($0 const& row) { return row.$1; }\n", from.name, table.expires->name);
  else
    out_("  static Time expires_at($0 const&) { return no_time; }\n", from.name);
  out_("  static constexpr bool has_sealed = $0;\n", table.sealed.empty() ? "false" : "true");
  if (table.sealed.empty()) return;
  out_("  AccountId sealed_owner() const { return $0; }\n", table.sealed_by->name);
  out_("  template <class F>\n  void each_sealed(F f) {\n");
  for (Field const* field : table.sealed)
    out_("    f(std::uint32_t{$0}, $1);\n", std::to_string(field->number), field->name);
  out_("  }\n");
}

void Header::event(Message const& from) {
  out_("\n  static constexpr std::string_view kind = \"$0.$1\";\n", file_.group, from.name);
  out_("  static constexpr std::uint32_t schema = $0;\n", std::to_string(from.event.schema));
  Field const& key = *from.event.key;
  out_("  std::string event_key() const { return std::to_string($0$1); }\n", key.name, key.id.empty() ? "" : ".value");
}

void Header::conversions() {
  if (file_.messages.empty()) return;
  out_("\n// To and from protobuf's wire format; a row without its key. Read with kith::decode<T>(bytes).\n");
  for (Message const& from : file_.messages)
    out_(
        "std::string encode($0 const& message);\n"
        "void encode_to(std::string& out, $0 const& message);\n"
        "void decode_from(kith::wire::Reader& in, $0& message);\n",
        from.name);
  bool first = true;
  for (Message const& from : file_.messages) {
    if (!from.in_row) continue;
    if (std::exchange(first, false)) out_("// What a row holds outside of itself, for bounded caches.\n");
    out_("std::size_t heap_bytes($0 const& message);\n", from.name);
  }
}

std::string signature(Method const& method) {
  std::string const response = method.response.empty() ? "void" : method.response;
  std::string const request = method.request.empty() ? "" : ", " + method.request + " request";
  return "Task<" + response + "> " + method.name + "(Call call" + request + ")";
}

void Header::service(Service const& from) {
  out_("\n");
  out_.described("", "class " + from.name + "Service {", *from.from);
  out_(" public:\n  virtual ~$0Service() = default;\n\n", from.name);
  for (Method const& method : from.methods)
    out_.described("  ", "virtual " + signature(method) + " = 0;", *method.from);
  out_(
      "};\n\n"
      "// The service in another process.\n"
      "class Remote$0 final : public $0Service {\n"
      " public:\n"
      "  explicit Remote$0(kith::Channel& channel) : channel_(channel) {}\n\n",
      from.name);
  for (Method const& method : from.methods) out_("  $0 override;\n", signature(method));
  out_(
      "\n private:\n"
      "  kith::Channel& channel_;\n"
      "};\n\n"
      "// Answers the calls of other processes.\n"
      "void serve($0Service& service, kith::Methods& methods);\n",
      from.name);
}

void Header::follower(Service const& from) {
  out_(
      "\n// The events that $0 follows; each may come twice, late and in any order.\nclass $0Follower {\n public:\n  "
      "virtual ~$0Follower() = default;\n\n",
      from.name);
  for (Follow const& follow : from.follows)
    out_("  virtual Task<void> $0($1 event) = 0;$2\n", follow.handler, follow.event,
         follow.echo ? "  // echo: before the answer" : "");
  out_("};\nvoid follow(kith::Dispatch& dispatch, $0Follower& follower);\n", from.name);
}

}  // namespace

std::string write_header(File const& file) { return Header(file).write(); }

}  // namespace kith_plugin
