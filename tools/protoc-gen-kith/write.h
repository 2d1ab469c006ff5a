#pragma once

// Writes the two generated files of one .proto.

#include <string>

#include "tools/protoc-gen-kith/model.h"

namespace kith_plugin {

std::string write_header(File const& file);
std::string write_source(File const& file);

}  // namespace kith_plugin
