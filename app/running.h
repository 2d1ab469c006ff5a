#pragma once

// A running server: its loops, its core or the way to it, its gateway, and the end of them in order.

#include <cstdint>
#include <functional>
#include <memory>

#include "app/services.h"
#include "app/settings.h"
#include "ports/settings/source.h"

namespace kith {

class Core;

class Running {
 public:
  // Opens, listens and serves the settings' roles. Throws one sentence why not. `not_ready`: why
  // requests should not come yet, from the first moment on.
  explicit Running(Settings settings, std::string not_ready = {});
  ~Running();

  // Takes up what changes in the settings while this serves: from where the shared ones lie, and at SIGHUP in the file.
  void follow(SettingsTold told, std::unique_ptr<SettingsSource> source);

  // Until SIGTERM or SIGINT; then what runs is answered and everything is closed. The exit status.
  int wait();
  // Ends wait as a signal would. Any thread.
  void stop();

  // Why requests should not come yet; empty when they may. Any thread.
  void not_ready(std::string reason);
  Services services();
  Core* core();  // null in a process without that role

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

// The services of a data folder for a tool: of the server that runs there, or opened here.
class Reached {
 public:
  // A folder that is not there: made, or refused because it is more likely a slip of the pen.
  enum class Missing : std::uint8_t { made, refused };
  explicit Reached(Settings const& settings, Missing missing = Missing::refused);
  ~Reached();

  Services services();
  // Null when a server runs there.
  Core* core();
  // Waits until all events due are handled, whoever follows them.
  Task<void> caught_up();

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace kith
