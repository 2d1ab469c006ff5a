// kith routes, dataflow, settings: what this program serves, who follows what, what can be chosen.

#include <cstdio>
#include <map>
#include <set>

#include "app/command.h"
#include "app/descriptions.h"
#include "app/gateway.h"
#include "app/remote.h"
#include "base/error.h"
#include "ports/clock/system.h"

namespace kith {
namespace {

void print(std::string_view text) { std::fwrite(text.data(), 1, text.size(), stdout); }

// Nobody is called while routes are only listed.
class NoChannel final : public Channel {
 public:
  Task<std::string> call(Call, RpcMethod, std::string) override {
    throw Error{Code::unavailable, "Nothing is served here"};
    co_return "";
  }
};

int routes(Typed const& typed) {
  NoChannel channel;
  RemoteServices services(channel);
  SystemClock clock;
  Metrics metrics;
  Gateway const gateway({.services = services.services(), .clock = clock, .metrics = metrics},
                        settings_of(typed).settings);
  print(routes_text(gateway.router()));
  return 0;
}

int dataflow(Typed const&) {
  print(dataflow_text());
  return 0;
}

int settings(Typed const& typed) {
  auto const loaded = settings_of(typed);
  print(settings_file(loaded.settings, "# Every setting with its meaning and its value now.\n"));
  for (auto const& warning : loaded.warnings) std::fprintf(stderr, "kith: %s\n", warning.c_str());
  return 0;
}

}  // namespace

std::vector<Command> show_commands() {
  OptionDoc const file{"--settings", "FILE", "a settings file"};
  return {{{.name = "routes", .words = "", .summary = "Lists every route that is served.", .options = {file}}, &routes},
          {{.name = "dataflow",
            .words = "",
            .summary = "Shows who emits and who follows which event, and the tables.",
            .options = {}},
           &dataflow},
          {{.name = "settings",
            .words = "",
            .summary = "Prints every setting, its meaning and its value.",
            .options = {file}},
           &settings}};
}

}  // namespace kith
