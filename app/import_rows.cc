#include "app/import_rows.h"

#include <algorithm>
#include <iterator>
#include <ranges>
#include <tuple>

#include "app/import_community.h"
#include "base/text.h"
#include "services/graph/pair.h"
#include "services/search/search.h"
#include "services/search/words.h"
#include "services/timeline/entries.h"

namespace kith {
namespace {

using timeline::FeedEntry;
using timeline::TimelineEntry;

constexpr Duration posts_since = std::chrono::days{30};
constexpr Duration newest_post_ago = std::chrono::minutes{1};
constexpr Duration follows_since = posts_since + std::chrono::hours{1};

constexpr std::size_t accounts_at_once = 64;
// While one batch waits for the engine the next ones are made.
constexpr std::size_t batches_at_once = 6;
// Rows of one call are best neighbours: pairs go by pair, all else by person or post. At most 400 rows
// that decide and 800 others come of so many posts.
constexpr std::size_t pairs_a_batch = scan_max;
constexpr std::size_t posts_a_batch = 200;
// Spreads of one batch that wait together.
constexpr std::size_t spreads_at_once = 64;

std::size_t batches(std::size_t count, std::size_t each) { return (count + each - 1) / each; }

}  // namespace

NetworkImport::NetworkImport(Needs needs, NetworkSize size)
    : needs_(std::move(needs)), size_(size), network_(make_network(size)), now_(needs_.clock.now()) {}

Time NetworkImport::posted_at(std::size_t number) const {
  auto const span = static_cast<double>((posts_since - newest_post_ago).count());
  return now_ - posts_since + Duration{static_cast<std::int64_t>(network_.moments[number] * span)};
}

template <class T>
RawRow NetworkImport::raw(T const& row) const {
  static_assert(!T::has_sealed);
  return {.key = T::encode_key(row.key()),
          .header = {.version = version_, .operation = operation_, .expires_at = T::expires_at(row)},
          .value = encode(row)};
}

Task<NetworkImport::Made> NetworkImport::make() {
  version_ = now_.time_since_epoch().count();
  operation_ = needs_.tables.ids().mint();
  Progress& progress = needs_.progress;

  progress.begin("accounts", size_.users);
  accounts_ = co_await members_since(size_.users, now_ - follows_since, needs_.ids, needs_.keys);
  co_await side_by_side(size_.users, accounts_at_once, std::bind_front(&NetworkImport::make_account, this));
  co_await needs_.caught_up();
  progress.end();

  mint_ties();
  mint_posts();
  progress.begin("follows", follows_.size());
  co_await side_by_side(batches(pairs_.size() - 1, pairs_a_batch), batches_at_once,
                        std::bind_front(&NetworkImport::write_pairs, this));
  progress.end();
  progress.begin("lists of followers", size_.users);
  co_await side_by_side(batches(size_.users, people_a_batch()), batches_at_once,
                        std::bind_front(&NetworkImport::write_people, this));
  co_await write_famous();
  progress.end();

  progress.begin("posts", posts_.size());
  co_await side_by_side(batches(posts_.size(), posts_a_batch), batches_at_once,
                        std::bind_front(&NetworkImport::write_posts, this));
  co_await write_tags();
  progress.end();
  co_return made_;
}

Task<void> NetworkImport::make_account(std::size_t user) {
  check_going_on(needs_.stopping);
  auth::SignUpRequest request{.handle = "n" + std::to_string(user)};
  request.display_name = "Number " + std::to_string(user);
  request.by_admin = true;
  request.confirmed = true;
  request.account = accounts_[user];
  co_await needs_.services.auth.sign_up(Call{}, std::move(request));
  ++made_.accounts;
  needs_.progress.add();
}

// In the order in which people followed.
void NetworkImport::mint_ties() {
  needs_.ids.at(now_ - follows_since);
  followers_.resize(size_.users);
  for (std::uint32_t user = 0; user < size_.users; ++user) {
    first_follow_.push_back(ties_.size());
    for (std::uint32_t const other : network_.following[user]) {
      auto const number = static_cast<std::uint32_t>(ties_.size());
      ties_.push_back(needs_.ids.mint_as<TieId>());
      follows_.push_back({std::min(user, other), std::max(user, other), number, user > other});
      followers_[other].push_back({user, number});
    }
  }
  std::ranges::sort(follows_, {}, [](Follow const& follow) { return std::tuple(follow.lo, follow.hi, follow.number); });
  for (std::size_t i = 0; i < follows_.size(); ++i)
    if (i == 0 || follows_[i].lo != follows_[i - 1].lo || follows_[i].hi != follows_[i - 1].hi) pairs_.push_back(i);
  pairs_.push_back(follows_.size());
}

void NetworkImport::mint_posts() {
  posts_by_.resize(size_.users);
  last_by_.resize(size_.users);
  posts_.reserve(network_.authors.size());
  for (std::size_t i = 0; i < network_.authors.size(); ++i) {
    needs_.ids.at(posted_at(i));
    posts_.push_back(needs_.ids.mint_as<PostId>());
    ++posts_by_[network_.authors[i]];
    last_by_[network_.authors[i]] = posts_.back();
  }
}

Task<void> NetworkImport::apply(std::vector<RawRow> rows) {
  while (rows.size() > scan_max) {
    auto const rest = rows.end() - static_cast<std::ptrdiff_t>(scan_max);
    std::vector<RawRow> part(std::make_move_iterator(rest), std::make_move_iterator(rows.end()));
    rows.erase(rest, rows.end());
    co_await needs_.strict.apply(std::move(part));
  }
  if (!rows.empty()) co_await needs_.strict.apply(std::move(rows));
}

// The rows that decide: one for two people.
Task<void> NetworkImport::write_pairs(std::size_t batch) {
  check_going_on(needs_.stopping);
  std::vector<RawRow> rows;
  std::size_t const end = std::min((batch + 1) * pairs_a_batch, pairs_.size() - 1);
  std::uint64_t follows = 0;
  for (std::size_t pair = batch * pairs_a_batch; pair < end; ++pair) {
    graph::Pair row{.lo = accounts_[follows_[pairs_[pair]].lo], .hi = accounts_[follows_[pairs_[pair]].hi]};
    for (std::size_t i = pairs_[pair]; i < pairs_[pair + 1]; ++i, ++follows) {
      AccountId const who = follows_[i].by_hi ? row.hi : row.lo;
      graph::Act const act{.other = follows_[i].by_hi ? row.lo : row.hi, .verb = graph::Verb::follow};
      row = graph::next(std::move(row), who, act, false, {ties_[follows_[i].number]}).pair;
    }
    rows.push_back(raw(row));
  }
  co_await apply(std::move(rows));
  made_.follows += follows;
  needs_.progress.add(follows);
}

// With their ties, so many rows as one call takes.
std::size_t NetworkImport::people_a_batch() const {
  return std::clamp<std::size_t>(scan_max / (2 * size_.follows + 3), 1, 300);
}

// What follows for each person: whom they follow and who follows them, that they were told, their
// counts, and that they read: so their feeds are filled, and stay so.
Task<void> NetworkImport::write_people(std::size_t batch) {
  check_going_on(needs_.stopping);
  std::vector<RawRow> rows;
  std::vector<notifications::Notification> told;
  std::size_t const begin = batch * people_a_batch();
  std::size_t const end = std::min<std::size_t>(begin + people_a_batch(), size_.users);
  for (std::size_t user = begin; user < end; ++user) {
    AccountId const account = accounts_[user];
    auto const& following = network_.following[user];
    graph::Tie tie{.person = account, .kind = graph::TieKind::following};
    for (std::size_t i = following.size(); i-- > 0;) {
      tie.tie = ties_[first_follow_[user] + i];
      tie.other = accounts_[following[i]];
      rows.push_back(raw(tie));
    }
    tie.kind = graph::TieKind::follower;
    for (Follower const& follower : std::views::reverse(followers_[user])) {
      tie.tie = ties_[follower.number];
      tie.other = accounts_[follower.user];
      rows.push_back(raw(tie));
      notifications::Notification one{.person = account, .cause = NotificationId{tie.tie.value}};
      one.kind = notifications::Kind::followed;
      one.actor = tie.other;
      one.expires_at_ = time_of_id(tie.tie.value) + needs_.notifications_kept;
      if (one.expires_at_ > now_) told.push_back(std::move(one));
      if (told.size() == scan_max) co_await needs_.tables.put(std::exchange(told, {}), version_);
    }
    graph::TieCounts const counts{
        .person = account, .following = following.size(), .followers = followers_[user].size()};
    if (counts.following + counts.followers > 0) rows.push_back(raw(counts));
    if (posts_by_[user] > 0)
      rows.push_back(raw(posts::AuthorCounts{.author = account, .posts = posts_by_[user], .last = last_by_[user]}));
    timeline::FeedState state{.person = account, .last_access = now_};
    if (posts_by_[user] > 0 && famous(user)) state.famous_since = now_;
    rows.push_back(raw(state));
  }
  co_await apply(std::move(rows));
  if (!told.empty()) co_await needs_.tables.put(std::move(told), version_);
  needs_.progress.add(end - begin);
}

Task<void> NetworkImport::write_famous() {
  std::vector<RawRow> rows;
  for (std::uint32_t user = 0; user < size_.users; ++user) {
    if (posts_by_[user] == 0 || !famous(user)) continue;
    rows.push_back(raw(timeline::Famous{.name = "famous", .author = accounts_[user]}));
    if (rows.size() == scan_max) co_await needs_.strict.apply(std::exchange(rows, {}));
  }
  if (!rows.empty()) co_await needs_.strict.apply(std::move(rows));
}

Task<WidePut> NetworkImport::content_of(PostId post, AccountId author, posts::Words words) {
  posts::Version row{.post = post, .version = post.value, .author = author, .text = Sealed(words.text)};
  row.warning = Sealed(words.warning);
  row.sensitive = words.sensitive;
  row.language = words.language;
  row.tags = words.tags();
  row.links = words.links();
  RowKey place = posts::Version::encode_key(row.key());
  DataKeyPtr const key = co_await needs_.keys.get(author);
  if (!key) throw Error{Code::internal, "An account that was just made has no key"};
  row.each_sealed([&](std::uint32_t field, Sealed& sealed) {
    if (sealed.fresh()) sealed.seal(*key, place, field);
  });
  co_return WidePut{.key = std::move(place), .value = encode(row), .version = static_cast<Version>(post.value)};
}

Task<void> NetworkImport::write_posts(std::size_t batch) {
  check_going_on(needs_.stopping);
  std::vector<RawRow> rows;
  std::vector<WidePut> contents;
  std::vector<TimelineEntry> open;
  std::size_t const begin = batch * posts_a_batch;
  std::size_t const end = std::min(begin + posts_a_batch, posts_.size());
  for (std::size_t number = begin; number < end; ++number) {
    PostId const post = posts_[number];
    AccountId const author = accounts_[network_.authors[number]];
    posts::Words words = posts::words_of(network_post(size_.seed, number), "", false, "", needs_.words);
    std::vector<std::string> tags = words.tags();
    for (std::string& tag : tags) tag = fold(tag);

    posts::Head head{.post = post, .author = author, .kind = posts::Kind::post, .state = posts::State::live};
    head.audience.rule = posts::Rule::public_;
    head.versions.assign(1, post.value);
    rows.push_back(raw(head));
    posts::AuthorPost listed{.author = author, .post = post, .kind = posts::Kind::post};
    listed.rule = posts::Rule::public_;
    listed.tags = tags;
    rows.push_back(raw(listed));
    note_tags(post, tags);
    posts::FanoutFacts facts{.post = post, .author = author, .kind = posts::Kind::post, .rule = posts::Rule::public_};
    facts.tags = std::move(tags);
    facts.links = words.entities.link_keys();
    contents.push_back(co_await content_of(post, author, std::move(words)));
    for (TimelineEntry& entry : timeline::open_entries_of(facts, needs_.timelines_kept))
      if (entry.expires_at_ > now_) open.push_back(std::move(entry));
  }
  co_await needs_.wide.put(std::move(contents));
  co_await needs_.strict.apply(std::move(rows));
  if (!open.empty()) co_await needs_.tables.put(std::move(open), 1);
  co_await side_by_side(end - begin, spreads_at_once, std::bind_front(&NetworkImport::fan_out, this, begin));
}

// Into the author's own feed, and into those of all followers: everybody reads. Who is famous is merged on read.
Task<void> NetworkImport::fan_out(std::size_t first, std::size_t number) {
  std::uint32_t const author = network_.authors[first + number];
  FeedEntry entry{.post = posts_[first + number], .reason = timeline::Reason::own, .author = accounts_[author]};
  entry.expires_at_ = time_of_id(entry.post.value) + needs_.feeds_kept;
  ++made_.posts;
  needs_.progress.add();
  if (entry.expires_at_ <= now_) co_return;
  std::vector<FeedEntry::Partition> feeds;
  feeds.push_back({accounts_[author].value});
  ++made_.feed_entries;
  co_await needs_.tables.spread(entry, std::move(feeds), 1);
  if (famous(author) || followers_[author].empty()) co_return;
  entry.reason = timeline::Reason::followed_posted;
  feeds.clear();
  feeds.reserve(followers_[author].size());
  for (Follower const& follower : followers_[author]) feeds.push_back({accounts_[follower.user].value});
  made_.feed_entries += feeds.size();
  co_await needs_.tables.spread(std::move(entry), std::move(feeds), 1);
}

void NetworkImport::note_tags(PostId post, std::vector<std::string> const& tags) {
  for (std::string const& tag : tags) {
    PostId& newest = tags_[tag];
    newest = std::max(newest, post);
  }
}

Task<void> NetworkImport::write_tags() {
  for (auto const& [tag, newest] : tags_) {
    search::IndexedWord place = search::indexed(tag);
    search::TagWord row{.start = std::move(place.start), .rest = std::move(place.rest), .shown = tag};
    row.expires_at_ = time_of_id(newest.value) + search::tag_kept_for;
    std::vector<search::TagWord> one;
    one.push_back(std::move(row));
    co_await needs_.tables.put(std::move(one), static_cast<Version>(newest.value >> 1));
  }
}

}  // namespace kith
