#include "services/pages/pages.h"

#include "base/all.h"
#include "base/error.h"

namespace kith::pages {
namespace {

// What a page asks of others, each thing once.
class Asked {
 public:
  explicit Asked(std::size_t posts) : authors_(posts * 2) { posts_.reserve(posts * 2); }

  // The author's place among the accounts of the page.
  std::uint32_t show(posts::Facts const& facts) {
    // A share has no reactions of its own: all that is done to it is done to what it shares.
    if (facts.kind != posts::Kind::share) posts_.push_back(facts.post);
    return authors_.add(facts.author);
  }
  std::vector<PostId>& posts() { return posts_; }
  std::vector<AccountId> const& authors() const { return authors_.ids(); }

 private:
  std::vector<PostId> posts_;
  Places<AccountId> authors_;
};

// A suspended account stands as an empty one; one that waits for approval is there for itself and for
// moderators, one that is being erased for nobody.
bool is_shown(users::Stamp const& stamp, Call const& call) {
  if (stamp.version == 0) return false;
  if (stamp.state == users::State::active || stamp.state == users::State::suspended) return true;
  bool const insider = stamp.account == call.viewer || call.role == Role::moderator || call.role == Role::admin;
  return stamp.state == users::State::pending && insider;
}

}  // namespace

Task<Page> Pages::statuses(Call call, PostsRequest request) {
  if (request.posts.size() > posts_max) throw Error{Code::invalid, "At most 100 posts can be asked for at once"};
  posts::SeeRequest asked{.posts = std::move(request.posts)};
  auto seen = co_await needs_.posts.see(call, std::move(asked));
  SeenRequest judged{.posts = std::move(seen.posts)};
  co_return co_await complete(call, std::move(judged));
}

Task<Page> Pages::complete(Call call, SeenRequest request) {
  Page page;
  page.statuses.reserve(request.posts.size());
  Asked asked(request.posts.size());
  for (posts::SeenPost& seen : request.posts) {
    if (!seen.visible) continue;
    Status& status = page.statuses.emplace_back();
    status.facts = std::move(seen.facts);
    status.author = asked.show(status.facts);
    status.target_visible = seen.target_visible;
    status.target_gone = seen.target_gone;
    if (seen.target) {
      status.target = std::move(seen.target);
      status.target_author = asked.show(*status.target);
    }
    status.quoted_visible = seen.quoted_visible;
    status.quoted_gone = seen.quoted_gone;
    status.inner = seen.inner;
    status.inner_gone = seen.inner_gone;
    if (seen.quoted) {
      status.quoted = std::move(seen.quoted);
      status.quoted_author = asked.show(*status.quoted);
    }
  }
  if (page.statuses.empty()) co_return page;
  reactions::PostIds posts{.posts = std::move(asked.posts())};
  auto [facts, accounts] =
      co_await gather(needs_.apart, needs_.reactions.facts(call, std::move(posts)), stamps(call, asked.authors()));
  std::size_t next = 0;
  for (Status& status : page.statuses) {
    if (status.facts.kind != posts::Kind::share) status.reactions = std::move(facts.posts.at(next++));
    if (status.target) status.target_reactions = std::move(facts.posts.at(next++));
    if (status.quoted) status.quoted_reactions = std::move(facts.posts.at(next++));
  }
  page.accounts = std::move(accounts);
  co_return page;
}

Task<AccountStamps> Pages::accounts(Call call, AccountsRequest request) {
  AccountStamps stamped{.accounts = co_await stamps(call, std::move(request.accounts))};
  co_return stamped;
}

Task<std::vector<AccountStamp>> Pages::stamps(Call call, std::vector<AccountId> accounts) {
  std::vector<AccountStamp> stamps(accounts.size());
  if (accounts.empty()) co_return stamps;
  users::Accounts who{.accounts = accounts};
  posts::AuthorCountsRequest authors{.authors = accounts};
  graph::People people{.people = std::move(accounts)};
  auto const [rows, posts, ties] = co_await gather(needs_.apart, needs_.users.stamps(call, std::move(who)),
                                                   needs_.posts.author_counts(call, std::move(authors)),
                                                   needs_.graph.counts(call, std::move(people)));
  for (std::size_t i = 0; i < stamps.size(); ++i) {
    AccountStamp& stamp = stamps[i];
    users::Stamp const& row = rows.stamps.at(i);
    stamp.account = row.account;
    if (!is_shown(row, call)) continue;
    stamp.version = row.version;
    stamp.ties_version = ties.counts.at(i).version;
    stamp.followers = ties.counts.at(i).followers;
    stamp.following = ties.counts.at(i).following;
    stamp.posts = posts.authors.at(i).posts;
    stamp.last_post = posts.authors.at(i).last;
  }
  co_return stamps;
}

}  // namespace kith::pages
