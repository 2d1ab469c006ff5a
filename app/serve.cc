#include <sys/resource.h>

#include <csignal>
#include <cstdio>

#include "app/address.h"
#include "app/command.h"
#include "app/running.h"
#include "app/settings_source.h"
#include "app/version.h"
#include "base/log.h"

namespace kith {
namespace {

int serve(Typed const& typed) {
  auto shared = load_shared(settings_told(typed));
  LoadedSettings const& loaded = shared.loaded;
  start_logging({loaded.settings.log_level, loaded.settings.log_file, loaded.settings.log_format});
  for (auto const& warning : loaded.warnings) log(LogLevel::warn, warning);
  int status = 0;
  {
    Running running(loaded.settings);
    running.follow(std::move(shared.told), std::move(shared.source));
    // Without the gateway nothing is served at the community's address.
    if (has_role(loaded.settings, "gateway"))
      log(LogLevel::info, "serving",
          {{"url", base_url_of(loaded.settings)}, {"data", loaded.settings.data}, {"version", version}});
    else
      log(LogLevel::info, "serving",
          {{"rpc", rpc_address(loaded.settings)}, {"data", loaded.settings.data}, {"version", version}});
    status = running.wait();
  }
  stop_logging();
  return status;
}

}  // namespace

std::vector<Command> serve_commands() {
  CommandDoc doc{
      .name = "serve", .words = "", .summary = "Serves the community of a data folder until it is told to stop."};
  doc.options = {{"--data", "DIR", "the data folder; made at the first start"},
                 {"--listen", "HOST:PORT", "plain HTTP; 127.0.0.1:8080"},
                 {"--settings", "FILE", "a settings file; kith settings shows all there are"},
                 {"--tls-listen", "HOST:PORT", "HTTPS"},
                 {"--tls-certificate", "FILE", "its certificate, PEM"},
                 {"--tls-key", "FILE", "the certificate's key, PEM"},
                 {"--base-url", "URL", "how people reach it, behind a proxy"},
                 {"--roles", "LIST", "all, or gateway, or core"},
                 {"--rpc-folder", "DIR", "where the roles of one server meet"}};
  return {{doc, &serve}};
}

}  // namespace kith
