// What follows from a changed pair: both people's rows of ties with their counts, the members of
// lists; and from what people do with each other, how close they are.
//
// Events come doubled, late and in any order, and two handlers may run at once. So: read the derived
// rows, then the truth, commit under a check of the derived rows, and look at the truth again
// until it stood still. Whoever writes last has seen the newest truth.

#include <algorithm>
#include <cmath>

#include "services/graph/derived.h"
#include "services/graph/graph.h"
#include "services/graph/pair.h"

namespace kith::graph {

std::vector<Derived> rows_of(Pair::Key const& pair, Cause const& cause, AccountId person) {
  AccountId const holder = cause.kind == TieKind::friend_ ? person : (cause.hi ? pair.hi : pair.lo);
  AccountId const other = person == pair.lo ? pair.hi : pair.lo;
  bool const mine = holder == person;
  auto const row = [&](TieKind kind, std::optional<TieCounts::Field> counted = {}) {
    return std::vector<Derived>(1, {{.person = person, .kind = kind, .tie = cause.tie, .other = other}, counted});
  };
  switch (cause.kind) {
    case TieKind::friend_: return row(TieKind::friend_, TieCounts::Field::friends);
    case TieKind::following:
      return mine ? row(TieKind::following, TieCounts::Field::following)
                  : row(TieKind::follower, TieCounts::Field::followers);
    case TieKind::asked:
      return mine ? row(TieKind::asked, TieCounts::Field::asked) : row(TieKind::asked_by, TieCounts::Field::asked_by);
    case TieKind::blocking: return row(mine ? TieKind::blocking : TieKind::blocked_by);
    case TieKind::muting: return mine ? row(TieKind::muting) : std::vector<Derived>();
    case TieKind::close: return mine ? row(TieKind::close) : std::vector<Derived>();
    case TieKind::listed:
    case TieKind::notifies: return mine ? std::vector<Derived>() : row(cause.kind);
    default: return {};
  }
}

Cause cause_of(Tie const& tie) {
  bool const hi = tie.person > tie.other;
  switch (tie.kind) {
    case TieKind::friend_: return {.tie = tie.tie, .kind = TieKind::friend_};
    case TieKind::follower: return {.tie = tie.tie, .kind = TieKind::following, .hi = !hi};
    case TieKind::asked_by: return {.tie = tie.tie, .kind = TieKind::asked, .hi = !hi};
    case TieKind::blocked_by: return {.tie = tie.tie, .kind = TieKind::blocking, .hi = !hi};
    case TieKind::notifies: return {.tie = tie.tie, .kind = TieKind::notifies, .hi = !hi};
    case TieKind::listed: return {.tie = tie.tie, .kind = tie.kind, .hi = !hi, .list = ListId{tie.tie.value}};
    default: return {.tie = tie.tie, .kind = tie.kind, .hi = hi};
  }
}

namespace {

// Closeness halves in 30 days, so that it follows a life and not its history.
constexpr double half_life_days = 30;
constexpr std::uint32_t closeness_max = 1'000;
constexpr std::uint32_t gain_of_a_reaction = 10;
constexpr std::uint32_t gain_of_an_answer = 30;

}  // namespace

Task<void> Graph::on_pair_changed(PairChanged event) {
  Pair::Key const key{event.lo, event.hi};
  co_await settle_ties(key, event.lo, event.causes);
  co_await settle_ties(key, event.hi, event.causes);
  for (Cause const& cause : event.causes)
    if (cause.kind == TieKind::listed) co_await settle_member(key, cause);
}

Task<void> Graph::settle_ties(Pair::Key pair, AccountId person, std::vector<Cause> causes) {
  std::vector<Derived> rows;
  std::vector<Cause const*> cause_of;
  std::vector<Tie::Key> keys;
  for (Cause const& cause : causes) {
    for (Derived& derived : rows_of(pair, cause, person)) {
      keys.push_back(derived.row.key());
      rows.push_back(std::move(derived));
      cause_of.push_back(&cause);
    }
  }
  for (Version seen = -1; !rows.empty();) {
    auto const there = co_await needs_.tables.get_many<Tie>(keys);
    auto const truth = co_await needs_.tables.get<Pair>(pair);
    if (truth.version() == seen) co_return;
    Change change;
    bool differs = false;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      bool const stands = truth && names(*truth, *cause_of[i]);
      if (stands ? there[i] && *there[i] == rows[i].row : !there[i]) continue;
      differs = true;
      if (stands)
        change.replace(there[i], rows[i].row);
      else
        change.erase(there[i]);
      if (rows[i].counted && stands != static_cast<bool>(there[i]))
        change.add<TieCounts>({person}, *rows[i].counted, stands ? 1 : -1);
    }
    if (!differs) co_return;
    auto const committed = co_await needs_.tables.commit(std::move(change));
    if (committed.done()) seen = truth.version();
  }
}

Task<void> Graph::settle_member(Pair::Key pair, Cause cause) {
  ListMember const row{.list = cause.list, .member = cause.hi ? pair.lo : pair.hi};
  for (Version seen = -1;;) {
    auto const there = co_await needs_.tables.get<ListMember>(row.key());
    auto const truth = co_await needs_.tables.get<Pair>(pair);
    bool const stands = truth && names(*truth, cause);
    if (truth.version() == seen || stands == static_cast<bool>(there)) co_return;
    Change change;
    if (stands)
      change.insert(row);
    else
      change.erase(there);
    auto const committed = co_await needs_.tables.commit(std::move(change));
    if (committed.done()) seen = truth.version();
  }
}

Task<void> Graph::on_post_changed(posts::PostChanged event) {
  if (!event.parent || !event.parent_author || event.parent_author == event.author) co_return;
  co_await closer(event.author, event.parent_author, gain_of_an_answer, time_of_id(event.post.value));
}

Task<void> Graph::on_reaction_changed(reactions::ReactionChanged event) {
  if (!event.author || event.author == event.person) co_return;
  co_await closer(event.person, event.author, gain_of_a_reaction, time_of_id(event.reaction.value));
}

Task<NotCounted> Graph::closeness(Call call, CloserActs request) {
  if (call.viewer) throw Error{Code::forbidden, "Only the server itself does this"};
  std::vector<Weight::Key> keys;
  for (CloserAct const& act : request.acts) keys.push_back({act.person, act.other});
  auto const there = co_await needs_.tables.get_many<Weight>(std::move(keys));
  NotCounted found;
  for (std::uint32_t i = 0; i < request.acts.size(); ++i) {
    CloserAct const& act = request.acts[i];
    if (there[i] && there[i]->updated_at >= act.at) continue;
    found.acts.push_back(i);
    if (request.count)
      co_await closer(act.person, act.other, act.answer ? gain_of_an_answer : gain_of_a_reaction, act.at);
  }
  co_return found;
}

Task<void> Graph::closer(AccountId person, AccountId other, std::uint32_t gain, Time at) {
  auto const row = co_await needs_.tables.get<Weight>({person, other});
  // What was counted is not counted again; what comes late is lost, which breaks no promise.
  if (row && row->updated_at >= at) co_return;
  double kept = 0;
  if (row) {
    auto const days = std::chrono::duration<double, std::ratio<86'400>>(at - row->updated_at).count();
    kept = row->closeness * std::exp2(-days / half_life_days);
  }
  auto const closeness = static_cast<std::uint32_t>(std::min<double>(kept + gain, closeness_max));
  Weight const weight{.person = person, .other = other, .closeness = closeness, .updated_at = at};
  std::vector<Weight> rows(1, weight);
  co_await needs_.tables.put(std::move(rows), at.time_since_epoch().count());
}

}  // namespace kith::graph
