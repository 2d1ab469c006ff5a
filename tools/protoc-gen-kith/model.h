#pragma once

// A .proto file as kith understands it: what the writers need, already judged. `read_file` refuses
// a description that lacks what ports/kith.proto marks as "must", or uses what kith does not know.

#include <google/protobuf/descriptor.h>

#include <stdexcept>
#include <string>
#include <vector>

namespace kith_plugin {

// One sentence that names file, message and field, for the person who wrote the .proto.
struct Refusal : std::runtime_error {
  using std::runtime_error::runtime_error;
};

enum class Kind { number, signed_number, flag, time, real, text, bytes, enumeration, message };

struct Field {
  google::protobuf::FieldDescriptor const* from;
  int number;
  std::string name;     // the member
  std::string type;     // the member's type, with optional and vector around it
  std::string element;  // the type without them
  std::string initial;  // how the member begins
  Kind kind;
  std::string id;  // the tag of an id without "Tag"; empty: no id
  bool repeated;
  bool optional;
  bool sealed;
};

struct KeyPart {
  Field const* field;
  bool descending;
};

struct Table {
  int number = 0;
  bool strict = false;
  std::vector<KeyPart> partition;
  std::vector<KeyPart> sort;
  std::vector<Field const*> values;     // not in the key
  std::vector<Field const*> countable;  // what `add` may change
  std::vector<Field const*> sealed;
  Field const* sealed_by = nullptr;
  Field const* expires = nullptr;
  std::string bound, owner, erasure, derived_from, bucket;
  bool immutable = false;
};

struct Event {
  Field const* key = nullptr;
  unsigned schema = 1;
};

enum class Role { plain, row, event };

struct Message {
  google::protobuf::Descriptor const* from;
  std::string name;
  std::vector<Field> fields;
  Role role = Role::plain;
  Table table;          // of a row
  Event event;          // of an event
  bool in_row = false;  // a row, or held by one: its size in memory is asked for
};

struct EnumValue {
  google::protobuf::EnumValueDescriptor const* from;
  std::string name;
  int number;
};

struct Enum {
  google::protobuf::EnumDescriptor const* from;
  std::string name;
  std::vector<EnumValue> values;
};

struct Method {
  google::protobuf::MethodDescriptor const* from;
  std::string name;      // get_many
  std::string path;      // kith.posts.Posts/GetMany
  std::string request;   // the type; empty: nothing is asked
  std::string response;  // the type; empty: void
  std::string repeat;    // reads; what another run of it does
};

struct Follow {
  std::string event;    // the type: graph::PairChanged
  std::string kind;     // graph.PairChanged
  std::string handler;  // on_pair_changed
  unsigned schema;
  bool echo;
};

struct Service {
  google::protobuf::ServiceDescriptor const* from;
  std::string name;
  std::vector<Method> methods;
  std::vector<Follow> follows;
};

struct EmittedEvent {
  std::string kind;
  unsigned schema;
  std::string key;
};

struct File {
  google::protobuf::FileDescriptor const* from;
  std::string path;                   // services/graph/graph.proto
  std::string stem;                   // services/graph/graph
  std::string group;                  // graph
  bool main = false;                  // the one that says what the service holds, emits and follows
  std::vector<std::string> includes;  // of imported files of kith
  std::vector<std::string> ids;       // without "Id"
  std::vector<Enum> enums;
  std::vector<Message> messages;  // one that holds another comes after it
  std::vector<Service> services;
  std::vector<EmittedEvent> events;  // of a main file: those of the whole package

  bool has_tables() const;
};

File read_file(google::protobuf::FileDescriptor const& file);

}  // namespace kith_plugin
