#include "services/posts/sight.h"

#include <algorithm>
#include <iterator>

namespace kith::posts {
namespace {

constexpr std::uint32_t nowhere = Places<PostId>::nowhere;
// What the services below take in one call.
constexpr std::size_t batch_max = 500;

bool is_moderator(Role role) { return role == Role::moderator || role == Role::admin; }

}  // namespace

Sight::Sight(Call const& call, std::size_t expected)
    : viewer_{call.viewer, is_moderator(call.role)}, places_(expected), authors_(expected) {}

Task<Sight> Sight::of(Tables& tables, users::UsersService& users, graph::GraphService& graph, Call call,
                      std::vector<PostId> posts) {
  Sight sight(call, posts.size() + posts.size() / 2);
  for (PostId const post : posts)
    if (post) sight.add(post, 2);
  co_await sight.load_heads(tables);
  co_await sight.load_ties(users, graph, call);
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

Task<void> Sight::load_ties(users::UsersService& users, graph::GraphService& graph, Call call) {
  auto const& authors = authors_.ids();
  states_.reserve(authors.size());
  for (std::size_t begin = 0; begin < authors.size(); begin += batch_max) {
    users::Accounts part;
    auto const end = std::min(begin + batch_max, authors.size());
    part.accounts.assign(authors.begin() + static_cast<std::ptrdiff_t>(begin),
                         authors.begin() + static_cast<std::ptrdiff_t>(end));
    auto const stamps = co_await users.stamps(call, std::move(part));
    for (users::Stamp const& stamp : stamps.stamps)
      states_.push_back(stamp.version == 0 ? users::State::unspecified : stamp.state);
  }
  if (!viewer_.account) co_return;

  // One question an author; a second one only where posts name different lists of theirs.
  std::vector<graph::Question> questions;
  questions.reserve(authors.size());
  question_of_.assign(authors.size(), nowhere);
  for (std::size_t i = 0; i < authors.size(); ++i) {
    if (authors[i] == viewer_.account) continue;
    question_of_[i] = static_cast<std::uint32_t>(questions.size());
    questions.push_back({.author = authors[i]});
  }
  for (auto const& found : heads_) {
    if (!found || found->author == viewer_.account) continue;
    Audience const& audience = found->audience;
    if (audience.rule != Rule::friends_of_friends && audience.rule != Rule::list) continue;
    graph::Question& question = questions[question_of_[authors_.find(found->author)]];
    if (audience.rule == Rule::friends_of_friends)
      question.friend_of_friend = true;
    else if (!question.list)
      question.list = audience.list;
    else if (question.list != audience.list)
      questions.push_back({.author = found->author, .list = audience.list});
  }
  asked_.reserve(questions.size());
  for (auto const& question : questions) asked_.push_back({question.author, question.list});
  judged_.reserve(questions.size());
  for (std::size_t begin = 0; begin < questions.size(); begin += batch_max) {
    auto const end = std::min(begin + batch_max, questions.size());
    graph::Questions part;
    part.questions.assign(std::make_move_iterator(questions.begin() + static_cast<std::ptrdiff_t>(begin)),
                          std::make_move_iterator(questions.begin() + static_cast<std::ptrdiff_t>(end)));
    auto answer = co_await graph.judge(call, std::move(part));
    std::ranges::move(answer.judged, std::back_inserter(judged_));
  }
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
  Subject subject{.head = head, .author = place < states_.size() ? states_[place] : users::State::unspecified};
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
