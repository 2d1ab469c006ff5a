// kith demo: serves a community that it made itself.

#include <cstdio>
#include <thread>

#include "app/address.h"
#include "app/command.h"
#include "app/core.h"
#include "app/demo.h"
#include "app/import.h"
#include "app/running.h"
#include "app/version.h"
#include "base/log.h"
#include "base/run.h"
#include "ports/clock/system.h"

namespace kith {
namespace {

void say(std::string const& text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fputc('\n', stdout);
  std::fflush(stdout);
}

// Before anything is opened: what to import, and whether that can be.
DemoSource source_of(Typed const& typed) {
  if (!typed.has("--graph")) return sample_community();
  return read_community(typed.text("--graph"), typed.text("--posts"));
}

Settings checked(Typed const& typed, Settings settings) {
  if (typed.has("--graph") != typed.has("--posts"))
    throw Error{Code::invalid, std::string("--graph and --posts go together; ") +
                                   (typed.has("--graph") ? "--posts FILE" : "--graph FILE") + " is missing"};
  if (settings.roles != std::vector<std::string>{"all"})
    throw Error{Code::invalid, "kith demo runs every role in one process; leave the setting roles away"};
  return settings;
}

// Makes the community on a thread of its own while the server answers that it is not ready yet.
class Importing {
 public:
  Importing(Running& running, Settings const& settings, DemoSource source)
      : running_(running), settings_(settings), progress_(progress_here(clock_)), source_(std::move(source)) {
    refuse_started();
    thread_ = std::thread([this] { import(); });
  }
  ~Importing() { finish(); }

  // Ends it where it is, when it is not done, and throws what went wrong.
  void end() {
    finish();
    if (failure_) std::rethrow_exception(failure_);
  }

 private:
  void finish() {
    stopping_ = true;
    if (thread_.joinable()) thread_.join();
  }

  void refuse_started() {
    users::AllAccounts const one{.limit = 1};
    auto const page = run(running_.services().users.all(Call{}, one));
    if (!page.people.empty())
      throw Error{Code::invalid,
                  "The data folder " + settings_.data +
                      " holds accounts but no finished demo community; delete the folder, or name another"};
  }

  void import() {
    try {
      Core& core = *running_.core();
      CommunityImport::Needs const needs{.services = running_.services(),
                                         .keys = core.keys(),
                                         .ids = core.import_ids(),
                                         .clock = clock_,
                                         .caught_up = [&core] { return core.caught_up(); },
                                         .progress = progress_,
                                         .stopping = stopping_};
      Duration const began = clock_.monotonic();
      DemoMade const made = run(make_demo(std::move(source_), needs));
      write_demo_marker(settings_.data, made.marker);
      running_.not_ready("");
      announce(made, clock_.monotonic() - began);
    } catch (Error const& error) {
      failure_ = std::make_exception_ptr(
          Error{error.code, error.say + "; delete the data folder " + settings_.data + " before you start again",
                error.detail});
      running_.stop();
    } catch (...) {
      failure_ = std::current_exception();
      running_.stop();
    }
  }

  void announce(DemoMade const& made, Duration took) const {
    DemoMarker const& marker = made.marker;
    auto const tenths = took.count() / 100'000;
    say("The community is ready: " + grouped(marker.people) + " people, " + grouped(marker.friendships) +
        " friendships, " + grouped(marker.posts_made) + " posts, made in " + std::to_string(tenths / 10) + "." +
        std::to_string(tenths % 10) + " s.\n\n  " + base_url_of(settings_) + "\n\nLog in there or with an app as " +
        marker.first_handle + ", or as anybody else in it; everybody's password is\n\n  " + made.password +
        "\n\nIt is shown this once and stored nowhere.");
  }

  Running& running_;
  Settings const& settings_;
  SystemClock clock_;
  Progress progress_;
  DemoSource source_;
  std::atomic<bool> stopping_ = false;
  std::exception_ptr failure_;
  std::thread thread_;
};

int demo(Typed const& typed) {
  auto const loaded = settings_of(typed);
  Settings const settings = checked(typed, loaded.settings);
  bool const made = has_demo_marker(settings.data);
  std::optional<DemoSource> source;
  if (!made) source = source_of(typed);

  start_logging({settings.log_level, settings.log_file, settings.log_format});
  for (auto const& warning : loaded.warnings) log(LogLevel::warn, warning);
  int status = 0;
  {
    Running running(settings, made ? "" : "The community is being imported");
    log(LogLevel::info, "serving", {{"url", base_url_of(settings)}, {"data", settings.data}, {"version", version}});
    if (made) {
      say("The community in " + settings.data + " is served at " + base_url_of(settings) +
          "; its password was shown when it was made.");
      status = running.wait();
    } else {
      Importing importing(running, settings, std::move(*source));
      status = running.wait();
      importing.end();
    }
  }
  stop_logging();
  return status;
}

}  // namespace

std::vector<Command> demo_commands() {
  CommandDoc doc{.name = "demo",
                 .words = "",
                 .summary =
                     "Makes a community to look at and serves it; one that is made already is just served.\n"
                     "Without files it is the small sample that comes with kith."};
  doc.options = {{"--data", "DIR", "the data folder; made at the first start"},
                 {"--listen", "HOST:PORT", "plain HTTP; 127.0.0.1:8080"},
                 {"--graph", "FILE", "friendships: two numbers a line, person N becomes the account uN"},
                 {"--posts", "FILE", "CSV with the head topic,title,text; row i is by person i, and around again"},
                 {"--settings", "FILE", "a settings file; kith settings shows all there are"},
                 {"--tls-listen", "HOST:PORT", "HTTPS"},
                 {"--tls-certificate", "FILE", "its certificate, PEM"},
                 {"--tls-key", "FILE", "the certificate's key, PEM"},
                 {"--base-url", "URL", "how people reach it, behind a proxy"}};
  return {{doc, &demo}, import_network_command()};
}

}  // namespace kith
