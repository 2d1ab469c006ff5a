#include "base/password_file.h"

#include <fstream>

namespace kith {

std::string password_in(std::string const& file, std::string_view setting, Code code) {
  std::ifstream in(file);
  std::string line;
  if (!in || !std::getline(in, line) || line.empty())
    throw Error{code, "Cannot read a password from " + file + " (" + std::string(setting) + ")"};
  if (line.ends_with('\r')) line.pop_back();
  return line;
}

}  // namespace kith
