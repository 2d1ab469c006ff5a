#pragma once

// The way to a service in another process. Remote forms of services (generated) speak through it;
// they and their callers cannot tell which engine carries the bytes.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/task.h"
#include "ports/rpc/call.h"

namespace kith {

// What another run of a method does, as its .proto says by `idempotency_level`.
enum class Repeat : std::uint8_t {
  unknown,     // perhaps the same once more
  idempotent,  // IDEMPOTENT: nothing, if the call names its operation
  reads,       // NO_SIDE_EFFECTS: nothing
};

struct RpcMethod {
  std::string_view name;  // "kith.posts.Posts/See"
  Repeat repeat = Repeat::unknown;
};

// The contract, proved for each engine by contract_test.cc:
//   - the method runs at most once a call, but for one whose other run does nothing: when nobody knows whether it
//     ran, it may run again;
//   - an Error thrown there is thrown here, with its code, what it says and its fields; its detail
//     stays in the process that threw it;
//   - nobody answers: unavailable (surely not run) or unknown (perhaps run), at the latest at the
//     deadline of the call;
//   - a request or answer beyond `rpc_bytes_max` is refused.
// May be called from any thread; a Task resumes on its awaiter's executor.
class Channel {
 public:
  virtual ~Channel() = default;

  virtual Task<std::string> call(Call call, RpcMethod method, std::string request) = 0;
};

// A page of a thousand posts of 3 KiB, four times over.
inline constexpr std::size_t rpc_bytes_max = 16 * 1024 * 1024;

}  // namespace kith
