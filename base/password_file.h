#pragma once

// A password that stands in a file of its own, where nobody meets it in settings, environments or lists of processes.

#include <string>
#include <string_view>

#include "base/error.h"

namespace kith {

// Its first line. Throws Error{code} that names the setting when there is none to be read.
std::string password_in(std::string const& file, std::string_view setting, Code code = Code::unavailable);

}  // namespace kith
