#include <google/protobuf/compiler/plugin.h>

#include "tools/protoc-gen-kith/generator.h"

int main(int argc, char** argv) {
  kith_plugin::Generator const generator;
  return google::protobuf::compiler::PluginMain(argc, argv, &generator);
}
