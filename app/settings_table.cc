#include "app/settings_table.h"

#include <algorithm>
#include <optional>

#include "app/settings_words.h"

namespace kith {
namespace {

using Kind = Setting::Kind;

class Table {
 public:
  std::vector<Setting> const& all() const { return all_; }

  Table() {
    group("Where the server stands");
    text("data", &Settings::data, "a folder", "The folder with everything this server keeps.");
    list("listen", &Settings::listen, is_listen, "HOST:PORT, such as 127.0.0.1:8080",
         "Addresses for plain HTTP. With a port alone (:8080), every address of the machine.");
    list("tls_listen", &Settings::tls_listen, is_listen, "HOST:PORT, such as 0.0.0.0:8443",
         "Addresses for HTTPS; they need a certificate and its key.");
    text("tls_certificate", &Settings::tls_certificate, "a file",
         "The certificate and its chain, PEM; both files may be replaced while serving.");
    text("tls_key", &Settings::tls_key, "a file", "The key of the certificate, PEM.");
    list("operations_listen", &Settings::operations_listen, is_listen, "HOST:PORT, such as 127.0.0.1:9100",
         "Addresses where operators' tools alone find /health and /metrics; a process without the gateway has no "
         "others.");
    checked("base_url", &Settings::base_url, is_base_url, "https://HOST without a path, or nothing",
            "How people reach the server. Nothing: as each request says; set it behind a proxy, and where roles run on "
            "several machines.");
    list("trusted_proxies", &Settings::trusted_proxies, is_range, "addresses or ranges, such as 10.0.0.0/8",
         "Proxies that may say for whom they ask. This machine is always trusted.")
        .live = true;
    list("roles", &Settings::roles, is_role, "all, gateway, core, auth, social, timeline or notifications",
         "What this process does; core is all but the gateway. Several processes of a role need every engine on "
         "servers.");
    all_.back().words.assign(std::begin(role_words), std::end(role_words));
    checked("rpc_folder", &Settings::rpc_folder, is_folder, "a folder of this machine",
            "Where processes of this server meet; only its owner may enter. Nothing: rpc in the data folder.");

    group("Roles on other machines");
    constexpr char const* rpc_values = "tcp:HOST:PORT, such as tcp:10.0.0.1:7001";
    constexpr char const* rpc_processes = "tcp:HOST:PORT, such as tcp:10.0.0.1:7001, or service:SERVICE";
    list("rpc_listen", &Settings::rpc_listen, is_rpc, rpc_values,
         "Where this process answers other roles, by mutual TLS, beside the socket in the rpc folder.");
    list("rpc_core", &Settings::rpc_core, is_rpc_process, rpc_processes,
         "Processes of the role core, or of each role that is named nowhere else. Nothing: the socket in the rpc "
         "folder.");
    list("rpc_auth", &Settings::rpc_auth, is_rpc_process, rpc_processes, "Processes of the role auth, asked in turn.");
    list("rpc_social", &Settings::rpc_social, is_rpc_process, rpc_processes,
         "Processes of the role social: people, ties, posts, reactions.");
    list("rpc_timeline", &Settings::rpc_timeline, is_rpc_process, rpc_processes,
         "Processes of the role timeline: feeds.");
    list("rpc_notifications", &Settings::rpc_notifications, is_rpc_process, rpc_processes,
         "Processes of the role notifications, which also searches.");
    checked(
        "rpc_register", &Settings::rpc_register, is_consul_prefix, "the beginning of a name, such as kith",
        "Under which names this process registers what it does with Consul (consul_server): kith-social. Others find "
        "it by service:kith-social. Nothing: it does not.");
    text("rpc_certificate", &Settings::rpc_certificate, "a file",
         "This process to other roles: the certificate and its chain, PEM. It and the two below may be replaced "
         "while serving.");
    text("rpc_key", &Settings::rpc_key, "a file", "The key of that certificate, PEM.");
    text("rpc_authority", &Settings::rpc_authority, "a file", "Whose certificates are believed between roles, PEM.");
    checked("rpc_domain", &Settings::rpc_domain, is_rpc_domain, "a domain, such as kith.internal",
            "Certificates name each role of their process under it: social.kith.internal, or *.kith.internal.");

    group("Consul");
    checked("consul_server", &Settings::consul_server, is_consul_server, "http://HOST:PORT or https://HOST:PORT",
            "Whom to ask: as a rule Consul's agent on this machine.");
    checked("consul_settings", &Settings::consul_settings, is_consul_folder, "a folder of its KV store, such as kith",
            "Where settings lie that go before those of the file: kith/sign_up is sign_up. Marked live they change "
            "while serving, others at the next start. Nothing: none lie there.");
    text("consul_token_file", &Settings::consul_token_file, "a file",
         "A file that holds the token alone, read for each question.");
    text("consul_authority", &Settings::consul_authority, "a file",
         "Certificates to trust there, PEM. Nothing: those the system trusts.");

    group("The community");
    text("community_name", &Settings::community_name, "a text", "What it is called.");
    text("community_description", &Settings::community_description, "a text", "What it is, in a sentence or two.")
        .live = true;
    checked("community_contact_email", &Settings::community_contact_email, is_mail_address,
            "an e-mail address or nothing", "Where people write to when something is wrong.")
        .live = true;
    text("community_contact_account", &Settings::community_contact_account, "a handle",
         "Whose account answers for it. Nothing: the first administrator.")
        .live = true;
    list("community_rules", &Settings::community_rules, is_anything, "texts", "What people agree to when they join.")
        .live = true;
    list("community_languages", &Settings::community_languages, is_language, "language codes, such as en",
         "What is mostly spoken here.")
        .live = true;
    checked("source_url", &Settings::source_url, is_web_address, "https://HOST/PATH",
            "Where the source of this very program can be had: who runs a changed kith owes it to the people here.")
        .live = true;

    group("Joining, and who may do how much");
    choice("sign_up", &Settings::sign_up, {"open", "approval", "closed"},
           "Whether anybody may join, or after a moderator's approval, or nobody.")
        .live = true;
    text("sign_up_closed_message", &Settings::sign_up_closed_message, "a text", "What is said while nobody may join.")
        .live = true;
    flag("confirm_email", &Settings::confirm_email, "Whether an account waits until its e-mail address is confirmed.")
        .live = true;
    flag("lock_new_accounts", &Settings::lock_new_accounts,
         "Whether a follow of a new account asks first, which makes friends when accepted.")
        .live = true;
    flag("rate_limits", &Settings::rate_limits, "Off lifts every limit on how often, log-in and sign-up too.").live =
        true;
    bytes("password_memory", &Settings::password_memory, 8 << 10, std::uint64_t{4} << 30,
          "Memory to hash one password with argon2id: what makes guessing dear.");
    number("password_passes", &Settings::password_passes, 1, 100, "Passes over that memory.");
    number("password_at_once", &Settings::password_at_once, 1, 64, "Passwords hashed at once, each with that memory.");

    group("What people write, and for how long derived lists are kept");
    number("post_characters_max", &Settings::post_characters_max, 1, 50'000, "Characters of one post.").live = true;
    duration("feeds_kept", &Settings::feeds_kept, std::chrono::days{1}, std::chrono::days{3'650},
             "Entries of home feeds; older posts are merged when read.");
    duration("timelines_kept", &Settings::timelines_kept, std::chrono::days{1}, std::chrono::days{3'650},
             "Entries of public and hashtag timelines.");
    duration("notifications_kept", &Settings::notifications_kept, std::chrono::days{1}, std::chrono::days{3'650},
             "Notifications.");
    number("famous_followers_up", &Settings::famous_followers_up, 2, 1'000'000'000,
           "From so many followers on, an author's posts are merged when feeds are read, not written into each.");
    number("famous_followers_down", &Settings::famous_followers_down, 1, 1'000'000'000,
           "Below so many they are written into each feed again.");
    duration("active_within", &Settings::active_within, std::chrono::hours{1}, std::chrono::days{365},
             "Who was here so lately gets new posts written into the feed at once.");

    group("Mail");
    choice("mail", &Settings::mail, {"folder", "smtp"}, "By a mail server, or as files into a folder.");
    text("mail_folder", &Settings::mail_folder, "a folder",
         "Where mail lies as files. Nothing: mail in the data folder.");
    checked("mail_from", &Settings::mail_from, is_mail_address, "an e-mail address", "Whom mail comes from.");
    text("mail_smtp_host", &Settings::mail_smtp_host, "a host", "The mail server.");
    number("mail_smtp_port", &Settings::mail_smtp_port, 1, 65'535, "Its port: 587 for starttls, 465 for implicit.");
    choice("mail_smtp_tls", &Settings::mail_smtp_tls, {"starttls", "implicit", "none"},
           "How the line is encrypted; none is only for a server on this machine, without a password.");
    text("mail_smtp_user", &Settings::mail_smtp_user, "a text", "Who signs in there. Nothing: nobody.");
    text("mail_smtp_password", &Settings::mail_smtp_password, "a text", "The password; better in a file of its own.")
        .secret = true;
    text("mail_smtp_password_file", &Settings::mail_smtp_password_file, "a file",
         "A file that holds the password alone.");
    text("mail_smtp_authority", &Settings::mail_smtp_authority, "a file",
         "Certificates to trust there, PEM. Nothing: those the system trusts.");

    group("Machine and limits");
    number("threads", &Settings::threads, 0, 256, "Threads that serve requests. 0: one a core.");
    number("workers", &Settings::workers, 1, 256, "Threads for reads that wait for the disk, and for mail.");
    number("connections_max", &Settings::connections_max, 10, 1'000'000, "Open connections, some 6 KiB each.");
    number("requests_in_flight_max", &Settings::requests_in_flight_max, 10, 1'000'000,
           "Requests being answered; more are told at once to come again.");
    bytes("request_bodies_max", &Settings::request_bodies_max, 1 << 20, std::uint64_t{64} << 30,
          "Bodies of all requests being received or answered.");
    duration("request_deadline", &Settings::request_deadline, std::chrono::seconds{1}, std::chrono::minutes{10},
             "A request that takes longer is given up.");
    duration("drain_for", &Settings::drain_for, std::chrono::seconds{0}, std::chrono::minutes{10},
             "A gateway told to stop says so long that it is not ready, and still answers, so that others are asked.");
    duration("stop_within", &Settings::stop_within, std::chrono::seconds{0}, std::chrono::minutes{60},
             "Running requests may take so long to end when the server stops.");
    bytes("cache_memory", &Settings::cache_memory, 0, std::uint64_t{1} << 40,
          "Memory for what was read: half of it for rows, a quarter each for feeds and for content. "
          "0 B: a twelfth of the machine's, from 128 MiB to 1 GiB.");
    choice("cache_eviction", &Settings::cache_eviction, {"lru", "lfu", "sliding_window"},
           "What leaves first: read longest ago, read least often, or whatever was not read for ten minutes.");
    bytes("storage_block_cache", &Settings::storage_block_cache, 1 << 20, std::uint64_t{1} << 40,
          "Memory for blocks of the files, beside the system's own.");
    bytes("storage_memtables", &Settings::storage_memtables, 4 << 20, std::uint64_t{64} << 30,
          "Memory for what was written lately.");
    bytes("storage_free_min", &Settings::storage_free_min, 16 << 20, std::uint64_t{1} << 40,
          "With less room on the disk than this, nothing new is written.");

    group("Engines: where what is kept");
    choice("engines_strict", &Settings::engines_strict, {"embedded", "postgres"},
           "What decides (accounts, ties, heads of posts): in the data folder, or on PostgreSQL servers.");
    list("postgres_servers", &Settings::postgres_servers, is_anything, "postgresql://USER@HOST:PORT/DATABASE each",
         "Servers that share the strict tables. Their number and order stay as they are.");
    text("postgres_password_file", &Settings::postgres_password_file, "a file",
         "A file that holds the password alone, read for each new connection.");
    number("postgres_connections", &Settings::postgres_connections, 1, 1'000,
           "Connections with each server for commits; two more are for reads, one for events.");
    duration("postgres_deadline", &Settings::postgres_deadline, std::chrono::milliseconds{100}, std::chrono::minutes{5},
             "A call to a server that takes longer, with its retries, is given up.");
    choice("engines_keys", &Settings::engines_keys, {"embedded", "postgres"},
           "The keys that seal what people write: in the data folder, or in a PostgreSQL database of their own.");
    text("keys_server", &Settings::keys_server, "postgresql://USER@HOST:PORT/DATABASE",
         "A database that holds nothing else and is in no ordinary backup.");
    text("keys_password_file", &Settings::keys_password_file, "a file",
         "A file that holds the password alone, read for each new connection.");
    text("server_key", &Settings::server_key, "a file",
         "The key that opens these keys, the same for every process. Nothing: server.key in the data folder.");
    choice("engines_wide", &Settings::engines_wide, {"embedded", "cassandra"},
           "Words of posts, feeds, timelines, notifications: in the data folder, or on Cassandra or ScyllaDB.");
    list("cassandra_servers", &Settings::cassandra_servers, is_anything, "HOST:PORT each",
         "Some servers of the cluster; they name the others.");
    text("cassandra_keyspace", &Settings::cassandra_keyspace, "a text",
         "Which exists already, replicated as its operator wants it.");
    text("cassandra_datacenter", &Settings::cassandra_datacenter, "a text",
         "The one that is asked, where there are several. Nothing: there is but one.");
    text("cassandra_user", &Settings::cassandra_user, "a text", "Who signs in there. Nothing: nobody.");
    text("cassandra_password_file", &Settings::cassandra_password_file, "a file",
         "A file that holds the password alone, read for each new connection.");
    text("cassandra_tls_authority", &Settings::cassandra_tls_authority, "a file",
         "Certificates to trust there, PEM; those of the servers name their addresses. Nothing: the lines are not "
         "encrypted.");
    duration("cassandra_deadline", &Settings::cassandra_deadline, std::chrono::milliseconds{100},
             std::chrono::minutes{5}, "A call to the cluster that takes longer, with its retries, is given up.");
    choice("engines_cache", &Settings::engines_cache, {"embedded", "redis"},
           "Copies that spare work, and counts of attempts: in each process, or shared on Redis servers.");
    choice("engines_bus", &Settings::engines_bus, {"embedded", "redis"},
           "What processes say to each other at once: within one process, or over Redis servers.");
    list("redis_servers", &Settings::redis_servers, is_anything, "redis://USER@HOST:PORT each, or rediss:// with TLS",
         "One server, or some of one Cluster, which names the others.");
    text("redis_password_file", &Settings::redis_password_file, "a file",
         "A file that holds the password alone, read for each new connection.");
    text("redis_tls_authority", &Settings::redis_tls_authority, "a file",
         "Certificates to trust there, PEM. Nothing: those the system trusts.");
    text("redis_tls_certificate", &Settings::redis_tls_certificate, "a file",
         "Our certificate and its chain, PEM, where the servers want one.");
    text("redis_tls_key", &Settings::redis_tls_key, "a file", "The key of that certificate, PEM.");
    text("redis_prefix", &Settings::redis_prefix, "a text",
         "Before every key and channel, so that communities can share servers.");
    duration("redis_deadline", &Settings::redis_deadline, std::chrono::milliseconds{10}, std::chrono::minutes{1},
             "A call that takes longer, with its retries, is given up as if nothing was there.");
    choice("engines_log", &Settings::engines_log, {"embedded", "kafka"},
           "What brings events to those who follow them: the data folder, or Kafka.");
    list("kafka_servers", &Settings::kafka_servers, is_anything, "HOST:PORT each",
         "Some servers of the cluster; they name the others.");
    list("kafka_security", &Settings::kafka_security, is_anything,
         "NAME=VALUE each, of librdkafka's names that begin with security., ssl. or sasl.",
         "How the lines are protected and who signs in: security.protocol=sasl_ssl, sasl.mechanisms=SCRAM-SHA-512.");
    text("kafka_user", &Settings::kafka_user, "a text", "Who signs in there. Nothing: nobody.");
    text("kafka_password_file", &Settings::kafka_password_file, "a file",
         "A file that holds the password alone, read again when it changes.");
    text("kafka_topics", &Settings::kafka_topics, "a text",
         "What the names of topics and groups begin with, so that communities can share a cluster.");
    number("kafka_partitions", &Settings::kafka_partitions, 1, 1'000,
           "Of the topic of events, when it is made: as many processes can share a follower's work.");
    number("kafka_copies", &Settings::kafka_copies, 0, 10,
           "Servers that keep each event, when the topics are made. 0: as the cluster does by itself.");
    duration("kafka_deadline", &Settings::kafka_deadline, std::chrono::milliseconds{500}, std::chrono::minutes{5},
             "A call to the cluster that takes longer, with its retries, is given up.");

    group("What the operator sees");
    choice("log_level", &Settings::log_level, {"debug", "info", "warn", "error"}, "The least that is logged.").live =
        true;
    text("log_file", &Settings::log_file, "a file", "Where to. Nothing: standard error.");
    choice("log_format", &Settings::log_format, {"json", "text"},
           "One JSON object a line, for programs, or text for people.");
    choice("request_log", &Settings::request_log, {"off", "failures", "sampled", "all"},
           "Which requests are logged: none, refused ones, those and one in a hundred, all.")
        .live = true;
    flag("metrics", &Settings::metrics, "Whether /metrics answers Prometheus; off makes it 404.");
    checked("trace_endpoint", &Settings::trace_endpoint, is_collector,
            "http://HOST:PORT or https://HOST:PORT, or nothing",
            "The OpenTelemetry collector that gets the spans of requests, by OTLP over HTTP. Nothing: none are made.");
    number("trace_one_in", &Settings::trace_one_in, 1, 1'000'000, "One request in so many is traced.");
    flag("trace_incoming", &Settings::trace_incoming,
         "Whether a traceparent that a trusted proxy sends is continued. Only where that proxy makes it itself: one "
         "that passes on what strangers send lets them decide what is traced.");
  }

 private:
  template <class T>
  using Member = T Settings::*;
  using Check = bool (*)(std::string_view);

  void group(std::string name) { group_ = std::move(name); }

  Setting& add(std::string name, std::string values, std::string meaning, std::vector<Kind> kinds) {
    all_.push_back({.group = group_,
                    .name = std::move(name),
                    .meaning = std::move(meaning),
                    .values = std::move(values),
                    .kinds = std::move(kinds)});
    return all_.back();
  }

  Setting& checked(std::string name, Member<std::string> member, Check check, std::string values, std::string meaning) {
    Setting& one = add(std::move(name), std::move(values), std::move(meaning), {Kind::text});
    one.set = [member, check](Settings& settings, auto const& texts) {
      settings.*member = texts.front();
      return check(texts.front());
    };
    one.get = [member](Settings const& settings) { return std::vector{settings.*member}; };
    return one;
  }
  Setting& text(std::string name, Member<std::string> member, std::string values, std::string meaning) {
    return checked(std::move(name), member, is_anything, std::move(values), std::move(meaning));
  }
  Setting& list(std::string name, Member<std::vector<std::string>> member, Check check, std::string values,
                std::string meaning) {
    Setting& one = add(std::move(name), std::move(values), std::move(meaning), {Kind::text, Kind::list});
    one.list = true;
    one.set = [member, check](Settings& settings, auto const& texts) {
      settings.*member = texts;
      return std::ranges::all_of(texts, check);
    };
    one.get = [member](Settings const& settings) { return settings.*member; };
    return one;
  }
  Setting& flag(std::string name, Member<bool> member, std::string meaning) {
    Setting& one = add(std::move(name), "on or off", std::move(meaning), {Kind::flag, Kind::text});
    one.set = [member](Settings& settings, auto const& texts) {
      settings.*member = texts.front() == "on" || texts.front() == "true";
      return settings.*member || texts.front() == "off" || texts.front() == "false";
    };
    one.get = [member](Settings const& settings) { return std::vector<std::string>{settings.*member ? "on" : "off"}; };
    return one;
  }
  template <class Choice>
  Setting& choice(std::string name, Member<Choice> member, std::vector<std::string> words, std::string meaning) {
    Setting& one = add(std::move(name), either(words), std::move(meaning), {Kind::text});
    one.get = [member, words](Settings const& settings) {
      return std::vector{words.at(static_cast<std::size_t>(settings.*member))};
    };
    one.set = [member, words](Settings& settings, auto const& texts) {
      auto const found = std::ranges::find(words, texts.front());
      if (found != words.end()) settings.*member = static_cast<Choice>(found - words.begin());
      return found != words.end();
    };
    return one;
  }
  Setting& number(std::string name, Member<std::uint64_t> member, std::uint64_t least, std::uint64_t most,
                  std::string meaning) {
    Setting& one =
        measured(std::move(name), member, parse_number, number_text, least, most, "a number from ", std::move(meaning));
    one.kinds = {Kind::number};
    one.bare = true;
    return one;
  }
  Setting& bytes(std::string name, Member<std::uint64_t> member, std::uint64_t least, std::uint64_t most,
                 std::string meaning) {
    return measured(std::move(name), member, parse_bytes, bytes_text, least, most, "a size from ", std::move(meaning));
  }
  Setting& duration(std::string name, Member<Duration> member, Duration least, Duration most, std::string meaning) {
    return measured(std::move(name), member, parse_duration, duration_text, least, most, "a time from ",
                    std::move(meaning));
  }
  template <class T>
  Setting& measured(std::string name, Member<T> member, std::optional<T> (*parse)(std::string_view),
                    std::string (*print)(T), T least, T most, char const* what, std::string meaning) {
    Setting& one = add(std::move(name), what + print(least) + " to " + print(most), std::move(meaning), {Kind::text});
    one.get = [member, print](Settings const& settings) { return std::vector{print(settings.*member)}; };
    one.set = [member, parse, least, most](Settings& settings, auto const& texts) {
      auto const value = parse(texts.front());
      if (value) settings.*member = *value;
      return value && *value >= least && *value <= most;
    };
    return one;
  }

  std::string group_;
  std::vector<Setting> all_;
};

}  // namespace

std::vector<Setting> const& all_settings() {
  static Table const settings;
  return settings.all();
}

Setting const* find_setting(std::string_view name) {
  auto const& all = all_settings();
  auto const found = std::ranges::find(all, name, &Setting::name);
  return found == all.end() ? nullptr : &*found;
}

}  // namespace kith
