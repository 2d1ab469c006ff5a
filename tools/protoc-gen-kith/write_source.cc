#include <algorithm>

#include "tools/protoc-gen-kith/names.h"
#include "tools/protoc-gen-kith/text.h"
#include "tools/protoc-gen-kith/write.h"

namespace kith_plugin {
namespace {

class Source {
 public:
  explicit Source(File const& file) : file_(file) {}

  std::string write();

 private:
  void includes();
  void table(Message const& from);
  void key(Message const& from);
  void conversions(Message const& from);
  void heap(Message const& from);
  void service(Service const& from);
  void follower(Service const& from);
  void descriptions();

  File const& file_;
  Text out_;
};

std::string Source::write() {
  out_("// Made from $0 by tools/protoc-gen-kith: do not edit.\n#include \"$1.kith.h\"\n\n", file_.path, file_.stem);
  includes();
  out_("namespace kith::$0 {\n", file_.group);
  for (Message const& from : file_.messages) conversions(from);
  for (Message const& from : file_.messages) {
    if (from.in_row) heap(from);
    if (from.role != Role::row) continue;
    table(from);
    key(from);
  }
  for (Service const& from : file_.services) {
    service(from);
    if (!from.follows.empty()) follower(from);
  }
  if (file_.main) descriptions();
  out_("\n}  // namespace kith::$0\n", file_.group);
  return out_.take();
}

void Source::includes() {
  std::vector<std::string> headers;
  if (!file_.services.empty())
    headers.insert(headers.end(), {"ports/rpc/channel.h", "ports/rpc/methods.h", "ports/rpc/remote.h"});
  if (std::ranges::any_of(file_.services, [](Service const& from) { return !from.follows.empty(); }))
    headers.emplace_back("ports/log/dispatch.h");
  if (file_.has_tables()) headers.insert(headers.end(), {"ports/table/key.h", "ports/table/tables.h"});
  std::ranges::sort(headers);
  for (auto const& header : headers) out_("#include \"$0\"\n", header);
  if (!headers.empty()) out_("\n");
}

void Source::conversions(Message const& from) {
  std::vector<Field const*> fields;
  if (from.role == Role::row)
    fields = from.table.values;
  else
    for (Field const& field : from.fields) fields.push_back(&field);
  bool const keeps = from.role != Role::event;

  out_("\nstd::string encode($0 const& message) {\n  std::string out;\n  encode_to(out, message);\n  return out;\n}\n",
       from.name);
  out_("void encode_to(std::string& out, $0 const&$1) {\n", from.name, fields.empty() && !keeps ? "" : " message");
  std::ranges::sort(fields, {}, &Field::number);
  for (Field const* field : fields)
    out_("  wire::put(out, $0, message.$1);\n", std::to_string(field->number), field->name);
  out_(keeps ? "  out += message.unknown_fields.bytes();\n}\n" : "}\n");

  out_("void decode_from(kith::wire::Reader& in, $0&$1) {\n  while (in.next()) {\n", from.name,
       fields.empty() && !keeps ? "" : " message");
  if (!fields.empty()) {
    out_("    switch (in.field()) {\n");
    for (Field const* field : fields)
      out_("      case $0: if (in.take(message.$1)) continue; break;\n", std::to_string(field->number), field->name);
    out_("    }\n");
  }
  out_(keeps ? "    in.keep(message.unknown_fields);\n  }\n}\n" : "    in.skip();\n  }\n}\n");
}

void Source::heap(Message const& from) {
  out_("\nstd::size_t heap_bytes($0 const& message) {\n  std::size_t bytes = message.unknown_fields.heap_bytes();\n",
       from.name);
  for (Field const& field : from.fields) {
    bool const holds = field.repeated || field.sealed || field.kind == Kind::text || field.kind == Kind::bytes ||
                       field.kind == Kind::message;
    if (holds) out_("  bytes += wire::heap_of(message.$0);\n", field.name);
  }
  out_("  return bytes;\n}\n");
}

char const* kind_name(Kind kind) {
  switch (kind) {
    case Kind::number: return "number";
    case Kind::signed_number: return "signed_number";
    case Kind::flag: return "flag";
    case Kind::time: return "time";
    case Kind::text: return "text";
    case Kind::bytes: return "bytes";
    case Kind::enumeration: return "enumeration";
    case Kind::message: return "message";
    case Kind::real: break;  // no table has one
  }
  return "";
}

void Source::table(Message const& from) {
  Table const& table = from.table;
  std::string const name = snake_case(from.name);
  auto const flag = [](bool value) { return value ? "true" : "false"; };
  out_(
      "\nnamespace {\n\nkith::RowPtr parse_$0(kith::RowKey const& key, kith::RowHeader const& header, std::string_view "
      "value) {\n",
      name);
  out_("  auto row = std::make_shared<kith::TypedRow<$0>>();\n  row->header = header;\n", from.name);
  auto const parts = [&](char const* place, std::vector<KeyPart> const& parts) {
    out_("  kith::KeyReader $0(key.$0);\n", place);
    for (KeyPart const& part : parts) {
      bool const last = &part == &parts.back();
      char const* const verb = part.descending                           ? "take_descending"
                               : part.field->kind == Kind::text && !last ? "take_followed"
                                                                         : "take";
      out_("  $0.$1(row->value.$2);\n", place, verb, part.field->name);
    }
    out_("  $0.end();\n", place);
  };
  parts("partition", table.partition);
  parts("sort", table.sort);
  out_(
      "  kith::wire::Reader in(value);\n"
      "  decode_from(in, row->value);\n"
      "  row->bytes = static_cast<std::uint32_t>(sizeof(*row) + heap_bytes(row->value));\n"
      "  return row;\n}\n");
  out_(
      "std::string encode_$0(kith::Row const& row) { return encode(static_cast<kith::TypedRow<$1> const&>(row).value); "
      "}\n\n",
      name, from.name);

  out_("constexpr kith::FieldDescription $0_fields[] = {\n", name);
  for (Field const& field : from.fields)
    out_("    {$0, $1, kith::FieldKind::$2, $3, $4},\n", std::to_string(field.number), quoted(field.from->name()),
         kind_name(field.kind), flag(field.repeated), flag(field.sealed));
  out_("};\n");
  auto const described = [&](char const* place, std::vector<KeyPart> const& parts) {
    if (parts.empty()) return;
    out_("constexpr kith::KeyPart $0_$1[] = {", name, place);
    for (KeyPart const& part : parts)
      out_("$0{$1, $2}", &part == &parts.front() ? "" : ", ", std::to_string(part.field->number),
           flag(part.descending));
    out_("};\n");
  };
  described("partition", table.partition);
  described("sort", table.sort);
  out_("constexpr kith::TableDescription $0_table = {\n", name);
  out_("    .number = $0,\n    .service = \"$1\",\n    .name = \"$2\",\n    .table_class = kith::TableClass::$3,\n",
       std::to_string(table.number), file_.group, from.name, table.strict ? "strict" : "wide");
  out_("    .fields = $0_fields,\n    .partition = $0_partition,\n    .sort = $1,\n", name,
       table.sort.empty() ? "{}" : name + "_sort");
  out_("    .bound = $0,\n    .owner = $1,\n    .erasure = $2,\n    .derived_from = $3,\n", quoted(table.bound),
       quoted(table.owner), quoted(table.erasure), quoted(table.derived_from));
  out_(
      "    .sealed_by = $0,\n    .bucket = $1,\n    .immutable = $2,\n    .parse = parse_$3,\n    .encode = "
      "encode_$3,\n};\n\n}  // namespace\n",
      quoted(table.sealed_by == nullptr ? "" : table.sealed_by->from->name()), quoted(table.bucket),
      flag(table.immutable), name);
  out_("\nkith::TableDescription const& $0::table() { return $1_table; }\n", from.name, name);
}

void put_key(Text& out, std::string const& from, KeyPart const& part, bool followed) {
  char const* const verb = part.descending                              ? "put_descending"
                           : part.field->kind == Kind::text && followed ? "put_followed"
                                                                        : "put";
  out("  kith::key::$0(out, $1$2);\n", verb, from, part.field->name);
}

void Source::key(Message const& from) {
  Table const& table = from.table;
  auto const encoded = [&](std::vector<KeyPart> const& parts, std::size_t count, std::string const& of) {
    out_("  std::string out;\n");
    for (std::size_t i = 0; i < count; ++i) put_key(out_, of, parts[i], i + 1 < parts.size());
    out_("  return out;\n}\n");
  };
  std::string names;
  for (KeyPart const& part : table.partition) names += (names.empty() ? "key." : ", key.") + part.field->name;
  std::string sort = "{}";
  if (!table.sort.empty()) {
    sort = "sort(";
    for (KeyPart const& part : table.sort)
      sort += (&part == &table.sort.front() ? "key." : ", key.") + part.field->name;
    sort += ')';
  }
  out_("kith::RowKey $0::encode_key(Key const& key) { return {&$1_table, encode_partition({$2}), $3}; }\n", from.name,
       snake_case(from.name), names, sort);
  out_("std::string $0::encode_partition(Partition const& partition) {\n", from.name);
  encoded(table.partition, table.partition.size(), "partition.");
  std::string arguments;
  for (std::size_t count = 1; count <= table.sort.size(); ++count) {
    Field const& field = *table.sort[count - 1].field;
    arguments += (arguments.empty() ? "" : ", ") + (field.kind == Kind::text ? "std::string_view" : field.type) + ' ' +
                 field.name;
    out_("std::string $0::sort($1) {\n", from.name, arguments);
    encoded(table.sort, count, "");
  }
}

void Source::service(Service const& from) {
  out_("\n");
  for (Method const& method : from.methods) {
    std::string const response = method.response.empty() ? "void" : method.response;
    out_("Task<$0> Remote$1::$2(Call call$3) {\n", response, from.name, method.name,
         method.request.empty() ? "" : ", " + method.request + " request");
    out_("  return kith::remote::ask<$0>(channel_, call, {\"$1\", kith::Repeat::$2}, $3);\n}\n", response, method.path,
         method.repeat, method.request.empty() ? "{}" : "encode(request)");
  }
  out_("void serve($0Service& service, kith::Methods& methods) {\n", from.name);
  for (Method const& method : from.methods)
    out_("  kith::remote::answer(methods, \"$0\", service, &$1Service::$2);\n", method.path, from.name, method.name);
  out_("}\n");
}

void Source::follower(Service const& from) {
  out_("void follow(kith::Dispatch& dispatch, $0Follower& follower) {\n", from.name);
  for (Follow const& follow : from.follows)
    out_("  kith::remote::follow(dispatch, \"$0\", follower, &$1Follower::$2, $3);\n", file_.group, from.name,
         follow.handler, follow.echo ? "true" : "false");
  out_("}\n");
}

void Source::descriptions() {
  auto const list = [&](char const* type, char const* name, std::string const& items) {
    if (items.empty()) {
      out_("\nstd::span<kith::$0 const> $1() { return {}; }\n", type, name);
      return;
    }
    out_("\nstd::span<kith::$0 const> $1() {\n  static constexpr kith::$0 all[] = {\n$2  };\n  return all;\n}\n", type,
         name, items);
  };
  std::string tables, events, follows;
  for (Message const& from : file_.messages)
    if (from.role == Role::row) tables += "      &" + snake_case(from.name) + "_table,\n";
  for (EmittedEvent const& event : file_.events)
    events += "      {" + quoted(file_.group) + ", " + quoted(event.kind) + ", " + std::to_string(event.schema) + ", " +
              quoted(event.key) + "},\n";
  for (Service const& from : file_.services)
    for (Follow const& follow : from.follows)
      follows += "      {" + quoted(file_.group) + ", " + quoted(follow.kind) + ", " + std::to_string(follow.schema) +
                 ", " + (follow.echo ? "true" : "false") + "},\n";
  list("Table", "tables", tables);
  list("EventDescription", "events", events);
  list("FollowDescription", "follows", follows);
}

}  // namespace

std::string write_source(File const& file) { return Source(file).write(); }

}  // namespace kith_plugin
