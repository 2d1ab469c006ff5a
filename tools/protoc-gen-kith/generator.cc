#include "tools/protoc-gen-kith/generator.h"

#include <google/protobuf/io/zero_copy_stream.h>

#include <cstring>
#include <memory>

#include "tools/protoc-gen-kith/model.h"
#include "tools/protoc-gen-kith/write.h"

namespace kith_plugin {
namespace {

void save(google::protobuf::compiler::GeneratorContext& context, std::string const& path, std::string_view text) {
  std::unique_ptr<google::protobuf::io::ZeroCopyOutputStream> const file(context.Open(path));
  void* room = nullptr;
  int size = 0;
  while (!text.empty() && file->Next(&room, &size)) {
    auto const part = std::min(static_cast<std::size_t>(size), text.size());
    std::memcpy(room, text.data(), part);
    text.remove_prefix(part);
    if (part < static_cast<std::size_t>(size)) file->BackUp(size - static_cast<int>(part));
  }
}

}  // namespace

bool Generator::Generate(google::protobuf::FileDescriptor const* file, std::string const&,
                         google::protobuf::compiler::GeneratorContext* context, std::string* error) const {
  try {
    File const read = read_file(*file);
    save(*context, read.stem + ".kith.h", write_header(read));
    save(*context, read.stem + ".kith.cc", write_source(read));
    return true;
  } catch (Refusal const& refusal) {
    *error = refusal.what();
    return false;
  }
}

}  // namespace kith_plugin
