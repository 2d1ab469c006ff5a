// What generated code writes is what protobuf reads, and the other way round: held against
// protobuf's own dynamic messages of the same .proto.
#include "ports/rpc/wire.h"

#include <google/protobuf/compiler/importer.h>
#include <google/protobuf/dynamic_message.h>
#include <google/protobuf/text_format.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include <random>

#include "base/error.h"
#include "tools/protoc-gen-kith/testdata/sample.kith.h"

namespace kith::sample {
namespace {

namespace pb = google::protobuf;

struct Errors : pb::compiler::MultiFileErrorCollector {
  void AddError(std::string const& file, int line, int, std::string const& why) override {
    ADD_FAILURE() << file << ':' << line + 1 << ": " << why;
  }
};

class Wire : public testing::Test {
 protected:
  Wire() {
    tree_.MapPath("", SOURCES);
    tree_.MapPath("", "/usr/include");
    importer_.Import("tools/protoc-gen-kith/testdata/sample.proto");
  }
  std::unique_ptr<pb::Message> real(char const* name) {
    auto const* type = importer_.pool()->FindMessageTypeByName(std::string("kith.sample.") + name);
    return std::unique_ptr<pb::Message>(factory_.GetPrototype(type)->New());
  }
  std::unique_ptr<pb::Message> real(char const* name, std::string const& bytes) {
    auto message = real(name);
    EXPECT_TRUE(message->ParseFromString(bytes));
    return message;
  }
  std::string text(char const* name, std::string const& bytes) {
    std::string out;
    pb::TextFormat::Printer printer;
    printer.SetSingleLineMode(true);
    printer.PrintToString(*real(name, bytes), &out);
    return out;
  }
  std::string bytes(char const* name, std::string const& text) {
    auto message = real(name);
    EXPECT_TRUE(pb::TextFormat::ParseFromString(text, message.get()));
    return message->SerializeAsString();
  }
  void fill(pb::Message& message, int depth);

  pb::compiler::DiskSourceTree tree_;
  Errors errors_;
  pb::compiler::Importer importer_{&tree_, &errors_};
  pb::DynamicMessageFactory factory_;
  std::mt19937_64 random_{7};
};

std::uint64_t const edges[] = {0, 1, 127, 128, 16383, 16384, UINT32_MAX, 1ull << 32, id_max, UINT64_MAX};

// Sets half of the fields to values at the edges.
void Wire::fill(pb::Message& message, int depth) {
  auto const* type = message.GetDescriptor();
  auto const* set = message.GetReflection();
  for (int i = 0; i < type->field_count(); ++i) {
    auto const* field = type->field(i);
    auto const one = [&] {
      auto const number = edges[random_() % std::size(edges)];
      std::string const word(random_() % 3 == 0 ? 300 : random_() % 20, static_cast<char>('a' + random_() % 26));
      bool const many = field->is_repeated();
      switch (field->cpp_type()) {
        using F = pb::FieldDescriptor;
        case F::CPPTYPE_UINT64:
          many ? set->AddUInt64(&message, field, number) : set->SetUInt64(&message, field, number);
          break;
        case F::CPPTYPE_UINT32:
          many ? set->AddUInt32(&message, field, static_cast<std::uint32_t>(number))
               : set->SetUInt32(&message, field, static_cast<std::uint32_t>(number));
          break;
        case F::CPPTYPE_INT64:
          many ? set->AddInt64(&message, field, static_cast<std::int64_t>(number))
               : set->SetInt64(&message, field, static_cast<std::int64_t>(number));
          break;
        case F::CPPTYPE_INT32:
          many ? set->AddInt32(&message, field, static_cast<std::int32_t>(number))
               : set->SetInt32(&message, field, static_cast<std::int32_t>(number));
          break;
        case F::CPPTYPE_BOOL: set->SetBool(&message, field, number % 2 == 1); break;
        case F::CPPTYPE_DOUBLE:
          many ? set->AddDouble(&message, field, static_cast<double>(number) / 3)
               : set->SetDouble(&message, field, static_cast<double>(number) / -3);
          break;
        case F::CPPTYPE_STRING:
          many ? set->AddString(&message, field, word) : set->SetString(&message, field, word);
          break;
        case F::CPPTYPE_ENUM:  // also numbers that nobody has named yet, and negative ones
          many ? set->AddEnumValue(&message, field, static_cast<int>(number))
               : set->SetEnumValue(&message, field, static_cast<int>(number));
          break;
        case F::CPPTYPE_MESSAGE:
          fill(many ? *set->AddMessage(&message, field) : *set->MutableMessage(&message, field), depth + 1);
          // A struct that is no std::optional does not say whether it is empty or not there.
          if (!many && !field->has_optional_keyword() && set->GetMessage(message, field).ByteSizeLong() == 0)
            set->ClearField(&message, field);
          break;
        default: FAIL();
      }
    };
    if (depth > 4 || random_() % 2 == 0) continue;
    if (!field->is_repeated()) one();
    for (auto count = field->is_repeated() ? random_() % 5 : 0; count > 0; --count) one();
  }
}

TEST_F(Wire, ProtobufReadsWhatWeWrite) {
  Everything const value{.number = 300,
                         .small_signed = -1,
                         .flag = true,
                         .real = 1.5,
                         .text = "grüß",
                         .audience = Audience::public_,
                         .choice = {.text = "yes", .languages = {"de", "en"}},
                         .poll = PollId{7},
                         .at = Time(Duration(1'000'000)),
                         .numbers = {1, 0, 300},
                         .texts = {"", "b"},
                         .choices = {{}, {.text = "no"}},
                         .maybe_number = 0,
                         .maybe_choice = Choice{},
                         .far = 9};
  EXPECT_EQ(
      text("Everything", encode(value)),
      "number: 300 small_signed: -1 flag: true real: 1.5 text: \"gr\\303\\274\\303\\237\" audience: AUDIENCE_PUBLIC "
      "choice { text: \"yes\" languages: \"de\" languages: \"en\" } poll: 7 at: 1000000 numbers: 1 numbers: 0 "
      "numbers: 300 texts: \"\" texts: \"b\" choices { } choices { text: \"no\" } maybe_number: 0 maybe_choice { } "
      "far: 9 ");
  EXPECT_EQ(decode<Everything>(encode(value)), value);
}

TEST_F(Wire, WeReadWhatProtobufWrites) {
  auto const value = decode<Everything>(
      bytes("Everything",
            "number: 18446744073709551615 signed: -5 audiences: [AUDIENCE_FRIENDS, 77] reals: [0.5, -0.0] "
            "maybe_text: '' times: 3 polls: [1, 9223372036854775807]"));
  EXPECT_EQ(value.number, UINT64_MAX);
  EXPECT_EQ(value.signed_, -5);
  EXPECT_EQ(value.audiences, (std::vector{Audience::friends, static_cast<Audience>(77)}));
  EXPECT_EQ(value.reals.size(), 2u);
  EXPECT_EQ(value.maybe_text, "");
  EXPECT_EQ(value.times, std::vector{Time(Duration(3))});
  EXPECT_EQ(value.polls, (std::vector{PollId{1}, PollId{id_max}}));
}

TEST_F(Wire, AnyMessageOfProtobufComesBackEqual) {
  for (int round = 0; round < 300; ++round) {
    auto const sent = real("Everything");
    fill(*sent, 0);
    std::string const back = encode(decode<Everything>(sent->SerializeAsString()));
    pb::util::MessageDifferencer differ;
    std::string difference;
    differ.ReportDifferencesToString(&difference);
    ASSERT_TRUE(differ.Compare(*sent, *real("Everything", back))) << difference;
  }
}

TEST_F(Wire, BothWaysOfWritingRepeatedNumbersAreRead) {
  EXPECT_EQ(decode<GetRequest>(std::string("\x0a\x02\x01\x02", 4)).polls, (std::vector{PollId{1}, PollId{2}}));
  EXPECT_EQ(decode<GetRequest>(std::string("\x08\x01\x08\x02", 4)).polls, (std::vector{PollId{1}, PollId{2}}));
}

TEST_F(Wire, AnOlderProgramLosesNothingOfANewerMessage) {
  auto const newer = real("Everything");
  while (newer->ByteSizeLong() < 500) fill(*newer, 0);
  Little older = decode<Little>(newer->SerializeAsString());
  EXPECT_FALSE(older.unknown_fields.bytes().empty());
  Little const copy = older;
  EXPECT_EQ(copy, older);
  EXPECT_TRUE(pb::util::MessageDifferencer::Equals(*newer, *real("Everything", encode(copy))));
  older.number = 5;
  auto const* number = newer->GetDescriptor()->FindFieldByName("number");
  newer->GetReflection()->SetUInt64(newer.get(), number, 5);
  EXPECT_TRUE(pb::util::MessageDifferencer::Equals(*newer, *real("Everything", encode(older))));
}

TEST_F(Wire, AFieldOfAnotherTypeIsKeptNotRead) {
  Little const value = decode<Little>(bytes("Choice", "text: 'as number'"));
  EXPECT_EQ(value.number, 0u);
  EXPECT_EQ(text("Choice", encode(value)), "text: \"as number\" ");
}

TEST_F(Wire, AMessageOfMessagesHasALimit) {
  Tree tree;
  for (int depth = 0; depth < wire::depth_max; ++depth) tree = Tree{.number = 1, .branches = {tree}};
  EXPECT_EQ(decode<Tree>(encode(tree)), tree);
  tree = Tree{.number = 1, .branches = {tree}};
  EXPECT_THROW(decode<Tree>(encode(tree)), Error);
}

TEST_F(Wire, EveryCutEndAndEveryWrongByteIsAnErrorOrAMessage) {
  auto const sent = real("Everything");
  while (sent->ByteSizeLong() < 800) fill(*sent, 0);
  std::string const whole = sent->SerializeAsString();
  int refused = 0;
  auto const read = [&refused](std::string const& bytes) {
    try {
      decode<Everything>(bytes);
    } catch (Error const& error) {
      EXPECT_EQ(error.code, Code::internal);
      ++refused;
    }
  };
  for (std::size_t size = 0; size < whole.size(); ++size) read(whole.substr(0, size));
  for (std::size_t at = 0; at < whole.size(); ++at) {
    std::string wrong = whole;
    wrong[at] = static_cast<char>(random_());
    read(wrong);
  }
  EXPECT_GT(refused, 100);
}

TEST_F(Wire, NumbersThatDoNotEndAndLengthsThatLieAreRefused) {
  EXPECT_THROW(decode<Tree>(std::string("\x08") + std::string(11, '\xFF')), Error);
  EXPECT_THROW(decode<Tree>("\x12\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x7F"), Error);
  EXPECT_THROW(decode<Tree>(std::string("\x00\x00", 2)), Error);          // field 0
  EXPECT_THROW(decode<Tree>("\x1B\x1C"), Error);                          // a group
  EXPECT_THROW(decode<Tree>("\x80\x80\x80\x80\x80\x80\x01\x01"), Error);  // a field number beyond all
  EXPECT_EQ(decode<Tree>("\x08\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01").number, UINT64_MAX);
}

}  // namespace
}  // namespace kith::sample
