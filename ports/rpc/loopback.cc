#include "ports/rpc/loopback.h"

#include "base/error.h"
#include "ports/rpc/headers.h"

namespace kith {

Task<std::string> Loopback::call(Call call, RpcMethod method, std::string request) {
  auto const* answer = methods_.find(method.name);
  if (answer == nullptr)
    throw Error{Code::internal, "This is not available here", "nobody answers " + std::string(method.name)};
  // What has no header would be lost between processes, so it is lost here.
  Call arriving{.deadline = call.deadline};
  for (auto const& [name, value] : headers_of(call)) take_header(arriving, name, value);
  std::optional<Error> failure;
  try {
    co_return co_await (*answer)(arriving, std::move(request));
  } catch (Error const& error) {
    failure.emplace(error.code, error.say, std::string(), error.fields);
  }
  throw *failure;
}

}  // namespace kith
