#pragma once

// The plug-in as protoc knows it: for x.proto it writes x.kith.h and x.kith.cc.

#include <google/protobuf/compiler/code_generator.h>

#include <string>

namespace kith_plugin {

class Generator : public google::protobuf::compiler::CodeGenerator {
 public:
  bool Generate(google::protobuf::FileDescriptor const* file, std::string const& parameter,
                google::protobuf::compiler::GeneratorContext* context, std::string* error) const override;
  std::uint64_t GetSupportedFeatures() const override { return FEATURE_PROTO3_OPTIONAL; }
};

}  // namespace kith_plugin
