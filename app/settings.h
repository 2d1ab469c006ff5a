#pragma once

// Everything an operator can choose. One TOML file, over it the environment (KITH_SIGN_UP for
// sign_up), over both the command line. Each setting is declared once, in settings.cc, with its
// meaning; reading, refusing, printing and profiles/embedded.toml all come from there.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/log.h"
#include "base/time.h"

namespace kith {

enum class SignUp : std::uint8_t { open, approval, closed };
enum class RequestLog : std::uint8_t { off, failures, sampled, all };
enum class CacheEviction : std::uint8_t { lru, lfu, sliding_window };
enum class StrictEngine : std::uint8_t { embedded, postgres };
enum class WideEngine : std::uint8_t { embedded, cassandra };
enum class KeysEngine : std::uint8_t { embedded, postgres };
enum class SharedEngine : std::uint8_t { embedded, redis };
enum class LogEngine : std::uint8_t { embedded, kafka };
enum class MailBy : std::uint8_t { folder, smtp };
enum class MailTls : std::uint8_t { starttls, implicit, none };

struct Settings {
  // Where the server stands.
  std::string data = "kith-data";
  std::vector<std::string> listen = {"127.0.0.1:8080"};
  std::vector<std::string> tls_listen = {};
  std::string tls_certificate = {};
  std::string tls_key = {};
  std::vector<std::string> operations_listen = {};
  std::string base_url = {};
  std::vector<std::string> trusted_proxies = {};
  std::vector<std::string> roles = {"all"};
  std::string rpc_folder = {};
  std::vector<std::string> rpc_listen = {};
  std::vector<std::string> rpc_core = {};
  std::vector<std::string> rpc_auth = {};
  std::vector<std::string> rpc_social = {};
  std::vector<std::string> rpc_timeline = {};
  std::vector<std::string> rpc_notifications = {};
  std::string rpc_register = {};
  std::string rpc_certificate = {};
  std::string rpc_key = {};
  std::string rpc_authority = {};
  std::string rpc_domain = "kith.internal";

  // Settings and services in Consul.
  std::string consul_server = {};
  std::string consul_settings = {};
  std::string consul_token_file = {};
  std::string consul_authority = {};

  // The community.
  std::string community_name = "kith";
  std::string community_description = {};
  std::string community_contact_email = {};
  std::string community_contact_account = {};
  std::vector<std::string> community_rules = {};
  std::vector<std::string> community_languages = {"en"};
  std::string source_url = "https://github.com/kith/kith";

  // Joining, and who may do how much.
  SignUp sign_up = SignUp::open;
  std::string sign_up_closed_message = {};
  bool confirm_email = false;
  bool lock_new_accounts = true;
  bool rate_limits = true;
  std::uint64_t password_memory = 19 << 20;
  std::uint64_t password_passes = 2;
  std::uint64_t password_at_once = 2;

  // What people may write, and for how long feeds are kept.
  std::uint64_t post_characters_max = 5'000;
  Duration feeds_kept = std::chrono::days{60};
  Duration timelines_kept = std::chrono::days{90};
  Duration notifications_kept = std::chrono::days{365};
  std::uint64_t famous_followers_up = 10'000;
  std::uint64_t famous_followers_down = 8'000;
  Duration active_within = std::chrono::days{3};

  // Mail.
  MailBy mail = MailBy::folder;
  std::string mail_folder = {};
  std::string mail_from = "kith@localhost";
  std::string mail_smtp_host = {};
  std::uint64_t mail_smtp_port = 587;
  MailTls mail_smtp_tls = MailTls::starttls;
  std::string mail_smtp_user = {};
  std::string mail_smtp_password = {};
  std::string mail_smtp_password_file = {};
  std::string mail_smtp_authority = {};

  // Machine and limits.
  std::uint64_t threads = 0;
  std::uint64_t workers = 4;
  std::uint64_t connections_max = 10'000;
  std::uint64_t requests_in_flight_max = 2'000;
  std::uint64_t request_bodies_max = std::uint64_t{256} << 20;
  Duration request_deadline = std::chrono::seconds{15};
  Duration drain_for = std::chrono::seconds{0};
  Duration stop_within = std::chrono::seconds{30};
  std::uint64_t cache_memory = 0;
  CacheEviction cache_eviction = CacheEviction::lru;
  std::uint64_t storage_block_cache = 16 << 20;
  std::uint64_t storage_memtables = 24 << 20;
  std::uint64_t storage_free_min = 32 << 20;

  // Engines.
  StrictEngine engines_strict = StrictEngine::embedded;
  std::vector<std::string> postgres_servers = {};
  std::string postgres_password_file = {};
  std::uint64_t postgres_connections = 16;
  Duration postgres_deadline = std::chrono::seconds{5};
  KeysEngine engines_keys = KeysEngine::embedded;
  std::string keys_server = {};
  std::string keys_password_file = {};
  std::string server_key = {};
  WideEngine engines_wide = WideEngine::embedded;
  std::vector<std::string> cassandra_servers = {};
  std::string cassandra_keyspace = "kith";
  std::string cassandra_datacenter = {};
  std::string cassandra_user = {};
  std::string cassandra_password_file = {};
  std::string cassandra_tls_authority = {};
  Duration cassandra_deadline = std::chrono::seconds{5};
  SharedEngine engines_cache = SharedEngine::embedded;
  SharedEngine engines_bus = SharedEngine::embedded;
  std::vector<std::string> redis_servers = {};
  std::string redis_password_file = {};
  std::string redis_tls_authority = {};
  std::string redis_tls_certificate = {};
  std::string redis_tls_key = {};
  std::string redis_prefix = "kith";
  Duration redis_deadline = std::chrono::milliseconds{250};
  LogEngine engines_log = LogEngine::embedded;
  std::vector<std::string> kafka_servers = {};
  std::vector<std::string> kafka_security = {};
  std::string kafka_user = {};
  std::string kafka_password_file = {};
  std::string kafka_topics = "kith";
  std::uint64_t kafka_partitions = 12;
  std::uint64_t kafka_copies = 0;
  Duration kafka_deadline = std::chrono::seconds{5};

  // What the operator sees.
  LogLevel log_level = LogLevel::info;
  std::string log_file = {};
  LogFormat log_format = LogFormat::json;
  RequestLog request_log = RequestLog::failures;
  bool metrics = true;
  std::string trace_endpoint = {};
  std::uint64_t trace_one_in = 1;
  bool trace_incoming = false;

  friend bool operator==(Settings const&, Settings const&) = default;
};

// Whether a process with these settings does it: "all" is every role, "core" all but the gateway.
bool has_role(Settings const& settings, std::string_view role);
// The roles of services; beside them there is only the gateway.
inline constexpr std::array<std::string_view, 4> service_roles{"auth", "social", "timeline", "notifications"};
// Where the settings say that processes of such a role are.
std::vector<std::string> const& processes_of(Settings const& settings, std::string_view role);
// Whether services run in a process with these settings.
bool runs_services(Settings const& settings);
// Whether they say where processes of other roles are.
bool names_others(Settings const& settings);
// Whether any of tables or log lies in a database in the data folder.
bool keeps_in_folder(Settings const& settings);

// A value as text, and who says so: {"listen", "localhost:80", "--listen"}.
struct SettingFrom {
  std::string name;
  std::string value;
  std::string source;
};

struct LoadedSettings {
  Settings settings;
  std::vector<std::string> warnings;  // for the log: names in the environment that are no settings
};

// Names and values in the environment.
using Environment = std::vector<std::pair<std::string, std::string>>;
// The variables of this process that begin with KITH_.
Environment environment();

// Where settings are told, each above those before it.
struct SettingsTold {
  std::string file = {};                 // may be empty
  std::vector<SettingFrom> shared = {};  // by all processes, in Consul
  Environment environment = {};
  std::vector<SettingFrom> options = {};
};

// Throws Error{invalid} with one sentence naming file and line, or variable, or option, and what would be right.
LoadedSettings load_settings(SettingsTold const& told);
LoadedSettings load_settings(std::string const& file, Environment const& environment,
                             std::vector<SettingFrom> const& options = {});
// The same while it is not yet known whether they go together: what says where the shared ones are.
Settings settings_so_far(SettingsTold const& told);

// What becomes of settings while serving, and what waits for the next start: names, in the order of the file.
struct SettingsChange {
  Settings settings;
  std::vector<std::string> changed;
  std::vector<std::string> waiting;
};
// Throws Error{invalid} when what may change does not go together with what stays.
SettingsChange change_live(Settings const& current, Settings const& wanted);

struct SettingDescription {
  std::string name;
  std::string environment;
  std::string group;
  std::string meaning;
  std::string values;  // "on or off", "a size such as 64 MiB"
  std::string by_default;
  std::string value;  // now; hidden when secret
  bool live = false;  // may change while serving
};
// In the order of the file, for `kith settings` and the reference page.
std::vector<SettingDescription> describe_settings(Settings const& settings);
// A whole documented file; with the defaults it is profiles/embedded.toml, byte by byte.
std::string settings_file(Settings const& settings, std::string_view head);

}  // namespace kith
