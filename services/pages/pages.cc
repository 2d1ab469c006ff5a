#include "services/pages/pages.h"

#include <tuple>

#include "base/all.h"
#include "base/error.h"

namespace kith::pages {
namespace {

constexpr std::uint32_t nowhere = Places<PostId>::nowhere;

// A suspended account stands as an empty one; one that waits for approval is there for itself and for
// moderators, one that is being erased for nobody.
bool is_shown(users::Stamp const& stamp, Call const& call) {
  if (stamp.version == 0) return false;
  if (stamp.state == users::State::active || stamp.state == users::State::suspended) return true;
  bool const insider = stamp.account == call.viewer || call.role == Role::moderator || call.role == Role::admin;
  return stamp.state == users::State::pending && insider;
}

}  // namespace

// What a page asks of others, each thing once.
class Pages::Asked {
 public:
  Asked(std::size_t posts, Known const& known) : known_(known), authors_(posts * 2) { posts_.reserve(posts * 2); }

  // The author's place among the accounts of the page.
  std::uint32_t show(posts::Facts const& facts) {
    // A share has no reactions of its own: all that is done to it is done to what it shares.
    if (facts.kind != posts::Kind::share && known_.posts.find(facts.post) == nowhere) posts_.push_back(facts.post);
    return authors_.add(facts.author);
  }
  std::vector<PostId>& posts() { return posts_; }
  std::vector<AccountId> const& authors() const { return authors_.ids(); }

 private:
  Known const& known_;
  std::vector<PostId> posts_;
  Places<AccountId> authors_;
};

Task<Page> Pages::statuses(Call call, PostsRequest request) {
  if (request.posts.size() > posts_max || request.targets.size() > posts_max || request.authors.size() > authors_max)
    throw Error{Code::invalid, "At most 100 posts can be asked for at once"};
  posts::SeeRequest asked{.posts = std::move(request.posts), .authors = std::move(request.authors)};
  asked.targets = std::move(request.targets);
  asked.with_stamps = true;
  if (needs_.apart) co_return co_await statuses_apart(call, std::move(asked));
  auto seen = co_await needs_.posts.see(call, std::move(asked));
  Known known;
  for (users::Stamp const& stamp : seen.stamps) known.stamped.add(stamp.account);
  known.stamps = std::move(seen.stamps);
  co_return co_await joined(call, std::move(seen.posts), std::move(known));
}

// What is keyed by the posts and people that were named is asked beside the verdicts; of what these hide nothing is
// told.
Task<Page> Pages::statuses_apart(Call call, posts::SeeRequest request) {
  Known known;
  for (auto const* const posts : {&request.posts, &request.targets})
    for (PostId const post : *posts)
      if (post) known.posts.add(post);
  for (AccountId const author : request.authors)
    if (author) known.counted.add(author);
  reactions::PostIds posts{.posts = known.posts.ids()};
  posts::AuthorCountsRequest authors{.authors = known.counted.ids()};
  graph::People people{.people = known.counted.ids()};
  auto [seen, facts, counts, ties] =
      co_await all(needs_.posts.see(call, std::move(request)), needs_.reactions.facts(call, std::move(posts)),
                   needs_.posts.author_counts(call, std::move(authors)), needs_.graph.counts(call, std::move(people)));
  known.reactions = std::move(facts.posts);
  known.counts = std::move(counts.authors);
  known.ties = std::move(ties.counts);
  for (users::Stamp const& stamp : seen.stamps) known.stamped.add(stamp.account);
  known.stamps = std::move(seen.stamps);
  co_return co_await joined(call, std::move(seen.posts), std::move(known));
}

Task<Page> Pages::complete(Call call, SeenRequest request) { return joined(call, std::move(request.posts), {}); }

Task<Page> Pages::joined(Call call, std::vector<posts::SeenPost> all_seen, Known known) {
  Page page;
  page.statuses.reserve(all_seen.size());
  Asked asked(all_seen.size(), known);
  for (posts::SeenPost& seen : all_seen) {
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
  auto [facts, accounts] = co_await gather(needs_.apart, needs_.reactions.facts(call, std::move(posts)),
                                           stamps(call, asked.authors(), known));
  std::size_t next = 0;
  auto const reactions_to = [&](PostId post) {
    std::uint32_t const place = known.posts.find(post);
    return place == nowhere ? std::move(facts.posts.at(next++)) : known.reactions.at(place);
  };
  for (Status& status : page.statuses) {
    if (status.facts.kind != posts::Kind::share) status.reactions = reactions_to(status.facts.post);
    if (status.target) status.target_reactions = reactions_to(status.target->post);
    if (status.quoted) status.quoted_reactions = reactions_to(status.quoted->post);
  }
  page.accounts = std::move(accounts);
  co_return page;
}

Task<AccountStamps> Pages::accounts(Call call, AccountsRequest request) {
  Known const nothing;
  AccountStamps stamped{.accounts = co_await stamps(call, std::move(request.accounts), nothing)};
  co_return stamped;
}

Task<std::vector<AccountStamp>> Pages::stamps(Call call, std::vector<AccountId> accounts, Known const& known) {
  std::vector<AccountStamp> stamps(accounts.size());
  users::Accounts unstamped;
  posts::AuthorCountsRequest uncounted;
  for (AccountId const account : accounts) {
    if (known.stamped.find(account) == nowhere) unstamped.accounts.push_back(account);
    if (known.counted.find(account) == nowhere) uncounted.authors.push_back(account);
  }
  users::StampList rows;
  posts::AuthorCountsPage posts;
  graph::CountsList ties;
  if (!unstamped.accounts.empty() || !uncounted.authors.empty()) {
    graph::People people{.people = uncounted.authors};
    std::tie(rows, posts, ties) = co_await gather(needs_.apart, needs_.users.stamps(call, std::move(unstamped)),
                                                  needs_.posts.author_counts(call, std::move(uncounted)),
                                                  needs_.graph.counts(call, std::move(people)));
  }
  std::size_t row = 0, next = 0;
  for (std::size_t i = 0; i < stamps.size(); ++i) {
    std::uint32_t const stamped = known.stamped.find(accounts[i]), counted = known.counted.find(accounts[i]);
    users::Stamp const& stamp = stamped == nowhere ? rows.stamps.at(row++) : known.stamps.at(stamped);
    posts::AuthorCountsItem const& written = counted == nowhere ? posts.authors.at(next) : known.counts.at(counted);
    graph::TieCountsOf const& tied = counted == nowhere ? ties.counts.at(next) : known.ties.at(counted);
    if (counted == nowhere) ++next;
    AccountStamp& shown = stamps[i];
    shown.account = stamp.account;
    if (!is_shown(stamp, call)) continue;
    shown.version = stamp.version;
    shown.ties_version = tied.version;
    shown.followers = tied.followers;
    shown.following = tied.following;
    shown.posts = written.posts;
    shown.last_post = written.last;
  }
  co_return stamps;
}

}  // namespace kith::pages
