#pragma once

// Descriptions read as protoc reads them, for tests of the plug-in without protoc.

#include <google/protobuf/compiler/importer.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

namespace kith_plugin {

using google::protobuf::FileDescriptor;
using google::protobuf::FileDescriptorProto;

// The files of a test, beside those of the repository.
class Files : public google::protobuf::compiler::SourceTree {
 public:
  Files() {
    disk_.MapPath("", SOURCES);
    disk_.MapPath("", "/usr/include");
  }
  void add(std::string path, std::string text) { texts_[std::move(path)] = std::move(text); }
  google::protobuf::io::ZeroCopyInputStream* Open(std::string const& path) override {
    auto const found = texts_.find(path);
    if (found == texts_.end()) return disk_.Open(path);
    return new google::protobuf::io::ArrayInputStream(found->second.data(), static_cast<int>(found->second.size()));
  }

 private:
  google::protobuf::compiler::DiskSourceTree disk_;
  std::map<std::string, std::string> texts_;
};

struct Errors : google::protobuf::compiler::MultiFileErrorCollector {
  void AddError(std::string const& file, int line, int, std::string const& why) override {
    ADD_FAILURE() << file << ':' << line + 1 << ": " << why;
  }
};

// As protoc hands it to a plug-in: sent as bytes, so that our options are read by their classes.
inline FileDescriptor const* received(google::protobuf::DescriptorPool& pool, FileDescriptor const& file) {
  if (auto const* known = pool.FindFileByName(file.name())) return known;
  for (int i = 0; i < file.dependency_count(); ++i) received(pool, *file.dependency(i));
  FileDescriptorProto sent, read;
  file.CopyTo(&sent);
  read.ParseFromString(sent.SerializeAsString());
  return pool.BuildFile(read);
}

}  // namespace kith_plugin
