#pragma once

// The calls that a process answers for others, by name: bytes in, bytes out. Generated `serve`
// fills it before an engine (grpc.h) starts to serve; from then on it does not change.

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/task.h"
#include "ports/rpc/call.h"

namespace kith {

class Methods {
 public:
  using Answer = std::function<Task<std::string>(Call, std::string)>;

  // `name` is that of the .proto: "kith.posts.Posts/See".
  void add(std::string name, Answer answer);
  // What each method's answer is put into, before anybody asks.
  void wrap(std::function<Answer(std::string const& name, Answer)> const& into);
  // Null when nobody answers it.
  Answer const* find(std::string_view name) const;
  std::vector<std::string_view> names() const;

 private:
  std::map<std::string, Answer, std::less<>> answers_;
};

}  // namespace kith
