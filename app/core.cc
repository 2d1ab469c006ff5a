#include "app/core.h"

#include <algorithm>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <filesystem>
#include <future>
#include <map>
#include <optional>

#include "app/address.h"
#include "app/caches.h"
#include "app/descriptions.h"
#include "app/engines.h"
#include "app/gauges.h"
#include "app/key_store.h"
#include "app/process.h"
#include "app/remote.h"
#include "app/role_channels.h"
#include "app/roles.h"
#include "base/log.h"
#include "base/run.h"
#include "base/workers.h"
#include "ports/clock/lease_table.h"
#include "ports/hash/argon2.h"
#include "ports/hash/tokens.h"
#include "ports/log/caught_up.h"
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

posts::WordLimits word_limits(Settings const& settings) {
  return {settings.post_characters_max, host_of(base_url_of(settings))};
}

timeline::Timeline::Settings timeline_settings(Settings const& settings) {
  return {settings.famous_followers_up, settings.famous_followers_down, settings.active_within, settings.feeds_kept,
          settings.timelines_kept};
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

// Where a service is asked: here, when its role is.
template <class Interface, class Own>
Interface& pick(std::optional<Own>& own, Interface& there) {
  return own ? static_cast<Interface&>(*own) : there;
}

std::vector<std::string> groups_elsewhere(Settings const& settings) {
  std::vector<std::string> groups;
  for (FollowDescription const& follow : all_follows())
    if (!has_role(settings, role_of(follow.service))) groups.emplace_back(follow.service);
  return groups;
}

}  // namespace

struct Core::Parts {
  Parts(Settings const& settings, Clock& clock, std::shared_ptr<Identities const> const& identities, Watch watch)
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
        channels(settings, identities, watch.metrics),
        remote(channels),
        log_here(engines.log(), groups_elsewhere(settings)),
        process(dispatch, log_here) {
    if (has_role(settings, "social")) make_social(settings);
    if (has_role(settings, "timeline")) make_timeline(settings);
    if (has_role(settings, "notifications")) make_notifications(settings);
    if (has_role(settings, "auth")) make_auth(settings);
    follow_there(settings);
    if (watch.metrics != nullptr) observe(settings, *watch.metrics, watch.tracer);
    dispatch.connect(log_here);
  }

  // They ask each other, and nobody of another role.
  void make_social(Settings const& settings) {
    users.emplace(users::Users::Needs{tables, keys, clock});
    graph.emplace(graph::Graph::Needs{tables, clock, *users});
    posts.emplace(posts::Posts::Needs{tables, clock, *users, *graph, &imports, word_limits(settings)});
    reactions.emplace(reactions::Reactions::Needs{tables, *posts, *graph});
    pages.emplace(pages::Pages::Needs{*posts, *reactions, *users, *graph, tables.apart()});
    graph::follow(dispatch, *graph);
    posts::follow(dispatch, *posts);
    reactions::follow(dispatch, *reactions);
  }
  void make_timeline(Settings const& settings) {
    Services const others = services();
    timeline.emplace(timeline::Timeline::Needs{tables, clock, engines.log(), others.graph, others.posts, others.pages,
                                               timeline_settings(settings)});
    timeline::follow(dispatch, *timeline);
  }
  void make_notifications(Settings const& settings) {
    Services const others = services();
    notifications.emplace(notifications::Notifications::Needs{tables, clock, engines.log(), others.graph, others.posts,
                                                              others.reactions, settings.notifications_kept});
    search.emplace(search::Search::Needs{tables, clock, others.users, others.graph, others.posts});
    notifications::follow(dispatch, *notifications);
    search::follow(dispatch, *search);
  }
  // Whose account it is that asks is read in every request, so auth reads the accounts' tables itself where their role
  // is another process: the tables lie on servers then, and whoever reads there reads the same.
  void make_auth(Settings const& settings) {
    if (!users) accounts.emplace(users::Users::Needs{tables, keys, clock});
    users::UsersService& read = users ? *users : *accounts;
    auth.emplace(auth::Auth::Needs{tables, clock, random, passwords, lookup, caches.cache(), *mail, services().users,
                                   read, auth_settings(settings)});
  }
  void observe(Settings const& settings, Metrics& metrics, Tracer* tracer) {
    bool const strict = settings.engines_strict != StrictEngine::embedded;
    bool const wide = settings.engines_wide != WideEngine::embedded;
    numbers.emplace(TableNumbers::Engine(metrics, strict ? "postgresql" : "rocksdb", strict),
                    TableNumbers::Engine(metrics, wide ? "cassandra" : "rocksdb", wide));
    tables.observe(*numbers);
    dispatch.observe(metrics, tracer);
    engines.observe(metrics, tracer);
    caches.observe(metrics);
  }
  // What a commit here waits for, and others do.
  void follow_there(Settings const& settings) {
    for (FollowDescription const& follow : all_follows()) {
      std::string_view const role = role_of(follow.service);
      if (!follow.echo || has_role(settings, role)) continue;
      auto const there = processes.try_emplace(role, channels.of(role)).first;
      std::string const group(follow.service);
      dispatch.add({.group = group,
                    .kind = std::string(follow.kind),
                    .schema = follow.schema,
                    .echo = true,
                    .handle = followed_there(there->second, group, clock)});
    }
  }

  Services services() {
    Services const there = remote.services();
    return {pick(users, there.users),
            pick(graph, there.graph),
            pick(posts, there.posts),
            pick(reactions, there.reactions),
            pick(pages, there.pages),
            pick(timeline, there.timeline),
            pick(notifications, there.notifications),
            pick(search, there.search),
            pick(auth, there.auth)};
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
  RoleChannels channels;
  RemoteServices remote;
  std::map<std::string_view, process::RemoteProcess> processes;
  LogHere log_here;
  ProcessHere process;
  std::optional<users::Users> users;
  std::optional<users::Users> accounts;  // of auth alone, for reading
  std::optional<graph::Graph> graph;
  std::optional<posts::Posts> posts;
  std::optional<reactions::Reactions> reactions;
  std::optional<pages::Pages> pages;
  std::optional<timeline::Timeline> timeline;
  std::optional<notifications::Notifications> notifications;
  std::optional<search::Search> search;
  std::optional<auth::Auth> auth;

  std::optional<TableNumbers> numbers;  // while it is watched
  // While it runs.
  Loops* loops = nullptr;
  boost::asio::cancellation_signal stop_keeping;
  std::promise<void> kept;
};

Core::Core(Settings const& settings, Clock& clock, std::shared_ptr<Identities const> const& identities, Watch watch)
    : parts_(std::make_unique<Parts>(settings, clock, identities, watch)) {}
Core::~Core() = default;

void Core::start(Loops& loops) {
  parts_->loops = &loops;
  parts_->channels.run_on(loops.executors());
  parts_->engines.start(loops.executors());
  boost::asio::co_spawn(loops.at(0), parts_->ids->keep(),
                        boost::asio::bind_cancellation_slot(parts_->stop_keeping.slot(),
                                                            [this](std::exception_ptr) { parts_->kept.set_value(); }));
}

void Core::stop() {
  if (parts_->loops == nullptr) return;
  run(parts_->engines.stop_delivery());
  parts_->channels.close();
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

void Core::change(Settings const& settings) {
  if (parts_->auth) parts_->auth->change(auth_settings(settings));
  if (parts_->posts) parts_->posts->change(word_limits(settings));
}

Services Core::services() { return parts_->services(); }

void Core::serve(Methods& methods) {
  Parts& parts = *parts_;
  process::serve(parts.process, methods);
  if (parts.users) {
    users::serve(*parts.users, methods);
    graph::serve(*parts.graph, methods);
    posts::serve(*parts.posts, methods);
    reactions::serve(*parts.reactions, methods);
    pages::serve(*parts.pages, methods);
  }
  if (parts.timeline) timeline::serve(*parts.timeline, methods);
  if (parts.notifications) {
    notifications::serve(*parts.notifications, methods);
    search::serve(*parts.search, methods);
  }
  if (parts.auth) auth::serve(*parts.auth, methods);
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
  Gauges const gauge{metrics};
  for (Lag const& lag : lags) {
    Metrics::Labels const labels{{"group", lag.group}};
    gauge("kith_events_waiting", "Events due and not yet handled", lag.waiting, labels);
    gauge("kith_events_set_aside", "Events a follower failed on", lag.set_aside, labels);
  }
}

Caches& Core::caches() { return parts_->caches; }
Engines& Core::engines() { return parts_->engines; }
Tables& Core::tables() { return parts_->tables; }
Keys& Core::keys() { return parts_->keys; }
Log& Core::log() { return parts_->engines.log(); }
Dispatch const& Core::dispatch() const { return parts_->dispatch; }
ImportIds& Core::import_ids() { return parts_->imports; }

Task<void> Core::caught_up() { return kith::caught_up(log()); }

}  // namespace kith
