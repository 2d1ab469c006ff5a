// Ties, counts and list members compared with the rows of pairs they follow from.

#include <algorithm>
#include <set>

#include "ports/table/recount.h"
#include "services/graph/derived.h"
#include "services/graph/graph.h"
#include "services/graph/pair.h"

namespace kith::graph {
namespace {

constexpr Duration claim_lapses_after = std::chrono::minutes{10};
constexpr std::size_t rows_a_step = 200;   // each is some look-ups
constexpr std::size_t counts_a_step = 20;  // each is a scan of one person's ties

char const* word_of(TieKind kind) {
  switch (kind) {
    case TieKind::friend_: return "friend";
    case TieKind::following: return "following";
    case TieKind::follower: return "follower";
    case TieKind::asked: return "asked";
    case TieKind::asked_by: return "asked-by";
    case TieKind::blocking: return "blocking";
    case TieKind::muting: return "muting";
    case TieKind::close: return "close";
    case TieKind::listed: return "listed";
    case TieKind::blocked_by: return "blocked-by";
    case TieKind::notifies: return "notifies";
    default: return "unknown";
  }
}

void count(TieCounts& counts, TieKind kind) {
  switch (kind) {
    case TieKind::friend_: ++counts.friends; break;
    case TieKind::following: ++counts.following; break;
    case TieKind::follower: ++counts.followers; break;
    case TieKind::asked: ++counts.asked; break;
    case TieKind::asked_by: ++counts.asked_by; break;
    default: break;
  }
}

bool same(TieCounts const& a, TieCounts const& b) {
  return a.friends == b.friends && a.following == b.following && a.followers == b.followers && a.asked == b.asked &&
         a.asked_by == b.asked_by;
}

}  // namespace

Task<AllTiesPage> Graph::all(Call call, AllTies request) {
  if (call.viewer) throw Error{Code::forbidden, "Only the server itself does this"};
  auto [pairs, next] = co_await needs_.tables.walk<Pair>(std::move(request.cursor),
                                                         std::clamp<std::size_t>(request.limit, 1, multi_get_max));
  AllTiesPage page{.ties = {}, .cursor = std::move(next)};
  for (auto const& pair : pairs) {
    for (Cause const& cause : ties_of(*pair)) {
      if (cause.kind != TieKind::following && cause.kind != TieKind::asked && cause.kind != TieKind::listed) continue;
      NamedTie tie{.kind = cause.kind, .tie = cause.tie};
      tie.holder = cause.hi ? pair->hi : pair->lo;
      tie.other = cause.hi ? pair->lo : pair->hi;
      tie.by_holder = surely_by_holder(*pair, cause);
      page.ties.push_back(std::move(tie));
    }
  }
  co_return page;
}

Task<keeper::RebuildPage> Graph::rebuild(Call call, keeper::RebuildRequest request) {
  keeper::Walk walk(call, std::move(request), 6);
  std::string next;
  switch (walk.part()) {
    case 0: next = co_await walk_pairs(walk); break;
    case 1: next = co_await walk_ties(walk); break;
    case 2: next = co_await walk_members(walk); break;
    case 3: next = co_await walk_counts(walk); break;
    case 4: next = co_await walk_lists(walk); break;
    default: next = co_await walk_own_lists(walk); break;
  }
  co_return walk.done(std::move(next));
}

Task<std::string> Graph::walk_pairs(keeper::Walk& walk) {
  auto [pairs, next] = co_await needs_.tables.walk<Pair>(walk.cursor(), rows_a_step);
  walk.touched(pairs.size());
  std::vector<Tie> ties;
  std::vector<Tie::Key> tie_keys;
  std::vector<std::size_t> pair_of_tie;
  std::vector<ListMember::Key> members;
  std::vector<std::size_t> pair_of_member;
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    for (Cause const& cause : ties_of(*pairs[i])) {
      for (AccountId const person : {pairs[i]->lo, pairs[i]->hi}) {
        for (Derived& derived : rows_of(pairs[i]->key(), cause, person)) {
          tie_keys.push_back(derived.row.key());
          ties.push_back(std::move(derived.row));
          pair_of_tie.push_back(i);
        }
      }
      if (cause.kind != TieKind::listed) continue;
      members.push_back({cause.list, cause.hi ? pairs[i]->lo : pairs[i]->hi});
      pair_of_member.push_back(i);
    }
  }
  std::set<std::size_t> differing;
  auto const ties_there = co_await needs_.tables.get_many<Tie>(std::move(tie_keys));
  for (std::size_t i = 0; i < ties.size(); ++i) {
    if (ties_there[i] && *ties_there[i] == ties[i]) continue;
    walk.differs("graph: ", word_of(ties[i].kind), " tie ", ties[i].tie, " of account ", ties[i].person, " with ",
                 ties[i].other, ties_there[i] ? " names somebody else" : " is missing");
    differing.insert(pair_of_tie[i]);
  }
  auto const members_there = co_await needs_.tables.get_many<ListMember>(members);
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (members_there[i]) continue;
    walk.differs("graph: member ", members[i].member, " of list ", members[i].list, " is missing");
    differing.insert(pair_of_member[i]);
  }
  if (walk.heals())
    for (std::size_t const i : differing)
      co_await on_pair_changed(PairChanged{.lo = pairs[i]->lo, .hi = pairs[i]->hi, .causes = ties_of(*pairs[i])});
  co_return next;
}

Task<std::string> Graph::walk_ties(keeper::Walk& walk) {
  auto [ties, next] = co_await needs_.tables.walk<Tie>(walk.cursor(), rows_a_step);
  walk.touched(ties.size());
  std::vector<Pair::Key> keys;
  std::vector<TieCounts::Key> people;
  for (auto const& tie : ties) {
    keys.push_back(key_of(tie->person, tie->other));
    if (people.empty() || people.back().person != tie->person) people.push_back({tie->person});
  }
  auto const pairs = co_await needs_.tables.get_many<Pair>(keys);
  for (std::size_t i = 0; i < ties.size(); ++i) {
    Cause const cause = cause_of(*ties[i]);
    if (pairs[i] && names(*pairs[i], cause)) continue;
    walk.differs("graph: ", word_of(ties[i]->kind), " tie ", ties[i]->tie, " of account ", ties[i]->person, " with ",
                 ties[i]->other, " follows from nothing");
    if (walk.heals()) co_await on_pair_changed(PairChanged{.lo = keys[i].lo, .hi = keys[i].hi, .causes = {cause}});
  }
  // Who has counts is compared by walk_counts.
  auto const counts = co_await needs_.tables.get_many<TieCounts>(people);
  for (std::size_t i = 0; i < people.size(); ++i)
    if (!counts[i]) co_await recount(walk, people[i].person);
  co_return next;
}

Task<std::string> Graph::walk_members(keeper::Walk& walk) {
  auto [members, next] = co_await needs_.tables.walk<ListMember>(walk.cursor(), rows_a_step);
  walk.touched(members.size());
  std::vector<List::Key> keys;
  for (auto const& member : members) keys.push_back({member->list});
  auto const lists = co_await needs_.tables.get_many<List>(std::move(keys));
  std::vector<Pair::Key> pair_keys;
  for (std::size_t i = 0; i < members.size(); ++i)
    pair_keys.push_back(key_of(members[i]->member, lists[i] ? lists[i]->person : AccountId{}));
  auto const pairs = co_await needs_.tables.get_many<Pair>(pair_keys);
  for (std::size_t i = 0; i < members.size(); ++i) {
    ListMember const& member = *members[i];
    Cause cause{.tie = TieId{member.list.value}, .kind = TieKind::listed, .list = member.list};
    cause.hi = lists[i] && lists[i]->person > member.member;
    if (lists[i] && pairs[i] && names(*pairs[i], cause)) continue;
    walk.differs("graph: member ", member.member, " of list ", member.list, " follows from nothing");
    if (!walk.heals()) continue;
    if (lists[i]) {
      co_await settle_member(pair_keys[i], cause);
    } else {
      Change change;
      change.erase(members[i]);
      co_await needs_.tables.commit(std::move(change));  // a conflict: somebody else was here
    }
  }
  co_return next;
}

// Every list is among its owner's.
Task<std::string> Graph::walk_lists(keeper::Walk& walk) {
  auto [rows, next] = co_await needs_.tables.walk<List>(walk.cursor(), rows_a_step);
  walk.touched(rows.size());
  std::vector<OwnList::Key> keys;
  for (auto const& row : rows) keys.push_back({row->person, row->id});
  auto const own = co_await needs_.tables.get_many<OwnList>(std::move(keys));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (rows[i]->deleted || own[i]) continue;
    walk.differs("graph: list ", rows[i]->id, " is missing among those of account ", rows[i]->person);
    if (!walk.heals()) continue;
    Change change;
    change.insert(OwnList{.person = rows[i]->person, .list = rows[i]->id});
    co_await needs_.tables.commit(std::move(change));  // a conflict: it is there by now
  }
  co_return next;
}

// The claim comes before the list, so only an old one that names none was left by a crash.
Task<std::string> Graph::walk_own_lists(keeper::Walk& walk) {
  auto [rows, next] = co_await needs_.tables.walk<OwnList>(walk.cursor(), rows_a_step);
  walk.touched(rows.size());
  std::vector<List::Key> keys;
  for (auto const& row : rows) keys.push_back({row->list});
  auto const lists = co_await needs_.tables.get_many<List>(std::move(keys));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    OwnList const& own = *rows[i];
    if (lists[i] && !lists[i]->deleted && lists[i]->person == own.person) continue;
    if (needs_.clock.now() < time_of_id(own.list.value) + claim_lapses_after) continue;
    walk.differs("graph: account ", own.person, " claims list ", own.list, ", which is not there");
    if (!walk.heals()) continue;
    Change change;
    change.erase(rows[i]);
    co_await needs_.tables.commit(std::move(change));
  }
  co_return next;
}

Task<std::string> Graph::walk_counts(keeper::Walk& walk) {
  auto [rows, next] = co_await needs_.tables.walk<TieCounts>(walk.cursor(), counts_a_step);
  walk.touched(rows.size());
  for (auto const& row : rows) co_await recount(walk, row->person);
  co_return next;
}

Task<TieCounts> Graph::counted(AccountId person) {
  TieCounts counts{.person = person};
  Scan<Tie> scan{.partition = {person}, .to = after(Tie::sort(TieKind::asked_by)), .limit = scan_max};
  for (bool more = true; more;) {
    auto const ties = co_await needs_.tables.scan<Tie>(scan);
    for (auto const& tie : ties) count(counts, tie->kind);
    more = ties.more;
    if (more) scan.from = after(Tie::sort(ties.rows.back()->kind, ties.rows.back()->tie));
  }
  co_return counts;
}

Task<void> Graph::recount(keeper::Walk& walk, AccountId person) {
  auto const now = [this, person] { return counted(person); };
  bool const differed = co_await keeper::recount<TieCounts>(needs_.tables, walk, {person}, now, same);
  if (differed) walk.differs("graph: counts of account ", person, " differ from its ties");
}

}  // namespace kith::graph
