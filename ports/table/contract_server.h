#pragma once

// For tests: a real server of this test program's own, started by tools/dev/engines.sh, which ends with it.

#include <initializer_list>
#include <map>
#include <string>

namespace kith::contract {

// Whether an engine is tried here: where all of these files are. In the gate it is in any case: a test that fails for
// want of its engine is better than one that is not made.
bool engine_is_tried(std::initializer_list<char const*> files);

// The certificate of an authority that none of these servers has to do with, in a file.
std::string another_authority();

class OwnServer {
 public:
  explicit OwnServer(std::string name);
  OwnServer(OwnServer const&) = delete;
  ~OwnServer();

  // What it said of itself, by name: POSTGRES_PASSWORD_FILE.
  std::string const& said(std::string const& name) const { return said_.at(name); }
  // Ends without putting anything in order, as if it was killed, and starts again where it was.
  void crash();

 private:
  std::string name_, folder_;
  std::map<std::string, std::string> said_;
  int input_ = -1;
  int process_ = -1;
};

}  // namespace kith::contract
