#include "services/reactions/reactions.h"

#include <algorithm>

namespace kith::reactions {
namespace {

constexpr int react_attempts_max = 6;  // each lost to somebody else who reacted to the same post
constexpr int refills_max = 10;

using Field = ReactionCounts::Field;

struct Counted {
  Kind kind;
  Field field;
  std::uint64_t ReactionCounts::* number;
};
constexpr Counted counted[] = {
    {Kind::like, Field::like, &ReactionCounts::like},    {Kind::love, Field::love, &ReactionCounts::love},
    {Kind::care, Field::care, &ReactionCounts::care},    {Kind::laugh, Field::laugh, &ReactionCounts::laugh},
    {Kind::wow, Field::wow, &ReactionCounts::wow},       {Kind::sad, Field::sad, &ReactionCounts::sad},
    {Kind::angry, Field::angry, &ReactionCounts::angry},
};

Counted const* find_kind(Kind kind) {
  for (Counted const& known : counted)
    if (known.kind == kind) return &known;
  return nullptr;
}

[[noreturn]] void no_such_post() { throw Error{Code::not_found, "There is no such post"}; }

void count(ReactionFacts& facts, Found<ReactionCounts> const& counts) {
  if (!counts) return;
  facts.counts_version = counts.version();
  for (Counted const& known : counted) {
    std::uint64_t const number = (*counts).*known.number;
    if (number == 0) continue;
    facts.counts.push_back({.kind = known.kind, .count = number});
    facts.total += number;
  }
}

}  // namespace

std::optional<ReactionCounts::Field> field_of(Kind kind) {
  Counted const* const known = find_kind(kind);
  return known != nullptr ? std::optional(known->field) : std::nullopt;
}

Task<Reactions::Target> Reactions::target(Call call, PostId post) {
  posts::SeeRequest asked{.posts = {post}, .verdict_only = true};
  auto const seen = co_await needs_.posts.see(call, std::move(asked));
  posts::SeenPost const& one = seen.posts.at(0);
  if (!one.visible) co_return Target{.post = post};
  posts::Facts const& facts = one.facts.kind == posts::Kind::share && one.target ? *one.target : one.facts;
  co_return Target{.post = facts.post, .author = facts.author, .visible = true};
}

Task<void> Reactions::react(Call call, ReactRequest request) {
  signed_in(call);
  if (request.kind == Kind::unspecified) request.kind = Kind::like;
  if (find_kind(request.kind) == nullptr) throw Error{Code::invalid, "There is no such reaction"};
  Target seen = co_await target(call, request.post);
  if (!seen.visible) {
    // What one did to a post that one sees no more can be undone all the same, and its author stops hearing of it.
    auto const own = co_await needs_.tables.get<Reaction>({request.post, call.viewer});
    if (!request.remove || !own) no_such_post();
    posts::PostIds one{.posts = {request.post}};
    auto const facts = co_await needs_.posts.fanout_facts_of(Call{}, std::move(one));
    seen.author = facts.posts.at(0).author;
  }
  for (int attempt = 0; attempt < react_attempts_max; ++attempt)
    if (co_await change(call, seen, request.kind, request.remove)) co_return;
  throw Error{Code::conflict, "This post is very busy; please try again"};
}

Task<bool> Reactions::change(Call call, Target target, Kind kind, bool remove) {
  auto const row = co_await needs_.tables.get<Reaction>({target.post, call.viewer});
  if (remove ? !row : (row && row->kind == kind)) co_return true;
  Change change(call.operation), listed;
  ReactionChanged event{.post = target.post, .person = call.viewer, .version = row.version() + 1};
  event.author = target.author;
  if (remove) {
    event.reaction = row->reaction;
    change.erase(row);
    listed.erase<ReactionOf>({call.viewer, row->reaction});
  } else {
    Reaction next{.post = target.post, .person = call.viewer, .kind = kind};
    // Another kind is the same reaction; one after an undone one is a new cause.
    next.reaction = row ? row->reaction : needs_.tables.ids().mint_as<ReactionId>();
    event.reaction = next.reaction;
    change.replace(row, next);
    change.add<ReactionCounts>({target.post}, find_kind(kind)->field, 1);
    listed.put(reaction_of(next));
  }
  if (row)
    if (Counted const* const was = find_kind(row->kind)) change.add<ReactionCounts>({target.post}, was->field, -1);
  change.along(std::move(listed));
  change.emit(event);
  auto const committed = co_await needs_.tables.commit(std::move(change));
  co_return committed.done();
}

Task<FactsPage> Reactions::facts(Call call, PostIds request) {
  FactsPage page;
  page.posts.resize(request.posts.size());
  std::vector<ReactionCounts::Key> keys;
  keys.reserve(request.posts.size());
  for (PostId const post : request.posts) keys.push_back({post});
  if (keys.empty()) co_return page;
  if (needs_.tables.apart()) co_return co_await facts_apart(call, std::move(request), std::move(keys));
  auto const counts = co_await needs_.tables.get_many<ReactionCounts>(std::move(keys));
  // Of nobody: a row that is not there.
  auto const marks = co_await needs_.tables.get<BookmarkCounts>({call.viewer});
  for (std::size_t i = 0; i < counts.size(); ++i) {
    page.posts[i].post = request.posts[i];
    count(page.posts[i], counts[i]);
  }
  if (!call.viewer) co_return page;

  // Counts stand beside the rows they count, so where nothing is counted nothing needs to be looked for.
  std::vector<Reaction::Key> own;
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < page.posts.size(); ++i) {
    if (page.posts[i].total == 0) continue;
    own.push_back({page.posts[i].post, call.viewer});
    places.push_back(i);
  }
  std::vector<Bookmark::Key> marked;
  if (marks && marks->bookmarks > 0)
    for (PostId const post : request.posts) marked.push_back({call.viewer, post});
  if (own.empty() && marked.empty()) co_return page;
  auto const reactions = co_await needs_.tables.get_many<Reaction>(std::move(own));
  auto const bookmarks = co_await needs_.tables.get_many<Bookmark>(std::move(marked));
  for (std::size_t i = 0; i < reactions.size(); ++i)
    if (reactions[i]) page.posts[places[i]].mine = reactions[i]->kind;
  for (std::size_t i = 0; i < bookmarks.size(); ++i) page.posts[i].bookmarked = static_cast<bool>(bookmarks[i]);
  co_return page;
}

// All at once: a journey costs more than the rows that are not there.
Task<FactsPage> Reactions::facts_apart(Call call, PostIds request, std::vector<ReactionCounts::Key> keys) {
  std::vector<Reaction::Key> own;
  std::vector<Bookmark::Key> marked;
  if (call.viewer)
    for (PostId const post : request.posts) {
      own.push_back({post, call.viewer});
      marked.push_back({call.viewer, post});
    }
  auto const [counts, reactions, bookmarks] = co_await needs_.tables.get_each<ReactionCounts, Reaction, Bookmark>(
      std::move(keys), std::move(own), std::move(marked));
  FactsPage page;
  page.posts.resize(request.posts.size());
  for (std::size_t i = 0; i < page.posts.size(); ++i) {
    page.posts[i].post = request.posts[i];
    count(page.posts[i], counts[i]);
    if (!call.viewer) continue;
    if (reactions[i]) page.posts[i].mine = reactions[i]->kind;
    page.posts[i].bookmarked = static_cast<bool>(bookmarks[i]);
  }
  co_return page;
}

// By person, the newest account first; without those whom a block parts from the viewer.
Task<Reactors> Reactions::people(Call call, PeopleRequest request) {
  Target const seen = co_await target(call, request.post);
  if (!seen.visible) no_such_post();
  std::size_t const limit = std::clamp<std::size_t>(request.limit, 1, page_max);
  Scan<Reaction> scan{.partition = {seen.post}, .backwards = true, .limit = limit + 1};
  if (request.max) scan.to = Reaction::sort(request.max);
  if (request.since) scan.from = after(Reaction::sort(request.since));
  Reactors page;
  for (int refill = 0; refill < refills_max; ++refill) {
    auto const rows = co_await needs_.tables.scan<Reaction>(scan);
    page.more = rows.more;
    if (rows.rows.empty()) break;
    graph::Questions questions;
    for (auto const& row : rows) questions.questions.push_back({.author = row->person});
    auto const judgement = co_await needs_.graph.judge(call, std::move(questions));
    for (std::size_t i = 0; i < rows.rows.size(); ++i) {
      Reaction const& row = *rows.rows[i];
      if (page.people.size() == limit) {
        page.more = true;
        break;
      }
      page.examined = row.person;
      scan.to = Reaction::sort(row.person);
      if (!judgement.judged.at(i).blocked) page.people.push_back({.person = row.person, .kind = row.kind});
    }
    if (!page.more || page.people.size() == limit) break;
  }
  co_return page;
}

Task<OwnPage> Reactions::mine(Call call, OwnRequest request) {
  signed_in(call);
  Scan<ReactionOf> scan{.partition = {call.viewer}, .limit = std::clamp<std::size_t>(request.limit, 1, page_max)};
  if (request.max) scan.from = ReactionOf::sort(ReactionId{request.max - 1});
  if (auto const above = request.min ? request.min : request.since; above != 0)
    scan.to = ReactionOf::sort(ReactionId{above});
  scan.backwards = request.min != 0;
  auto const rows = co_await needs_.tables.scan<ReactionOf>(scan);
  OwnPage page{.items = {}, .more = rows.more};
  for (auto const& row : rows) page.items.push_back({.id = row->reaction.value, .post = row->post, .kind = row->kind});
  if (scan.backwards) std::ranges::reverse(page.items);
  co_return page;
}

Task<OwnItem> Reactions::find(Call, CauseRequest request) {
  auto const row = co_await needs_.tables.get<Reaction>({request.post, request.person});
  if (!row) co_return OwnItem{};
  co_return OwnItem{.id = row->reaction.value, .post = row->post, .kind = row->kind};
}

}  // namespace kith::reactions
