#pragma once

// What the log-in of an app reads: Application, CredentialApplication, Token, the server's OAuth
// metadata.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace kith::views {

struct Application {
  std::uint64_t id = 0;
  std::string name = {};
  std::string website = {};  // empty: null
  std::vector<std::string> scopes = {};
  std::vector<std::string> redirect_uris = {};
  std::string vapid_key = {};
  std::string client_id = {};
  std::string client_secret = {};
};

void append_application(std::string& out, Application const& application);
// With client_id and client_secret: the answer to registration, and to nobody else.
void append_credential_application(std::string& out, Application const& application);

struct Token {
  std::string access_token;
  std::string scope;  // by spaces
  Time created_at;    // goes out as seconds
};

void append_token(std::string& out, Token const& token);

// /.well-known/oauth-authorization-server; PKCE is used only by clients that read S256 in it.
void append_oauth_metadata(std::string& out, std::string_view base_url, std::vector<std::string> const& scopes);

}  // namespace kith::views
