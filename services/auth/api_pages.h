#pragma once

#include "services/auth/api.h"

namespace kith::auth {

// The pages of log-in, consent, sign-up and confirmation: plain HTML forms, no script. Each form that
// acts for somebody carries a token bound to their cookie.
void auth_pages(Router& router, AuthService& auth, users::UsersService& users, Live<AuthPages> const& pages);

}  // namespace kith::auth
