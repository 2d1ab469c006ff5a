// What people do, and what must be true at once when they are told that it is done.

#include <algorithm>

#include "tests/simulation/community.h"

namespace kith::simulation {
namespace {

using Do = Intent::Act;
using graph::Verb;
using posts::Rule;

// Words that can be found again.
std::string words(std::uint64_t number) { return "words number " + std::to_string(number); }

constexpr Rule rules[] = {Rule::public_, Rule::public_, Rule::public_, Rule::followers, Rule::followers,
                          Rule::friends, Rule::friends, Rule::close,   Rule::only_me};
constexpr Verb verbs[] = {Verb::follow,   Verb::follow, Verb::ask_friend, Verb::accept, Verb::accept,
                          Verb::unfollow, Verb::block,  Verb::unblock,    Verb::mute,   Verb::unmute,
                          Verb::unfriend, Verb::close,  Verb::refuse,     Verb::unclose};

}  // namespace

Intent Community::choose(Person const& person) {
  Random& random = world_.random;
  Intent intent{.number = ++numbers_};
  intent.rule = rules[random.below(std::size(rules))];
  intent.kind = static_cast<reactions::Kind>(1 + random.below(7));
  intent.verb = verbs[random.below(std::size(verbs))];
  do intent.other = random.pick(people_).id;
  while (intent.other == person.id);
  std::uint64_t const dice = random.below(100);
  if (dice < 25) intent.act = Do::tie;
  if (dice >= 25 && dice < 45) intent.act = Do::publish;
  if (dice >= 45 && dice < 55) intent.act = Do::read;
  if (dice < 55 || written_.empty()) {
    if (dice >= 55) intent.act = Do::publish;
    return intent;
  }
  intent.post = random.below(written_.size());
  if (dice < 63) intent.act = Do::comment;
  if (dice >= 63 && dice < 78) intent.act = Do::react;
  if (dice >= 78 && dice < 83) intent.act = Do::unreact;
  if (dice >= 83 && dice < 88) intent.act = Do::share;
  if (dice >= 88 && dice < 90) intent.act = Do::unshare;
  if (dice >= 90) {
    // Only of one's own.
    Written const* const own = latest_of(person.id);
    intent.act = own == nullptr ? Do::publish : dice < 93 ? Do::remove : dice < 96 ? Do::edit : Do::audience;
    if (own != nullptr) intent.post = static_cast<std::size_t>(own - written_.data());
  }
  return intent;
}

Task<void> Community::publish(Person& person, Intent intent) {
  posts::NewPost request{.text = words(intent.number), .idempotency_key = "key " + std::to_string(intent.number)};
  if (intent.act == Do::comment)
    request.parent = written_[intent.post].post;
  else
    request.audience.rule = intent.rule;
  posts::Published const published = co_await posts_->publish(as(person.id), request);
  Written post{.post = published.post, .author = person.id, .text = words(intent.number), .rule = intent.rule};
  if (intent.act == Do::comment) post.parent = intent.post + 1;
  // An earlier try was told so too, when the server died before the person could look.
  auto const known = std::ranges::find(written_, post.post, &Written::post);
  require(known == written_.end() || known->text == post.text, "two posts share an id");
  if (known == written_.end()) written_.push_back(post);
  world_.trace.note("published", {post.post.value, person.id.value});
  auto const seen = co_await sees(person.id, published.post);
  require(intent.act == Do::comment || seen.value_or(true), "an author does not see the post just published");
}

// A post that nobody but its author may see must not be shown to somebody else, from now on.
void Community::require_hidden(Written const& post, AccountId viewer, std::optional<bool> seen, char const* why) {
  require(!seen.value_or(false), std::string(why) + ": post " + to_string(post.post) + " by " + to_string(post.author) +
                                     " is shown to " + to_string(viewer));
}

Task<void> Community::change(Person& person, Intent intent) {
  PostId const post = written_[intent.post].post;
  AccountId const other = intent.other;
  if (intent.act == Do::remove) {
    posts::PostRequest const request{.post = post};
    bool gone = false;
    try {
      co_await posts_->delete_(as(person.id), request);
    } catch (Error const& error) {
      if (error.code != Code::not_found) throw;
      gone = true;  // by an earlier try
    }
    require(!gone || intent.repeated, "a post is gone that its author did not delete");
    written_[intent.post].removed = true;
    world_.trace.note("removed", {post.value});
    auto const seen = co_await sees(other, post);
    require_hidden(written_[intent.post], other, seen, "deleted");
    co_return;
  }
  posts::EditPost request{.post = post};
  if (intent.act == Do::edit)
    request.text = words(intent.number);
  else
    request.audience = posts::Audience{.rule = intent.rule};
  co_await posts_->edit(as(person.id), request);
  Written& changed = written_[intent.post];
  if (intent.act == Do::edit)
    changed.text = words(intent.number);
  else if (changed.parent == 0)
    changed.rule = intent.rule;
  world_.trace.note("changed", {post.value});
  if (intent.act != Do::audience || intent.rule != Rule::only_me) co_return;
  auto const seen = co_await sees(other, post);
  require_hidden(written_[intent.post], other, seen, "narrowed");
}

Task<void> Community::react(Person& person, Intent intent) {
  PostId const post = written_[intent.post].post;
  bool const remove = intent.act == Do::unreact;
  reactions::ReactRequest const request{.post = post, .kind = intent.kind, .remove = remove};
  co_await reactions_->react(as(person.id), request);
  reactions::PostIds const one{.posts = {post}};
  auto const shown = co_await reactions_->facts(as(person.id), one);
  reactions::ReactionFacts const& facts = shown.posts.front();
  reactions::Kind const now = remove ? reactions::Kind::unspecified : intent.kind;
  reactions_told_[{post, person.id}] = {now, true};
  world_.trace.note("reacted", {post.value, person.id.value, static_cast<std::uint64_t>(now), facts.total});
  // Its author may have deleted it meanwhile, and all reactions with it.
  bool const gone = written_[intent.post].removed;
  for (Person const& author : people_)
    if (author.id == written_[intent.post].author && author.intent && author.intent->act == Do::remove) co_return;
  require(gone || facts.mine == now, "a person does not see her own reaction");
}

Task<void> Community::share(Person& person, Intent intent) {
  PostId const post = written_[intent.post].post;
  bool const made = intent.act == Do::share;
  if (made) {
    posts::ShareRequest const request{.post = post, .within_audience = true};
    co_await posts_->share(as(person.id), request);
  } else {
    posts::PostRequest const request{.post = post};
    co_await posts_->unshare(as(person.id), request);
  }
  shares_told_[{post, person.id}] = {made, true};
  world_.trace.note("shared", {post.value, person.id.value, made});
}

Task<void> Community::tie(Person& person, Intent intent) {
  graph::Act const act{.other = intent.other, .verb = intent.verb};
  graph::Relationship const is = co_await graph_->perform(as(person.id), act);
  world_.trace.note("tied", {person.id.value, intent.other.value, static_cast<std::uint64_t>(intent.verb)});
  if (intent.verb == Verb::mute) require(is.muting, "a mute that was acknowledged is not there");
  if (intent.verb != Verb::block && intent.verb != Verb::unblock) co_return;
  bool const blocking = intent.verb == Verb::block;
  require(is.blocking == blocking, "a block that was acknowledged is not there");
  blocks_told_[{person.id, intent.other}] = {blocking, true};
  if (!blocking) co_return;
  // Effective for both at once.
  for (auto const& [author, viewer] : {std::pair{person.id, intent.other}, std::pair{intent.other, person.id}}) {
    Written const* const post = latest_of(author);
    if (post == nullptr) continue;
    Written const known = *post;
    auto const seen = co_await sees(viewer, known.post);
    require_hidden(known, viewer, seen, "blocked");
  }
}

Task<void> Community::read(Person& person) {
  // What is closed before the reading began, and still after it ended, is in no page.
  std::vector<Written> const before = written_;
  timeline::PageRequest const request{.limit = 40};
  timeline::TimelinePage const page = co_await timeline_->home(as(person.id), request);
  world_.trace.note("read", {person.id.value, page.page.statuses.size()});
  for (auto const& status : page.page.statuses) {
    auto const known = std::ranges::find(before, status.facts.post, &Written::post);
    if (known == before.end()) continue;
    require_hidden(*known, person.id, known->removed, "deleted");
    require_hidden(*known, person.id, blocks(person.id, known->author), "blocked");
    Written const& now = written_[static_cast<std::size_t>(known - before.begin())];
    bool const closed =
        known->author != person.id && known->parent == 0 && known->rule == Rule::only_me && now.rule == Rule::only_me;
    bool const changing = std::ranges::any_of(people_, [&](Person const& author) {
      return author.id == known->author && author.intent && author.intent->act == Do::audience;
    });
    require_hidden(*known, person.id, closed && !changing, "narrowed");
  }
}

}  // namespace kith::simulation
