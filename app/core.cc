#include "app/core.h"

#include <algorithm>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <filesystem>
#include <future>
#include <optional>

#include "app/address.h"
#include "app/caches.h"
#include "app/engines.h"
#include "app/key_store.h"
#include "base/log.h"
#include "base/run.h"
#include "base/workers.h"
#include "ports/clock/lease_table.h"
#include "ports/hash/argon2.h"
#include "ports/hash/tokens.h"
#include "ports/mail/folder.h"
#include "ports/mail/smtp.h"
#include "ports/random/engines.h"
#include "ports/table/table_numbers.h"
#include "services/auth/auth.h"
#include "services/graph/graph.h"
#include "services/notifications/notifications.h"
#include "services/pages/pages.h"
#include "services/posts/posts.h"
#include "services/reactions/reactions.h"
#include "services/search/search.h"
#include "services/timeline/timeline.h"
#include "services/users/users.h"

namespace kith {
namespace {

auth::Auth::Settings auth_settings(Settings const& settings) {
  auth::Auth::Settings auth;
  switch (settings.sign_up) {
    case SignUp::open: auth.sign_up = auth::SignUpMode::open; break;
    case SignUp::approval: auth.sign_up = auth::SignUpMode::approval; break;
    case SignUp::closed: auth.sign_up = auth::SignUpMode::closed; break;
  }
  auth.confirm_email = settings.confirm_email;
  auth.limit_guesses = settings.rate_limits;
  auth.lock_new_accounts = settings.lock_new_accounts;
  auth.community = settings.community_name;
  return auth;
}

std::unique_ptr<Mail> make_mail(Settings const& settings, Clock const& clock, Random& random, Workers& workers) {
  Sender const from{settings.mail_from, settings.community_name};
  if (settings.mail == MailBy::folder) {
    auto const folder = settings.mail_folder.empty() ? settings.data + "/mail" : settings.mail_folder;
    return std::make_unique<FolderMail>(folder, FolderMail::Needs{clock, random, workers, from});
  }
  SmtpMail::Server server{.host = settings.mail_smtp_host, .port = static_cast<std::uint16_t>(settings.mail_smtp_port)};
  switch (settings.mail_smtp_tls) {
    case MailTls::starttls: server.tls = SmtpMail::Tls::starttls; break;
    case MailTls::implicit: server.tls = SmtpMail::Tls::implicit; break;
    case MailTls::none: server.tls = SmtpMail::Tls::none; break;
  }
  server.user = settings.mail_smtp_user;
  server.password = settings.mail_smtp_password;
  server.authority = settings.mail_smtp_authority;
  return std::make_unique<SmtpMail>(server, SmtpMail::Needs{clock, random, workers, from});
}

// Several processes may share strict tables on servers, so there each start is somebody else.
std::string holder_of_ids(Settings const& settings, Random& random) {
  if (settings.engines_strict == StrictEngine::embedded) return "embedded";
  return "process " + std::to_string(random.below(id_max));
}

std::filesystem::path made(std::string const& folder) {
  std::error_code failure;
  std::filesystem::create_directories(folder, failure);
  if (failure) throw Error{Code::invalid, "The data folder " + folder + " cannot be made: " + failure.message()};
  return folder;
}

}  // namespace

struct Core::Parts {
  Parts(Settings const& settings, Clock& clock)
      : clock(clock),
        folder(made(settings.data)),
        workers(static_cast<unsigned>(settings.workers)),
        engines({clock, workers}, settings),
        key_store({.clock = clock, .random = random, .workers = workers}, settings),
        keys(key_store.keys()),
        leases({engines.strict(), random}),
        ids(run(LeasedIds::open({leases, clock, holder_of_ids(settings, random)}))),
        dispatch(clock),
        tables({engines.strict(), engines.wide(), keys, *ids, dispatch}),
        passwords({.memory_bytes = settings.password_memory,
                   .passes = static_cast<unsigned>(settings.password_passes),
                   .at_once = static_cast<unsigned>(settings.password_at_once)}),
        lookup(key_store.server_key().derive("names")),
        caches(clock, settings),
        mail(make_mail(settings, clock, random, workers)),
        users({tables, keys, clock}),
        graph({tables, clock, users}),
        posts({tables, clock, users, graph, &imports, {settings.post_characters_max, host_of(base_url_of(settings))}}),
        reactions({tables, posts, graph}),
        pages({posts, reactions, users, graph, tables.apart()}),
        timeline({tables,
                  clock,
                  engines.log(),
                  graph,
                  posts,
                  pages,
                  {settings.famous_followers_up, settings.famous_followers_down, settings.active_within,
                   settings.feeds_kept, settings.timelines_kept}}),
        notifications({tables, clock, engines.log(), graph, posts, reactions, settings.notifications_kept}),
        search({tables, clock, users, graph, posts}),
        auth({tables, clock, random, passwords, lookup, caches.cache(), *mail, users, auth_settings(settings)}) {
    strict_engine = settings.engines_strict;
    wide_engine = settings.engines_wide;
    graph::follow(dispatch, graph);
    posts::follow(dispatch, posts);
    reactions::follow(dispatch, reactions);
    timeline::follow(dispatch, timeline);
    notifications::follow(dispatch, notifications);
    search::follow(dispatch, search);
    dispatch.connect(engines.log());
  }

  Clock& clock;
  std::filesystem::path folder;
  SystemRandom random;
  Workers workers;
  Engines engines;
  KeyStore key_store;
  Keys& keys;
  TableLeases leases;
  std::unique_ptr<LeasedIds> ids;
  ImportIds imports;
  Dispatch dispatch;
  Tables tables;
  Argon2Passwords passwords;
  LookupHash lookup;
  Caches caches;
  std::unique_ptr<Mail> mail;
  users::Users users;
  graph::Graph graph;
  posts::Posts posts;
  reactions::Reactions reactions;
  pages::Pages pages;
  timeline::Timeline timeline;
  notifications::Notifications notifications;
  search::Search search;
  auth::Auth auth;

  // While it is watched, and while it runs.
  StrictEngine strict_engine = StrictEngine::embedded;
  WideEngine wide_engine = WideEngine::embedded;
  std::optional<TableNumbers> numbers;
  Loops* loops = nullptr;
  boost::asio::cancellation_signal stop_keeping;
  std::promise<void> kept;
};

Core::Core(Settings const& settings, Clock& clock) : parts_(std::make_unique<Parts>(settings, clock)) {}
Core::~Core() = default;

void Core::observe(Metrics& metrics, Tracer* tracer) {
  Parts& parts = *parts_;
  bool const strict = parts.strict_engine != StrictEngine::embedded, wide = parts.wide_engine != WideEngine::embedded;
  parts.numbers.emplace(TableNumbers::Engine(metrics, strict ? "postgresql" : "rocksdb", strict),
                        TableNumbers::Engine(metrics, wide ? "cassandra" : "rocksdb", wide));
  parts.tables.observe(*parts.numbers);
  parts.dispatch.observe(metrics, tracer);
}

void Core::start(Loops& loops) {
  parts_->loops = &loops;
  std::vector<boost::asio::any_io_executor> executors;
  for (std::size_t i = 0; i < loops.size(); ++i) executors.push_back(loops.at(i).get_executor());
  parts_->engines.start(std::move(executors));
  boost::asio::co_spawn(loops.at(0), parts_->ids->keep(),
                        boost::asio::bind_cancellation_slot(parts_->stop_keeping.slot(),
                                                            [this](std::exception_ptr) { parts_->kept.set_value(); }));
}

void Core::stop() {
  if (parts_->loops == nullptr) return;
  run(parts_->engines.stop_delivery());
  boost::asio::post(parts_->loops->at(0), [this] { parts_->stop_keeping.emit(boost::asio::cancellation_type::all); });
  parts_->kept.get_future().wait();
  try {
    run(parts_->ids->close());
  } catch (Error const& error) {
    // On a full disk: the number stays held until its lease ends, which this server's next start does not mind.
    kith::log(LogLevel::warn, "the worker number was not given back", {{"trouble", error.detail}});
  }
  parts_->loops = nullptr;
}

Services Core::services() {
  Parts& parts = *parts_;
  return {parts.users,    parts.graph,         parts.posts,  parts.reactions, parts.pages,
          parts.timeline, parts.notifications, parts.search, parts.auth};
}

void Core::serve(Methods& methods) {
  Parts& parts = *parts_;
  users::serve(parts.users, methods);
  graph::serve(parts.graph, methods);
  posts::serve(parts.posts, methods);
  reactions::serve(parts.reactions, methods);
  pages::serve(parts.pages, methods);
  timeline::serve(parts.timeline, methods);
  notifications::serve(parts.notifications, methods);
  search::serve(parts.search, methods);
  auth::serve(parts.auth, methods);
}

Task<void> Core::report(Metrics& metrics) {
  parts_->engines.report(metrics);
  parts_->key_store.report(metrics);
  parts_->caches.report(metrics);
  std::vector<Lag> lags;
  try {
    lags = co_await log().lag();
  } catch (Error const&) {
    // An engine that is away; it has said so itself, and the next report asks again.
  }
  for (Lag const& lag : lags) {
    Metrics::Labels const labels{{"group", lag.group}};
    metrics.gauge("kith_events_waiting", "Events due and not yet handled", labels)
        .set(static_cast<double>(lag.waiting));
    metrics.gauge("kith_events_set_aside", "Events a follower failed on", labels)
        .set(static_cast<double>(lag.set_aside));
  }
}

Engines& Core::engines() { return parts_->engines; }
Tables& Core::tables() { return parts_->tables; }
Keys& Core::keys() { return parts_->keys; }
Log& Core::log() { return parts_->engines.log(); }
Dispatch const& Core::dispatch() const { return parts_->dispatch; }
ImportIds& Core::import_ids() { return parts_->imports; }

Task<void> Core::caught_up() {
  // A handled event may make further ones: until a whole round finds nothing waiting.
  for (bool waiting = true; waiting;) {
    for (auto const& lag : co_await log().lag()) co_await log().caught_up(lag.group);
    auto const lags = co_await log().lag();
    waiting = std::ranges::any_of(lags, [](Lag const& lag) { return lag.waiting > 0; });
  }
}

}  // namespace kith
