#pragma once

// Settings in Consul's KV store: kith/sign_up is sign_up, where `folder` is "kith". They are watched by questions that
// Consul answers when something changes.

#include <cstdint>
#include <string>

#include "base/breaker.h"
#include "ports/settings/consul_http.h"
#include "ports/settings/source.h"

namespace kith {

class ConsulSettings final : public SettingsSource {
 public:
  ConsulSettings(ConsulPlace place, std::string folder);

  Values read() override;
  std::optional<Values> changed() override;
  void stop() override { http_.stop(); }

 private:
  std::optional<Values> ask(std::chrono::milliseconds wait);

  ConsulHttp http_;
  std::string const folder_;
  std::uint64_t index_ = 0;  // 0: what is there is not known
  Values handed_out_;
  Breaker jitter_;
};

// The settings of an answer to `folder`'s keys. Throws Error{unavailable} when it is none.
SettingsSource::Values consul_values(std::string_view json, std::string_view folder);

}  // namespace kith
