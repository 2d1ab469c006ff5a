#include "app/settings_checks.h"

#include <algorithm>

#include "app/settings_words.h"
#include "base/error.h"
#include "ports/rpc/address.h"

namespace kith {

std::vector<std::string> const& processes_of(Settings const& settings, std::string_view role) {
  if (role == "auth") return settings.rpc_auth;
  if (role == "social") return settings.rpc_social;
  if (role == "timeline") return settings.rpc_timeline;
  return settings.rpc_notifications;
}

bool keeps_in_folder(Settings const& settings) {
  return settings.engines_strict == StrictEngine::embedded || settings.engines_wide == WideEngine::embedded ||
         settings.engines_log == LogEngine::embedded;
}

bool has_role(Settings const& settings, std::string_view role) {
  return std::ranges::any_of(settings.roles, [&](std::string const& each) {
    return each == role || each == "all" || (each == "core" && role != "gateway");
  });
}

bool runs_services(Settings const& settings) {
  return std::ranges::any_of(settings.roles, [](std::string const& role) { return role != "gateway"; });
}

bool names_others(Settings const& settings) {
  return !settings.rpc_core.empty() ||
         std::ranges::any_of(service_roles, [&](auto role) { return !processes_of(settings, role).empty(); });
}

namespace {

// A process may do a part alone when it knows where the others are, and when all that it keeps lies on servers.
void check_roles(Settings const& settings) {
  auto const refuse = [](std::string say) { throw Error{Code::invalid, std::move(say)}; };
  bool const certificate = !settings.rpc_certificate.empty(), key = !settings.rpc_key.empty(),
             authority = !settings.rpc_authority.empty();
  if (certificate != key || key != authority)
    refuse("rpc_certificate, rpc_key and rpc_authority belong together: set all or none");
  bool const named = names_others(settings);
  if ((named || !settings.rpc_listen.empty()) && !certificate)
    refuse("Roles speak over TCP only with mutual TLS: set rpc_certificate, rpc_key and rpc_authority");

  bool discovered = !settings.rpc_register.empty();
  for (std::string_view const role : service_roles)
    for (std::string const& address : processes_of(settings, role))
      discovered = discovered || !discovered_service(address).empty();
  for (std::string const& address : settings.rpc_core) discovered = discovered || !discovered_service(address).empty();
  if (discovered && settings.consul_server.empty())
    refuse("Processes are looked up or registered in Consul, but consul_server names no Consul");
  if (runs_services(settings) && !settings.rpc_register.empty() && settings.rpc_listen.empty())
    refuse("rpc_register registers this process, but rpc_listen says nowhere where it answers");

  bool const part = std::ranges::any_of(settings.roles, [&](std::string const& role) {
    return std::ranges::find(service_roles, role) != service_roles.end();
  });
  bool const embedded = keeps_in_folder(settings) || settings.engines_keys == KeysEngine::embedded ||
                        settings.engines_cache == SharedEngine::embedded;
  if (part && embedded)
    refuse("roles is " + joined(settings.roles) +
           ", but what a process keeps itself no other can see: with an engine in the data folder roles may be all, or "
           "core and gateway (engines_strict, engines_wide, engines_keys, engines_log, engines_cache)");
  if (part && settings.server_key.empty())
    refuse("roles is " + joined(settings.roles) +
           ", but server_key names no file: it must be the same for every process");
  // Who does a part, or names some of the others, names all it may ask. Nobody but a gateway asks auth.
  bool const gateway = has_role(settings, "gateway");
  if (settings.rpc_core.empty() && (part || named))
    for (std::string_view const role : service_roles)
      if (processes_of(settings, role).empty() && !has_role(settings, role) && (gateway || role != "auth"))
        refuse("roles is " + joined(settings.roles) + ", but rpc_" + std::string(role) +
               " names no process that does " + std::string(role));
  // Where this process listens says nothing then of where people find the others. Core and gateway that meet in one
  // data folder have one file, whose listen tells both.
  bool const apart = part || named || !settings.rpc_listen.empty();
  bool const whole = gateway && std::ranges::all_of(service_roles, [&](auto role) { return has_role(settings, role); });
  if (apart && !whole && settings.base_url.empty())
    refuse("roles is " + joined(settings.roles) +
           ", but base_url does not say how people reach the community: set it, the same for every process");
}

}  // namespace

void check_together(Settings const& settings) {
  auto const refuse = [](char const* say) { throw Error{Code::invalid, say}; };
  bool const certificate = !settings.tls_certificate.empty(), key = !settings.tls_key.empty();
  if (certificate != key) refuse("tls_certificate and tls_key belong together: set both or none");
  if (!settings.tls_listen.empty() && !certificate) refuse("tls_listen needs tls_certificate and tls_key");
  if (certificate && settings.tls_listen.empty())
    refuse("tls_certificate is set, but tls_listen names no address for it");
  if (settings.data.empty()) refuse("data must name a folder");
  if (settings.listen.empty() && settings.tls_listen.empty())
    refuse("listen names no address: nobody could reach the server");
  if (settings.roles.empty()) refuse("roles names none: say all, gateway or core");
  check_roles(settings);
  if (settings.community_name.empty()) refuse("community_name must not be empty");
  if (settings.famous_followers_down >= settings.famous_followers_up)
    refuse("famous_followers_down must be less than famous_followers_up");
  if (settings.engines_strict == StrictEngine::postgres && settings.postgres_servers.empty())
    refuse("engines_strict is postgres, but postgres_servers names no server");
  if (settings.engines_wide == WideEngine::cassandra) {
    if (settings.cassandra_servers.empty()) refuse("engines_wide is cassandra, but cassandra_servers names no server");
    // The embedded tables write what belongs before a commit in the same breath, which no other engine can join.
    if (settings.engines_strict != StrictEngine::postgres)
      refuse("engines_wide is cassandra, which needs the strict tables on servers too: set engines_strict to postgres");
    if (settings.cassandra_keyspace.empty()) refuse("cassandra_keyspace must not be empty");
    if (!settings.cassandra_password_file.empty() && settings.cassandra_user.empty())
      refuse("cassandra_password_file is set, but cassandra_user names nobody it belongs to");
  }
  if (settings.engines_keys == KeysEngine::postgres && settings.keys_server.empty())
    refuse("engines_keys is postgres, but keys_server names no server");
  // Nothing else would keep a second process from starting, and its keys from being others than the first one's.
  if (settings.engines_keys == KeysEngine::embedded && !keeps_in_folder(settings))
    refuse(
        "Tables and log lie on servers, where several processes share them, but engines_keys is embedded: "
        "set it to postgres, and name a database for the keys in keys_server");
  if (settings.redis_servers.empty() && settings.engines_cache == SharedEngine::redis)
    refuse("engines_cache is redis, but redis_servers names no server");
  if (settings.redis_servers.empty() && settings.engines_bus == SharedEngine::redis)
    refuse("engines_bus is redis, but redis_servers names no server");
  if (settings.redis_tls_certificate.empty() != settings.redis_tls_key.empty())
    refuse("redis_tls_certificate and redis_tls_key belong together: set both or none");
  if (settings.redis_prefix.find_first_of("{}") != std::string::npos)
    refuse("redis_prefix must be without braces, which would put all keys on one server");
  if (settings.engines_log == LogEngine::kafka) {
    if (settings.kafka_servers.empty()) refuse("engines_log is kafka, but kafka_servers names no server");
    // Events come there by the outbox; the embedded tables write theirs into the embedded log.
    if (settings.engines_strict != StrictEngine::postgres)
      refuse("engines_log is kafka, which needs the strict tables on servers too: set engines_strict to postgres");
    if (settings.kafka_topics.empty()) refuse("kafka_topics must not be empty");
  }
  if (!settings.consul_settings.empty() && settings.consul_server.empty())
    refuse("consul_settings names a folder, but consul_server names no Consul");
  if (settings.mail_from.empty()) refuse("mail_from must be an e-mail address");
  if (settings.mail == MailBy::smtp && settings.mail_smtp_host.empty())
    refuse("mail is smtp, but mail_smtp_host names no server");
  if (settings.mail_smtp_tls == MailTls::none && !settings.mail_smtp_user.empty())
    refuse("mail_smtp_tls is none, which would send the password in the clear: use starttls or implicit");
}

}  // namespace kith
