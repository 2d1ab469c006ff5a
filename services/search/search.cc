#include "services/search/search.h"

#include <algorithm>

#include "base/text.h"
#include "services/search/words.h"

namespace kith::search {
namespace {

std::vector<std::string> words_of_person(users::Person const& person) {
  return words_of(person.handle + " " + person.profile.display_name, words_max);
}

bool matches(users::Person const& person, std::vector<std::string> const& asked) {
  auto const words = words_of_person(person);
  return std::ranges::all_of(asked, [&](std::string const& wanted) {
    return std::ranges::any_of(words, [&](std::string const& word) { return word.starts_with(wanted); });
  });
}

}  // namespace

std::vector<PersonWord> rows_of(users::Person const& person) {
  std::vector<PersonWord> rows;
  if (person.version == 0 || person.state != users::State::active) return rows;
  for (std::string const& word : words_of_person(person)) {
    IndexedWord place = indexed(word);
    rows.push_back({.start = std::move(place.start), .rest = std::move(place.rest), .account = person.account});
  }
  return rows;
}

std::vector<TagWord> rows_of(posts::FanoutFacts const& post) {
  std::vector<TagWord> rows;
  if (!post.post || post.state != posts::State::live || post.rule != posts::Rule::public_) return rows;
  Time const expires_at = time_of_id(post.post.value) + tag_kept_for;
  for (std::string const& tag : post.tags) {
    IndexedWord place = indexed(tag);
    rows.push_back(
        {.start = std::move(place.start), .rest = std::move(place.rest), .shown = tag, .expires_at_ = expires_at});
  }
  return rows;
}

Task<std::vector<AccountId>> Search::proposed(std::string word) {
  IndexedWord const place = indexed(word);
  Scan<PersonWord> scan{.partition = {place.start}, .from = place.rest, .to = after(place.rest)};
  scan.limit = hits_read_max;
  std::vector<AccountId> accounts;
  for (auto const& row : co_await needs_.tables.scan<PersonWord>(std::move(scan))) accounts.push_back(row->account);
  co_return accounts;
}

Task<FoundPeople> Search::people(Call call, Query request) {
  std::string text(trim(request.text));
  if (text.starts_with('@')) text.erase(0, 1);
  if (auto const at = text.find('@'); at != std::string::npos) text.resize(at);  // only people of this server
  auto const asked = words_of(text, words_max);
  std::vector<AccountId> candidates;

  users::Handles exact;
  exact.handles.push_back(text);
  AccountId const same = (co_await needs_.users.by_handle(call, std::move(exact))).accounts.front();
  if (same) candidates.push_back(same);
  if (!asked.empty()) {
    auto const longest = std::ranges::max(asked, {}, &std::string::size);
    for (AccountId const account : co_await proposed(longest))
      if (std::ranges::find(candidates, account) == candidates.end()) candidates.push_back(account);
  }
  if (candidates.empty()) co_return FoundPeople{};

  users::Accounts wanted{candidates};
  auto const people = co_await needs_.users.people(call, std::move(wanted));
  graph::RelationshipList ties;
  if (call.viewer) {
    graph::Others others{.others = candidates};
    ties = co_await needs_.graph.relationships(call, std::move(others));
  } else {
    ties.relationships.resize(candidates.size());
  }
  struct Hit {
    AccountId account;
    int rank;  // smaller is better
    std::size_t place;
  };
  std::vector<Hit> hits;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    users::Person const& person = people.people[i];
    graph::Relationship const& tie = ties.relationships[i];
    bool const is_same = person.account == same;
    bool const tied = tie.friend_ || tie.following || tie.followed_by;
    if (person.version == 0 || person.state != users::State::active) continue;
    if (request.following_only && !tie.following) continue;
    if (!is_same && (!matches(person, asked) || tie.blocked_by)) continue;
    if (!is_same && !tied && !person.discoverable && person.account != call.viewer) continue;
    hits.push_back({person.account, is_same ? 0 : tie.friend_ ? 1 : tied ? 2 : 3, i});
  }
  std::ranges::sort(hits,
                    [](Hit const& a, Hit const& b) { return a.rank != b.rank ? a.rank < b.rank : a.place < b.place; });
  FoundPeople found;
  std::size_t const limit = std::clamp<std::size_t>(request.limit, 1, page_max);
  for (std::size_t i = request.offset; i < hits.size() && found.accounts.size() < limit; ++i)
    found.accounts.push_back(hits[i].account);
  co_return found;
}

Task<FoundTags> Search::tags(Call, Query request) {
  FoundTags found;
  std::string text(trim(request.text));
  if (text.starts_with('#')) text.erase(0, 1);
  auto const words = words_of(text, 1);
  if (words.empty()) co_return found;
  IndexedWord const place = indexed(words.front());
  Scan<TagWord> scan{.partition = {place.start}, .from = place.rest, .to = after(place.rest)};
  scan.limit =
      std::min<std::size_t>(hits_read_max, request.offset + std::clamp<std::size_t>(request.limit, 1, page_max));
  auto const rows = co_await needs_.tables.scan<TagWord>(std::move(scan));
  for (std::size_t i = request.offset; i < rows.rows.size(); ++i) found.tags.push_back(rows.rows[i]->shown);
  co_return found;
}

Task<void> Search::on_account_changed(users::AccountChanged event) {
  Version const version = needs_.clock.now().time_since_epoch().count();
  users::Accounts one;
  one.accounts.push_back(event.account);
  auto const people = co_await needs_.users.people(Call{}, std::move(one));
  users::Person const& person = people.people.front();
  // Words that are no longer true stay and are passed over when found; a rebuild drops them.
  auto rows = rows_of(person);
  if (!rows.empty()) co_await needs_.tables.put(std::move(rows), version);
}

Task<void> Search::on_post_changed(posts::PostChanged event) {
  posts::PostIds one;
  one.posts.push_back(event.post);
  auto const facts = co_await needs_.posts.fanout_facts_of(Call{}, std::move(one));
  posts::FanoutFacts const& post = facts.posts.front();
  auto rows = rows_of(post);
  if (rows.empty()) co_return;
  // The newest use keeps the tag alive the longest.
  co_await needs_.tables.put(std::move(rows), static_cast<Version>(post.post.value >> 1));
}

}  // namespace kith::search
