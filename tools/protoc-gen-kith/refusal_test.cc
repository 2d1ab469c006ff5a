#include <gtest/gtest.h>

#include "tools/protoc-gen-kith/descriptions_test_world.h"
#include "tools/protoc-gen-kith/model.h"

namespace kith_plugin {
namespace {

// What the plug-in says of this services/x/x.proto; empty when it is content.
std::string said_of(std::string const& body, std::string const& package = "kith.x",
                    std::string const& path = "services/x/x.proto") {
  Files files;
  files.add("services/y/y_events.proto",
            "syntax = \"proto3\"; package kith.y; import \"ports/kith.proto\"; message Held { uint32 number = 1; }"
            "message Done { option (kith.event) = {key: \"id\"}; uint64 id = 1; }");
  files.add(path, "syntax = \"proto3\"; package " + package +
                      "; import \"ports/kith.proto\"; import \"services/y/y_events.proto\";" + body);
  Errors errors;
  google::protobuf::compiler::Importer importer(&files, &errors);
  FileDescriptor const* const file = importer.Import(path);
  if (file == nullptr) return "protoc refuses it";
  google::protobuf::DescriptorPool pool;
  try {
    read_file(*received(pool, *file));
  } catch (Refusal const& refusal) {
    return refusal.what();
  }
  return {};
}

std::string const account = "uint64 id = 1 [(kith.id) = \"Account\"];";
std::string table(std::string const& options, std::string const& fields = account) {
  return "message T { option (kith.table) = {" + options + "};" + fields + " }";
}
std::string const whole =
    "number: 1, class: STRICT, partition: [\"id\"], bound: \"1\", owner: \"id\", erasure: \"by key\"";

TEST(Refusals, AWholeDescriptionIsTaken) {
  EXPECT_EQ(said_of(table(whole)), "");
  EXPECT_EQ(said_of("message M { uint64 a = 1; } message Nothing {} service S { rpc Do(M) returns (Nothing); }"), "");
}

struct Bad {
  char const* name;
  std::string body;
  std::string said;  // after "services/x/x.proto: "
};
class BadDescriptions : public testing::TestWithParam<Bad> {};

TEST_P(BadDescriptions, AreRefusedByOneSentence) {
  EXPECT_EQ(said_of(GetParam().body), "services/x/x.proto: " + GetParam().said);
}

std::string in_message(std::string const& fields) { return "message M { " + fields + " }"; }
std::string keyed(std::string const& key, std::string const& field) {
  return table("number: 1, class: STRICT, partition: [\"id\"], sort: [\"" + key +
                   "\"], bound: \"1\", owner: \"id\", erasure: \"e\"",
               account + field);
}
std::string event(std::string const& options, std::string const& fields) {
  return "message E { option (kith.event) = {" + options + "}; " + fields + " }";
}
std::string without(std::string const& option) {
  std::string options = whole;
  auto const begin = options.find(option);
  auto const end = options.find(option.starts_with("partition") ? "]" : ",", begin);
  options.erase(begin, end == std::string::npos ? end : options.find_first_not_of(", ]", end) - begin);
  if (options.ends_with(", ")) options.resize(options.size() - 2);
  return table(options);
}

Bad const bad[] = {
    // Kinds of fields
    {"Map", in_message("map<string, uint64> m = 1;"),
     "M: maps are not part of kith's descriptions: use a repeated message"},
    {"Oneof", in_message("oneof one { uint64 a = 1; string b = 2; }"),
     "M: oneof one is not part of kith's descriptions: use optional fields"},
    {"Float", in_message("float f = 1;"), "M.f: float is not part of kith's descriptions"},
    {"Fixed", in_message("fixed64 f = 1;"), "M.f: fixed64 is not part of kith's descriptions"},
    {"Sint", in_message("sint32 f = 1;"), "M.f: sint32 is not part of kith's descriptions"},
    {"RepeatedBool", in_message("repeated bool f = 1;"), "M.f: repeated bool is not part of kith's descriptions"},
    {"NestedMessage", in_message("message N {} N n = 1;"), "M: declare N at the top of the file, not inside a message"},
    {"NestedEnum", in_message("enum N { N_UNSPECIFIED = 0; } N n = 1;"),
     "M: declare N at the top of the file, not inside a message"},
    {"HoldsItself", in_message("M m = 1;"), "M.m: a message holds itself only as a repeated field of its own"},
    {"HoldsInACircle", "message A { repeated B b = 1; } message B { A a = 1; }",
     "B.a: a message holds itself only as a repeated field of its own"},
    {"UpperCaseField", in_message("uint64 userName = 1;"),
     "M.userName: names of fields are lower case with underscores"},
    {"IdOfWrongKind", in_message("string s = 1 [(kith.id) = \"Post\"];"), "M.s: an id is a uint64"},
    {"TimeOfWrongKind", in_message("uint64 t = 1 [(kith.time) = true];"), "M.t: a time is an int64"},
    {"SealedOutsideATable", in_message("string s = 1 [(kith.sealed) = true];"),
     "M.s: only fields of a table are sealed"},
    {"SealedNumber", in_message("uint64 s = 1 [(kith.sealed) = true];"), "M.s: only string and bytes can be sealed"},
    {"MessageNamedLikeAWord", "message Time { uint64 a = 1; }", "Time: the name Time is taken by kith"},
    {"MessageNamedLikeAnId", in_message("uint64 p = 1 [(kith.id) = \"Post\"];") + "message PostId {}",
     "PostId: the name PostId is taken by an id"},
    // Enums
    {"EnumZero", "enum A { A_FRIENDS = 0; }", "A: its zero must be A_UNSPECIFIED, and mean the most closed"},
    {"EnumNegative", "enum A { A_UNSPECIFIED = 0; A_B = -1; }", "A: A_B is negative; numbers of an enum count from 0"},
    {"EnumDigit", "enum A { A_UNSPECIFIED = 0; A_2 = 1; }", "A: A_2 leaves no name without its prefix"},
    // Tables
    {"NoNumber", without("number"), "T: a table must say its number, unique in kith and never used again"},
    {"NoClass", without("class"), "T: a table must say its class, STRICT or WIDE"},
    {"NoPartition", without("partition"), "T: a table must say its partition"},
    {"NoBound", without("bound"),
     "T: a table must say its bound: how many rows a partition can have, and what limits them"},
    {"NoOwner", without("owner"),
     "T: a table must say its owner: the field naming the account it belongs to, or \"none: why\""},
    {"NoErasure", without("erasure"), "T: a table must say its erasure: how the erasure of an account finds the row"},
    {"NumberTwice", table(whole) + "message U { option (kith.table) = {" + whole + "};" + account + "}",
     "U: number 1 is the table T"},
    {"UnknownPartition",
     table("number: 1, class: WIDE, partition: [\"no\"], bound: \"1\", owner: \"id\", erasure: \"e\""),
     "T: partition names no, which is no field of it"},
    {"DescendingPartition",
     table("number: 1, class: WIDE, partition: [\"-id\"], bound: \"1\", owner: \"id\", erasure: \"e\""),
     "T.id: it is part of the key, and partitions have no order"},
    {"UnknownSort", keyed("no", ""), "T: sort names no, which is no field of it"},
    {"KeyTwice", keyed("id", ""), "T.id: it stands twice in the key"},
    {"KeySealed", keyed("s", "string s = 2 [(kith.sealed) = true];"),
     "T.s: it is part of the key, and a key is never sealed"},
    {"KeyRepeated", keyed("s", "repeated string s = 2;"),
     "T.s: it is part of the key, and a key is neither repeated nor optional"},
    {"KeyBytes", keyed("s", "bytes s = 2;"),
     "T.s: it is part of the key, and a key is made of numbers, ids, times, flags, enums and text"},
    {"KeySigned", keyed("s", "int64 s = 2;"),
     "T.s: it is part of the key, and signed numbers do not lie in byte order"},
    {"KeyTextDescending", keyed("-s", "string s = 2;"), "T.s: it is part of the key, and text cannot sort descending"},
    {"UnknownOwner", table("number: 1, class: WIDE, partition: [\"id\"], bound: \"1\", owner: \"no\", erasure: \"e\""),
     "T: owner names no, which is no field of it; if nobody owns it, say \"none: why\""},
    {"OwnerOfWrongKind",
     table("number: 1, class: WIDE, partition: [\"id\"], bound: \"1\", owner: \"s\", erasure: \"e\"",
           account + "string s = 2;"),
     "T.s: the owner is an account, so a uint64"},
    {"SealedByNobody", table(whole, account + "string s = 2 [(kith.sealed) = true];"),
     "T.s: a table with sealed fields must say sealed_by: the field naming the account whose key seals them"},
    {"SealedByUnknown", table(whole + ", sealed_by: \"no\"", account + "string s = 2 [(kith.sealed) = true];"),
     "T: sealed_by names no, which is no field of it"},
    {"SealedByNoAccount",
     table(whole + ", sealed_by: \"n\"", account + "uint64 n = 3; string s = 2 [(kith.sealed) = true];"),
     "T: sealed_by names an account: a uint64 with (kith.id) = \"Account\""},
    {"SealedByForNothing", table(whole + ", sealed_by: \"id\""),
     "T: it says sealed_by, but none of its fields is sealed"},
    {"SealedRepeated", table(whole + ", sealed_by: \"id\"", account + "repeated string s = 2 [(kith.sealed) = true];"),
     "T.s: a sealed field is neither repeated nor optional: seal one message as bytes"},
    {"ExpiresUnknown", table(whole + ", expires: \"no\""), "T: expires names a field of type time; no is none"},
    {"StrictBucket", table(whole + ", bucket: \"28 days of id\""), "T: only a wide table is cut into buckets"},
    {"TableWithDouble", table(whole, account + "double d = 2;"), "T.d: a table holds whole numbers only"},
    {"TableHoldsForeign", table(whole, account + "kith.y.Held h = 2;"),
     "T.h: a table holds messages of its own file only, and Held is of services/y/y_events.proto"},
    {"TableHeld", table(whole) + in_message("T t = 1;"), "M.t: T is a table: it cannot be held by another message"},
    {"TableAnswered", table(whole) + "service S { rpc See(T) returns (T); }",
     "S.See: T is a table: its key would be lost; use a message of its own"},
    // Events
    {"EventWithoutKey", event("", account), "E: an event must say its key: the field that events are grouped by"},
    {"EventUnknownKey", event("key: \"no\"", account), "E: key names no, which is no field of it"},
    {"EventTextKey", event("key: \"s\"", "string s = 1;"),
     "E: its key is written as decimal digits: an id or another unsigned number"},
    {"EventContent", event("key: \"id\"", account + "bytes b = 2;"),
     "E.b: an event holds ids, kinds and versions, never content"},
    {"EventAndTable",
     "message E { option (kith.event) = {key: \"id\"}; option (kith.table) = {" + whole + "};" + account + "}",
     "E: it is either a table or an event"},
    // Services
    {"Stream", in_message("uint64 a = 1;") + "service S { rpc See(M) returns (stream M); }",
     "S.See: streams are not part of kith's descriptions: answer a page and say where the next one begins"},
    {"FollowsUnknown", "service S { option (kith.follows) = {event: \"y.Nothing\"}; }",
     "S: it follows y.Nothing, which is no event of a file that this one imports (written posts.PostChanged)"},
    {"FollowsTwice",
     "service S { option (kith.follows) = {event: \"y.Done\"}; } service R { option (kith.follows) = {event: "
     "\"y.Done\"}; }",
     "R: y.Done is already followed by S of this package"},
    {"CallsWithOneName",
     in_message("uint64 a = 1;") + "service S { rpc GetIt(M) returns (M); rpc getIt(M) returns (M); }",
     "S.getIt: its C++ name get_it is taken by another call"},
};
INSTANTIATE_TEST_SUITE_P(All, BadDescriptions, testing::ValuesIn(bad),
                         [](auto const& info) { return info.param.name; });

TEST(Refusals, PackageIsOneServiceOfKith) {
  EXPECT_EQ(said_of("", "other.x"),
            "services/x/x.proto: the package is named kith.SERVICE, such as kith.posts, not \"other.x\"");
  EXPECT_EQ(said_of("", "kith.x.y"),
            "services/x/x.proto: the package is named kith.SERVICE, such as kith.posts, not \"kith.x.y\"");
}

TEST(Refusals, TablesAndServicesStandInTheMainFile) {
  EXPECT_EQ(said_of(table(whole), "kith.x", "services/x/x_events.proto"),
            "services/x/x_events.proto: services and tables of package kith.x are described in its main file, x.proto");
}

}  // namespace
}  // namespace kith_plugin
