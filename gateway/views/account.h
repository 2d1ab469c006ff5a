#pragma once

// Account and CredentialAccount: a person as existing clients know one.
//
// The text of an account depends on its account row and its counts only, never on who looks; keep
// it under those versions and join it into statuses and notifications as it is.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace kith::views {

struct Field {
  std::string name;
  std::string value;  // HTML in Account, the text as typed in Source
  Time verified_at = no_time;
};

struct Role {
  std::uint64_t id = 0;
  std::string name = {};
  std::string color = {};  // "#rrggbb" or empty
  std::uint64_t permissions = 0;
  bool highlighted = false;  // shown as a badge on the profile
};

struct Account {
  std::uint64_t id = 0;
  std::string handle = {};
  std::string display_name = {};
  std::string note = {};  // HTML
  std::string url = {};   // goes by id or handle, as the gateway decided; absolute like all URLs
  std::string avatar = {};
  std::string header = {};
  Time created_at = no_time;
  Time last_status_at = no_time;
  std::uint64_t followers = 0;
  std::uint64_t following = 0;
  std::uint64_t statuses = 0;
  bool locked = false;
  bool bot = false;
  bool discoverable = false;
  bool indexable = false;
  bool hide_collections = false;
  bool noindex = false;
  bool suspended = false;  // everything a person wrote is left out
  bool limited = false;
  std::vector<Field> fields = {};
  std::vector<Role> roles = {};  // those with a badge
};

// What only the person sees of their own account.
struct Source {
  std::string privacy = "public";  // public, unlisted, private or direct
  bool sensitive = false;
  std::string language = {};
  std::string note = {};
  std::vector<Field> fields = {};
  std::uint64_t follow_requests = 0;
  std::string quote_policy = "public";  // public, followers or nobody
};

void append_account(std::string& out, Account const& account);
void append_credential_account(std::string& out, Account const& account, Source const& source, Role const& role);
// In a list of mutes; no_time: until it is taken back. `account` is the text of append_account.
void append_muted_account(std::string& out, std::string_view account, Time muted_until);
void append_role(std::string& out, Role const& role);

}  // namespace kith::views
