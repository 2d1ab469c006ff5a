// What can be judged only over all descriptions of the repository together.
#include <filesystem>
#include <set>

#include "tools/protoc-gen-kith/descriptions_test_world.h"
#include "tools/protoc-gen-kith/model.h"

namespace kith_plugin {
namespace {

std::vector<std::string> descriptions() {
  std::vector<std::string> paths;
  for (char const* top : {"services", "ports"})
    for (auto const& entry : std::filesystem::recursive_directory_iterator(std::filesystem::path(SOURCES) / top)) {
      std::string const path = std::filesystem::relative(entry.path(), SOURCES);
      if (path.ends_with(".proto") && path != "ports/kith.proto") paths.push_back(path);
    }
  std::ranges::sort(paths);
  return paths;
}

class Repository : public testing::Test {
 protected:
  Repository() {
    for (std::string const& path : descriptions()) {
      FileDescriptor const* const file = importer_.Import(path);
      if (file != nullptr) files_.push_back(read_file(*received(pool_, *file)));
    }
  }

  Files tree_;
  Errors errors_;
  google::protobuf::compiler::Importer importer_{&tree_, &errors_};
  google::protobuf::DescriptorPool pool_;
  std::vector<File> files_;
};

TEST_F(Repository, NoTwoTablesHaveOneNumber) {
  std::map<int, std::string> tables;
  for (File const& file : files_)
    for (Message const& message : file.messages) {
      if (message.role != Role::row) continue;
      auto const [at, first] = tables.emplace(message.table.number, file.path + ' ' + message.name);
      EXPECT_TRUE(first) << message.table.number << " is " << at->second << " and " << file.path << ' ' << message.name;
    }
  EXPECT_GT(tables.size(), 10u);
}

TEST_F(Repository, NoEventIsLeftOutOfWhatItsServiceEmits) {
  std::set<std::string> declared, listed;
  for (File const& file : files_) {
    for (Message const& message : file.messages)
      if (message.role == Role::event) declared.insert(file.group + '.' + message.name);
    for (EmittedEvent const& event : file.events) listed.insert(event.kind);
  }
  EXPECT_EQ(declared, listed) << "the main .proto of a service imports the one of its events";
}

// The log keeps events for days, out of reach of erasure: they say where to look and hold nobody's words.
TEST_F(Repository, EventsHoldNoTextButTheNamesOfTags) {
  std::set<std::string> texts;
  for (File const& file : files_)
    for (Message const& message : file.messages)
      if (message.role == Role::event)
        for (Field const& field : message.fields)
          if (field.kind == Kind::text || field.kind == Kind::bytes) texts.insert(message.name + '.' + field.name);
  EXPECT_EQ(texts, (std::set<std::string>{"FanoutContinued.tag", "TagFollowed.name"}));
}

// A call is a read, or does nothing twice when it names its operation. Of these a second run would make another, or be
// refused for what the first has done; one whose process died ends as unknown.
TEST_F(Repository, OnlyTheseCallsAreNotBegunAgain) {
  std::set<std::string> once;
  for (File const& file : files_)
    for (Service const& service : file.services)
      for (Method const& method : service.methods)
        if (method.repeat == "unknown") once.insert(file.group + '.' + method.from->name());
  EXPECT_EQ(once, (std::set<std::string>{"auth.Authorize", "auth.ChangePassword", "auth.Exchange", "auth.Mint",
                                         "auth.Register", "auth.SignIn", "auth.SignUp", "graph.DeleteList",
                                         "graph.SaveList", "posts.Delete", "posts.DropScheduled", "posts.PublishDraft",
                                         "posts.SaveDraft", "users.SetSetting"}));
}

TEST_F(Repository, NoTwoPackagesHaveOneMainFile) {
  std::set<std::string> groups;
  for (File const& file : files_)
    if (file.main) EXPECT_TRUE(groups.insert(file.group).second) << file.path;
}

}  // namespace
}  // namespace kith_plugin
