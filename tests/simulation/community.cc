#include "tests/simulation/community.h"

#include <algorithm>
#include <utility>

namespace kith::simulation {
namespace {

constexpr std::size_t people_count = 20;
constexpr Duration lives = std::chrono::seconds{40};

bool ended_for_good(Code code) { return code != Code::unavailable && code != Code::unknown; }

}  // namespace

Community::Community(World& world) : world_(world), end_(lives) {}

void Community::build() {
  users_.emplace(users::Users::Needs{world_.tables(), world_.keys(), world_.time});
  graph_.emplace(graph::Graph::Needs{world_.tables(), world_.time, *users_});
  posts_.emplace(posts::Posts::Needs{world_.tables(), world_.time, *users_, *graph_, nullptr,
                                     posts::WordLimits{.own_host = "kith.example"}});
  reactions_.emplace(reactions::Reactions::Needs{world_.tables(), *posts_, *graph_});
  pages_.emplace(pages::Pages::Needs{*posts_, *reactions_, *users_, *graph_, world_.tables().apart()});
  timeline_.emplace(
      timeline::Timeline::Needs{world_.tables(), world_.time, world_.log(), *graph_, *posts_, *pages_, {}});
  follow(world_.dispatch(), *graph_);
  follow(world_.dispatch(), *posts_);
  follow(world_.dispatch(), *reactions_);
  follow(world_.dispatch(), *timeline_);
}

void Community::live() {
  world_.faults.calm();
  world_.start([this] { build(); });
  people_come();
  world_.faults.storm();
  calm_ = false;
  Duration const end = world_.time.monotonic() + end_;
  while (world_.time.monotonic() < end) {
    for (Person& person : people_) world_.time.spawn(live_as(person));
    world_.time.advance(std::chrono::seconds{2} + world_.random.wait(std::chrono::seconds{30}));
    if (world_.random.chance(200)) world_.time.set_back(world_.random.wait(std::chrono::minutes{1}));
    world_.crash();
  }
  calm_ = true;
  world_.faults.calm();
  for (Person& person : people_)
    if (person.intent) world_.run(attempt(person));
  world_.settle();
  check_truth();
  check_own_writes();
  world_.settle();
  check_truth();
}

// They come in the calm, half of them with locked accounts, and already know a few others.
void Community::people_come() {
  people_.resize(people_count);
  for (std::size_t i = 0; i < people_.size(); ++i) {
    users::CreateAccount const request{
        .handle = "person" + std::to_string(i), .locked = i % 2 == 0, .approved = true, .confirmed = true};
    people_[i].id = world_.run(users_->create({}, request)).account;
  }
  for (std::size_t i = 0; i < people_.size(); ++i) {
    for (std::size_t const step : {1u, 2u, 5u}) {
      AccountId const other = people_[(i + step) % people_.size()].id;
      world_.run(graph_->perform(as(people_[i].id), {.other = other, .verb = graph::Verb::ask_friend}));
      if (step < 5) world_.run(graph_->perform(as(other), {.other = people_[i].id, .verb = graph::Verb::accept}));
    }
    if (i % 3 != 0) world_.run(timeline_->home(as(people_[i].id), {.limit = 1}));
  }
}

// A client: one thing after another, each until it is known how it ended.
Task<void> Community::live_as(Person& person) {
  for (;;) {
    if (!person.intent) {
      co_await world_.faults.sleep(std::chrono::seconds{60});
      person.intent = choose(person);
    }
    co_await attempt(person);
  }
}

Task<void> Community::attempt(Person& person) {
  // Where the server died under an earlier try, nobody knows what that did.
  person.intent->repeated = std::exchange(person.intent->begun, true);
  for (int tries = 0;; ++tries) {
    require(tries < 40 || !calm_, "a call fails though every engine works");
    Code const code = co_await tried(person);
    if (code == Code::internal) co_return;  // done
    if (ended_for_good(code) && (code != Code::conflict || tries > 5)) {
      refused(person, *person.intent, code);
      person.intent.reset();
      co_return;
    }
    person.intent->repeated = true;
    co_await world_.faults.sleep(std::chrono::seconds{1});
  }
}

// `internal` stands for none: it is nothing a client may ever see.
Task<Code> Community::tried(Person& person) {
  try {
    co_await act(person);
    person.intent.reset();
    co_return Code::internal;
  } catch (Error const& error) {
    require(error.code != Code::internal, "an internal error: " + error.say + " " + error.detail);
    co_return error.code;
  }
}

Task<void> Community::act(Person& person) {
  Intent const intent = *person.intent;
  world_.trace.note("wants", {person.id.value, static_cast<std::uint64_t>(intent.act), intent.number, intent.post,
                              static_cast<std::uint64_t>(intent.verb), intent.other.value});
  switch (intent.act) {
    case Intent::Act::publish:
    case Intent::Act::comment: co_return co_await publish(person, intent);
    case Intent::Act::share:
    case Intent::Act::unshare: co_return co_await share(person, intent);
    case Intent::Act::remove:
    case Intent::Act::edit:
    case Intent::Act::audience: co_return co_await change(person, intent);
    case Intent::Act::react:
    case Intent::Act::unreact: co_return co_await react(person, intent);
    case Intent::Act::tie: co_return co_await tie(person, intent);
    case Intent::Act::read: co_return co_await read(person);
  }
}

void Community::refused(Person const& person, Intent const& intent, Code code) {
  world_.trace.note("refused", {person.id.value, static_cast<std::uint64_t>(code)});
  // A first try that was refused changed nothing. Of a repeat nobody can say so.
  if (!intent.repeated) return;
  using enum Intent::Act;
  if (intent.act == react || intent.act == unreact)
    reactions_told_[{written_[intent.post].post, person.id}].sure = false;
  if (intent.act == share || intent.act == unshare) shares_told_[{written_[intent.post].post, person.id}].sure = false;
  if (intent.act == tie) blocks_told_[{person.id, intent.other}].sure = false;
}

Task<std::optional<bool>> Community::sees(AccountId viewer, PostId post) {
  posts::SeeRequest request{.posts = {post}, .verdict_only = true};
  try {
    auto const seen = co_await posts_->see(as(viewer), std::move(request));
    co_return seen.posts.at(0).visible;
  } catch (Error const&) {
    co_return std::nullopt;
  }
}

bool Community::blocks(AccountId one, AccountId other) const {
  auto const told = blocks_told_.find({one, other});
  return told != blocks_told_.end() && told->second.value && told->second.sure;
}

Written* Community::latest_of(AccountId author) {
  for (auto post = written_.rbegin(); post != written_.rend(); ++post)
    if (post->author == author && !post->removed) return &*post;
  return nullptr;
}

void live_community(World& world) { Community(world).live(); }

}  // namespace kith::simulation
