#pragma once

// What this community is, for people (a plain page) and for apps (instance, NodeInfo and their like).

#include <string>
#include <vector>

#include "base/live.h"
#include "gateway/http/router.h"
#include "gateway/hydrate/hydrate.h"
#include "services/users/users.kith.h"

namespace kith {

struct CommunityPages {
  std::string base_url;
  std::string version;  // of kith
  std::string name = {};
  std::string description = {};  // may hold HTML, which is sanitised
  std::string contact_email = {};
  std::string contact_account = {};  // a handle; empty: the first administrator
  std::vector<std::string> rules = {};
  std::vector<std::string> languages = {};
  bool sign_up_open = true;
  bool approval = false;
  std::string closed_message = {};
  std::uint64_t characters_max = 5'000;
  std::string source_url = {};
};

void community_api(Router& router, Live<CommunityPages> const& community, users::UsersService& users,
                   posts::PostsService& posts, Hydrator& hydrator);

}  // namespace kith
