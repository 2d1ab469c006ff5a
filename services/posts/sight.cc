#include "services/posts/sight.h"

#include <algorithm>
#include <iterator>

#include "base/all.h"

namespace kith::posts {
namespace {

constexpr std::uint32_t nowhere = Places<PostId>::nowhere;
// What the services below take in one call.
constexpr std::size_t batch_max = 500;

bool is_moderator(Role role) { return role == Role::moderator || role == Role::admin; }

// The next part of `all` from `begin` on, which moves behind it.
template <class T>
std::vector<T> next_part(std::vector<T>& all, std::size_t& begin) {
  auto const from = all.begin() + static_cast<std::ptrdiff_t>(begin);
  begin = std::min(begin + batch_max, all.size());
  auto const to = all.begin() + static_cast<std::ptrdiff_t>(begin);
  return {std::make_move_iterator(from), std::make_move_iterator(to)};
}

Task<std::vector<users::Stamp>> stamps_of(users::UsersService& users, Call call, std::vector<AccountId> authors) {
  std::vector<users::Stamp> stamps;
  stamps.reserve(authors.size());
  for (std::size_t begin = 0; begin < authors.size();) {
    users::Accounts part{.accounts = next_part(authors, begin)};
    auto const found = co_await users.stamps(call, std::move(part));
    stamps.insert(stamps.end(), found.stamps.begin(), found.stamps.end());
  }
  co_return stamps;
}

Task<std::vector<graph::Judged>> judged_of(graph::GraphService& graph, Call call,
                                           std::vector<graph::Question> questions) {
  std::vector<graph::Judged> judged;
  judged.reserve(questions.size());
  for (std::size_t begin = 0; begin < questions.size();) {
    graph::Questions part{.questions = next_part(questions, begin)};
    auto answer = co_await graph.judge(call, std::move(part));
    std::ranges::move(answer.judged, std::back_inserter(judged));
  }
  co_return judged;
}

}  // namespace

Sight::Sight(Call const& call, std::size_t expected)
    : viewer_{call.viewer, is_moderator(call.role)}, places_(expected), authors_(expected) {}

Task<Sight> Sight::of(Needs needs, Call call, std::vector<PostId> posts, Named named) {
  Sight sight(call, posts.size() + posts.size() / 2);
  for (PostId const post : posts)
    if (post) sight.add(post, 2);
  if (needs.tables.apart() && !named.authors.empty()) {
    // The heads say how far each is followed.
    for (PostId const target : named.targets)
      if (target) sight.add(target, 0);
    for (AccountId const author : named.authors)
      if (author) sight.authors_.add(author);
    std::vector<Task<void>> both;
    both.push_back(sight.load_ties(needs, call, false));
    both.push_back(sight.load_heads(needs.tables));
    co_await all(std::move(both));
  } else {
    co_await sight.load_heads(needs.tables);
  }
  co_await sight.load_ties(needs, call, true);
  co_return sight;
}

void Sight::add(PostId post, std::uint8_t targets) {
  std::uint32_t const place = places_.add(post);
  if (place == targets_.size())
    targets_.push_back(targets);
  else
    targets_[place] = std::max(targets_[place], targets);
}

// Five rounds at most: a share, the quote it shares, what that quotes, what that quotes in turn, the root of that.
Task<void> Sight::load_heads(Tables& tables) {
  for (std::size_t begin = 0; begin < places_.size();) {
    std::size_t const end = places_.size();
    std::vector<Head::Key> keys;
    keys.reserve(end - begin);
    for (std::size_t i = begin; i < end; ++i) keys.push_back({places_.ids()[i]});
    auto found = co_await tables.get_many<Head>(std::move(keys));
    if (begin == 0)
      heads_ = std::move(found);
    else
      std::ranges::move(found, std::back_inserter(heads_));
    for (std::size_t i = begin; i < end; ++i) {
      if (!heads_[i]) continue;
      Head const& head = *heads_[i];
      authors_.add(head.author);
      if (head.root) add(head.root, 0);
      if (!head.target) continue;
      if (head.kind == Kind::share)
        add(head.target, targets_[i]);
      else if (targets_[i] > 0)
        add(head.target, static_cast<std::uint8_t>(targets_[i] - 1));
    }
    begin = end;
  }
}

Task<void> Sight::load_ties(Needs needs, Call call, bool with_heads) {
  std::size_t const first = stamps_.size();
  std::vector<AccountId> authors(authors_.ids().begin() + static_cast<std::ptrdiff_t>(first), authors_.ids().end());
  stamps_.resize(authors_.size());
  std::vector<graph::Question> questions;
  if (viewer_.account) questions = questions_of(first, with_heads);
  if (authors.empty() && questions.empty()) co_return;
  auto [stamps, judged] = co_await gather(needs.tables.apart(), stamps_of(needs.users, call, std::move(authors)),
                                          judged_of(needs.graph, call, std::move(questions)));
  std::ranges::copy(stamps, stamps_.begin() + static_cast<std::ptrdiff_t>(first));
  std::ranges::move(judged, std::back_inserter(judged_));
}

// One question an author; a second one only where posts name different lists of theirs.
std::vector<graph::Question> Sight::questions_of(std::size_t first_author, bool with_heads) {
  auto const& authors = authors_.ids();
  std::size_t const before = asked_.size();
  std::vector<graph::Question> questions;
  questions.reserve(authors.size() - first_author);
  auto const ask = [&](AccountId author, std::size_t place) {
    question_of_[place] = static_cast<std::uint32_t>(before + questions.size());
    questions.push_back({.author = author});
  };
  question_of_.resize(authors.size(), nowhere);
  for (std::size_t i = first_author; i < authors.size(); ++i)
    if (authors[i] != viewer_.account) ask(authors[i], i);
  for (std::size_t i = 0; with_heads && i < heads_.size(); ++i) {
    auto const& found = heads_[i];
    if (!found || found->author == viewer_.account) continue;
    Audience const& audience = found->audience;
    if (audience.rule != Rule::friends_of_friends && audience.rule != Rule::list) continue;
    std::uint32_t const place = authors_.find(found->author);
    if (question_of_[place] < before) ask(found->author, place);  // asked before what the post needs was known
    graph::Question& question = questions[question_of_[place] - before];
    if (audience.rule == Rule::friends_of_friends)
      question.friend_of_friend = true;
    else if (!question.list)
      question.list = audience.list;
    else if (question.list != audience.list)
      questions.push_back({.author = found->author, .list = audience.list});
  }
  for (auto const& question : questions) asked_.push_back({question.author, question.list});
  return questions;
}

Head const* Sight::head(PostId post) const {
  std::uint32_t const place = places_.find(post);
  return place != nowhere && heads_[place] ? &*heads_[place] : nullptr;
}

kith::Version Sight::head_version(PostId post) const {
  std::uint32_t const place = places_.find(post);
  return place != nowhere ? heads_[place].version() : 0;
}

graph::Judged const& Sight::tie(AccountId author) const {
  static graph::Judged const strangers{};
  std::uint32_t const place = authors_.find(author);
  if (place == nowhere || place >= question_of_.size()) return strangers;
  std::uint32_t const question = question_of_[place];
  return question < judged_.size() ? judged_[question] : strangers;
}

Subject Sight::subject(Head const* head) const {
  if (head == nullptr) return {};
  std::uint32_t const place = authors_.find(head->author);
  Subject subject{.head = head, .author = place < stamps_.size() ? stamps_[place].state : users::State::unspecified};
  if (!viewer_.account || head->author == viewer_.account) return subject;
  subject.tie = &tie(head->author);
  if (head->audience.rule != Rule::list) return subject;
  for (std::size_t i = 0; i < asked_.size() && i < judged_.size(); ++i)
    if (asked_[i].author == head->author && asked_[i].list == head->audience.list) subject.in_list = judged_[i].in_list;
  return subject;
}

bool Sight::visible(PostId post) const {
  Head const* const head = this->head(post);
  if (head == nullptr) return false;
  if (head->kind != Kind::share) return may_see(viewer_, subject(head), subject(root_of(*head)));
  Head const* const target = this->head(head->target);
  return target != nullptr && may_see_share(viewer_, subject(head), subject(target), subject(root_of(*target)));
}

PostId Sight::meant(PostId post) const {
  Head const* const head = this->head(post);
  return head != nullptr && head->kind == Kind::share ? head->target : post;
}

}  // namespace kith::posts
