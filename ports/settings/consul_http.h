#pragma once

// Questions to Consul's agent or servers over HTTP, one at a time. Blocking; for a thread of its own.

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace kith {

struct ConsulPlace {
  std::string server;           // "http://127.0.0.1:8500"
  std::string token_file = {};  // read for each question, so that it may be replaced
  std::string authority = {};   // PEM; empty: those the system trusts
  std::chrono::milliseconds deadline{5'000};
};

// What may stand in one part of a key or in the name of a service here.
bool is_consul_name(std::string_view text);

class ConsulHttp {
 public:
  struct Answer {
    long status = 0;  // 200 or 404
    std::uint64_t index = 0;
    std::string body;
  };

  explicit ConsulHttp(ConsulPlace place);
  ~ConsulHttp();

  // "/v1/kv/kith/?recurse=true". Nothing: stopped. Throws Error{unavailable} that names the setting to change, when
  // there is no answer `within` beyond the deadline, or one that is neither "here it is" nor "there is none".
  std::optional<Answer> get(std::string const& path, std::chrono::milliseconds within = {});
  std::optional<Answer> put(std::string const& path, std::string const& body);

  // Ends what is under way, and all that comes. Any thread.
  void stop();
  // False: stopped.
  bool pause(std::chrono::milliseconds time);

 private:
  struct Line;

  std::optional<Answer> ask(std::string const& path, std::string const* body, std::chrono::milliseconds within);
  Error failed(std::string const& why) const;

  ConsulPlace const place_;
  std::unique_ptr<Line> line_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::atomic<bool> stopped_ = false;
};

}  // namespace kith
