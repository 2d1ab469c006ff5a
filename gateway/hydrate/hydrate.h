#pragma once

// From ids and facts to what clients read. Every list read ends here: facts of a page (what the
// viewer may see, judged in this request) become entities, from fragments kept by version; only
// words that were never rendered before are asked of their services, in one call per kind.
//
// Nothing here decides who may see what: it shows what posts and pages gave for this viewer.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/task.h"
#include "gateway/http/request.h"
#include "gateway/hydrate/fragments.h"
#include "gateway/views/account.h"
#include "gateway/views/status.h"
#include "ports/rpc/call.h"
#include "services/auth/auth.kith.h"
#include "services/pages/pages.kith.h"
#include "services/posts/posts.kith.h"
#include "services/users/users.kith.h"

namespace kith {

// A page ready to be written: pieces, and what they point into. Movable, not copyable.
struct ShownPage {
  std::vector<views::StatusPieces> statuses;  // of each status of the page
  std::vector<PostId> ids;

  std::string json() const;  // a list

  // What the pieces refer to.
  std::vector<views::StatusPieces> inner;
  std::vector<views::ReactionCount> reactions;
  std::vector<Fragment> fragments;

  ShownPage() = default;
  ShownPage(ShownPage&&) = default;
  ShownPage& operator=(ShownPage&&) = default;
  ShownPage(ShownPage const&) = delete;
};

class Hydrator {
 public:
  struct Needs {
    pages::PagesService& pages;
    posts::PostsService& posts;
    users::UsersService& users;
    auth::AuthService& auth;
    std::string base_url;  // "https://kith.example": links must not depend on who asks
    std::size_t cache_bytes = std::size_t{32} << 20;
  };
  explicit Hydrator(Needs needs);

  Task<ShownPage> show(Call call, pages::Page page);
  // One post; not_found when the viewer may not see it.
  Task<ShownPage> show_post(Call call, PostId post);
  Task<std::string> status(Call call, PostId post);         // one object
  Task<std::string> statuses(Call call, pages::Page page);  // a list
  // What posts judged for this viewer in this request.
  Task<ShownPage> show_seen(Call call, std::vector<posts::SeenPost> posts);
  // Posts by id, in this order, leaving out what may not be seen.
  Task<ShownPage> show_posts(Call call, std::vector<PostId> posts);

  // The account entity of each, in this order; null for one that is not there or not to be shown.
  Task<std::vector<Fragment>> accounts(Call call, std::vector<AccountId> accounts);
  Task<std::string> account_list(Call call, std::vector<AccountId> accounts);  // a list of those there
  Task<Fragment> account(Call call, AccountId account);                        // or not_found

  // The HTML of words that are not a post's current ones: of an old version.
  std::string html_of(posts::Content const& content) const;

  // The parts of the account entity that do not come from its fragment, for CredentialAccount.
  views::Account view_of(users::Person const& person, pages::AccountStamp const& stamp) const;

  std::string const& base_url() const { return needs_.base_url; }

 private:
  struct ContentStamp {
    std::int64_t head;
    std::uint64_t content;
    posts::Rule rule;
    friend bool operator==(ContentStamp const&, ContentStamp const&) = default;
  };
  struct Missing;

  Task<std::vector<Fragment>> account_fragments(Call call, std::vector<pages::AccountStamp> stamps);
  Task<void> fill(Call call, std::vector<posts::Facts const*> wanted, std::vector<Fragment>& found);
  std::string user_url(AccountId account) const;
  Task<std::string> app_name(Call call, AppId app);
  std::string render(posts::Facts const& facts, posts::Content const* content, std::string const& app) const;

  Needs needs_;
  std::string own_host_;
  Fragments<ContentStamp> contents_;
  Fragments<pages::AccountStamp> accounts_;
  Fragments<int> apps_;
};

// Our rule in the four words existing clients know, and in our own.
views::Visibility visibility_of(posts::Rule rule);
std::string_view audience_word(posts::Rule rule);
// The rule for a word of either kind; unspecified when it is none.
posts::Rule rule_of(std::string_view word);

// Who may quote a post, in the words existing clients know; none when the parameter was not sent.
std::string_view quote_policy_word(posts::QuotePolicy policy);
std::optional<posts::QuotePolicy> quote_policy_in(Request const& request, std::string_view parameter);

std::string_view emoji_of(std::uint32_t reaction_kind);

}  // namespace kith
