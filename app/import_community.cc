#include "app/import_community.h"

#include <algorithm>

#include "base/error.h"

namespace kith {
namespace {

// So many acts wait for one synced write together. More only wait longer, and what follows from each
// act should be done within the quarter of a second that it is waited for.
constexpr std::size_t at_once = 128;

constexpr Duration signed_up_within = std::chrono::days{30};
constexpr Duration posts_since = std::chrono::days{21};
constexpr Duration newest_post_ago = std::chrono::minutes{3};

}  // namespace

Task<std::vector<AccountId>> members_since(std::size_t count, Time until, ImportIds& ids, Keys& keys) {
  std::vector<AccountId> accounts;
  accounts.reserve(count);
  Duration const apart = signed_up_within / static_cast<std::int64_t>(count + 1);
  for (std::size_t i = 0; i < count; ++i) {
    ids.at(until - signed_up_within + apart * static_cast<std::int64_t>(i));
    accounts.push_back(ids.mint_as<AccountId>());
  }
  for (std::size_t from = 0; from < count; from += key_batch_max) {
    auto const begin = accounts.begin() + static_cast<std::ptrdiff_t>(from);
    std::vector<AccountId> batch(begin, begin + static_cast<std::ptrdiff_t>(std::min(key_batch_max, count - from)));
    co_await keys.create_many(std::move(batch));
  }
  co_return accounts;
}

CommunityImport::CommunityImport(Needs needs) : needs_(std::move(needs)), now_(needs_.clock.now()) {}

Time CommunityImport::written_at(std::size_t place, std::size_t of) const {
  Duration const span = posts_since - newest_post_ago;
  Duration const step = span / static_cast<std::int64_t>(std::max<std::size_t>(of, 2) - 1);
  return now_ - posts_since + step * static_cast<std::int64_t>(place);
}

Task<void> CommunityImport::make_accounts(std::vector<Person> people, std::string password_hash) {
  people_ = std::move(people);
  password_hash_ = std::move(password_hash);
  needs_.progress.begin("accounts", people_.size());
  accounts_ = co_await members_since(people_.size(), now_ - posts_since, needs_.ids, needs_.keys);
  co_await side_by_side(people_.size(), at_once, std::bind_front(&CommunityImport::make_account, this));
  needs_.progress.end();
}

Task<void> CommunityImport::make_account(std::size_t place) {
  check_going_on(needs_.stopping);
  auth::SignUpRequest request{.handle = people_[place].handle, .display_name = people_[place].name};
  request.language = "en";
  request.by_admin = true;
  request.confirmed = true;
  request.password_hash = password_hash_;
  request.account = accounts_[place];
  co_await needs_.services.auth.sign_up(Call{}, std::move(request));
  needs_.progress.add();
}

Task<void> CommunityImport::make_friends(std::vector<Tie> ties) {
  ties_ = std::move(ties);
  needs_.progress.begin("friendships", ties_.size());
  co_await side_by_side(ties_.size(), at_once, std::bind_front(&CommunityImport::befriend, this));
  co_await catch_up();
  needs_.progress.end();
}

Task<void> CommunityImport::befriend(std::size_t place) {
  check_going_on(needs_.stopping);
  auto const [one, other] = ties_[place];
  graph::Act ask{.other = accounts_[other], .verb = graph::Verb::ask_friend};
  co_await needs_.services.graph.perform(as(one), std::move(ask));
  graph::Act accept{.other = accounts_[one], .verb = graph::Verb::accept};
  co_await needs_.services.graph.perform(as(other), std::move(accept));
  needs_.progress.add();
}

Task<void> CommunityImport::wake_all() {
  co_await side_by_side(accounts_.size(), at_once, std::bind_front(&CommunityImport::wake, this));
}

Task<void> CommunityImport::wake(std::size_t place) {
  timeline::People one;
  one.people.push_back(accounts_[place]);
  co_await needs_.services.timeline.wake(Call{}, std::move(one));
}

Task<std::vector<std::pair<std::size_t, std::string>>> CommunityImport::write_posts(std::vector<Post> posts) {
  posts_ = std::move(posts);
  needs_.progress.begin("posts", posts_.size());
  co_await side_by_side(posts_.size(), at_once, std::bind_front(&CommunityImport::write_post, this));
  co_await catch_up();
  needs_.progress.end();
  co_return std::move(refused_);
}

Task<void> CommunityImport::write_post(std::size_t place) {
  check_going_on(needs_.stopping);
  Post& post = posts_[place];
  posts::NewPost request{.text = std::move(post.text), .written_at = written_at(place, posts_.size())};
  request.audience.rule = posts::Rule::friends;
  try {
    co_await needs_.services.posts.publish(as(post.author), std::move(request));
  } catch (Error const& error) {
    // What nobody could post (too long, nothing but blanks) is no reason to give up on the rest.
    if (error.code != Code::invalid) throw;
    refused_.emplace_back(post.row, error.say);
  }
  needs_.progress.add();
}

Task<void> CommunityImport::catch_up() { co_await needs_.caught_up(); }

}  // namespace kith
