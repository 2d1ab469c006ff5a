#pragma once

#include <string>

#include "base/live.h"
#include "gateway/http/router.h"
#include "services/auth/auth.kith.h"
#include "services/users/users.kith.h"

namespace kith::auth {

struct AuthPages {
  std::string community;  // its name, on every page
  std::string base_url;
  bool sign_up_open = true;  // closed: the form says so
  bool approval = false;
};

// OAuth for apps (registration, log-in and consent pages, tokens), sign-up in apps and on a page.
void auth_api(Router& router, AuthService& auth, users::UsersService& users, Live<AuthPages> const& pages);

// The token check of the edge.
Task<TokenFacts> check_token(AuthService& auth, std::string token);

}  // namespace kith::auth
