#include "services/graph/graph.h"

#include <algorithm>

#include "services/graph/pair.h"

namespace kith::graph {
namespace {

// Two people acting on each other at once conflict once or twice, not eight times.
constexpr int attempts_max = 8;
constexpr std::size_t causes_max = 20;  // of one event

}  // namespace

Task<Relationship> Graph::perform(Call call, Act act) {
  AccountId const me = signed_in(call);
  if (!act.other) throw Error{Code::not_found, "Record not found"};
  users::Accounts both{.accounts = {act.other}};
  auto const stamps = co_await needs_.users.stamps(call, std::move(both));
  users::Stamp const other = stamps.stamps.front();
  // Ties to a suspended account can be cut, but none can be made.
  bool const there = other.version != 0 && other.state != users::State::erasing;
  bool const makes = act.verb == Verb::follow || act.verb == Verb::ask_friend || act.verb == Verb::accept;
  if (!there || (makes && other.state != users::State::active)) throw Error{Code::not_found, "Record not found"};
  if (act.verb == Verb::add_to_list) {
    co_await own_list(me, act.list);
    ListPage const all{.list = act.list, .limit = members_max};
    auto const members = co_await this->members(Call{.viewer = me}, all);
    if (members.people.size() >= members_max) throw Error{Code::invalid, "A list has at most 500 members"};
  }

  for (int attempt = 1;; ++attempt) {
    Pair::Key const key = key_of(me, act.other);
    auto const row = co_await needs_.tables.get<Pair>(key);
    FreshTies fresh;
    for (TieId& tie : fresh) tie = needs_.tables.ids().mint_as<TieId>();
    Next const changed = next(row ? *row : Pair{.lo = key.lo, .hi = key.hi}, me, act, other.locked, fresh);
    bool const same = row ? changed.pair == *row : changed.causes.empty();
    if (!same) {
      Change change(call.operation);
      change.replace(row, changed.pair);
      // An event has at most 1 KiB; ending a tie with fifty lists on each side takes several.
      for (std::size_t from = 0; from < changed.causes.size(); from += causes_max) {
        auto const to = std::min(from + causes_max, changed.causes.size());
        change.emit(PairChanged{.lo = key.lo,
                                .hi = key.hi,
                                .version = row.version(),
                                .actor = me,
                                .causes = {changed.causes.begin() + static_cast<std::ptrdiff_t>(from),
                                           changed.causes.begin() + static_cast<std::ptrdiff_t>(to)}});
      }
      auto const committed = co_await needs_.tables.commit(std::move(change));
      if (committed.conflict()) {
        if (attempt < attempts_max) continue;
        throw Error{Code::conflict, "Too much is going on between you two; please try again"};
      }
    }
    Relationship shown = relationship_of(&changed.pair, me, act.other, needs_.clock.now());
    if (auto const note = co_await needs_.tables.get<Note>({me, act.other})) {
      Note const open = co_await needs_.tables.open(note);
      shown.note = open.text.text();
    }
    co_return shown;
  }
}

Task<RelationshipList> Graph::relationships(Call call, Others request) {
  AccountId const me = signed_in(call);
  std::vector<Pair::Key> pairs;
  std::vector<Note::Key> notes;
  for (AccountId const other : request.others) {
    pairs.push_back(key_of(me, other));
    if (request.with_notes) notes.push_back({me, other});
  }
  auto const rows = co_await needs_.tables.get_many<Pair>(std::move(pairs));
  auto const noted = co_await needs_.tables.get_many<Note>(std::move(notes));
  Time const now = needs_.clock.now();
  RelationshipList list;
  list.relationships.reserve(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    bool const pair = rows[i] && request.others[i] != me;
    list.relationships.push_back(relationship_of(pair ? &*rows[i] : nullptr, me, request.others[i], now));
    if (i < noted.size() && noted[i]) {
      Note const open = co_await needs_.tables.open(noted[i]);
      list.relationships.back().note = open.text.text();
    }
  }
  co_return list;
}

Task<Judgement> Graph::judge(Call call, Questions request) {
  Judgement judgement;
  judgement.judged.resize(request.questions.size());
  if (!call.viewer) co_return judgement;
  std::vector<Pair::Key> keys;
  keys.reserve(request.questions.size());
  for (Question const& question : request.questions) keys.push_back(key_of(call.viewer, question.author));
  auto const rows = co_await needs_.tables.get_many<Pair>(std::move(keys));
  Time const now = needs_.clock.now();
  auto const exclusive = co_await exclusive_lists(call.viewer, rows);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    Question const& question = request.questions[i];
    if (rows[i] && question.author != call.viewer)
      judgement.judged[i] = judged_of(*rows[i], call.viewer, question.author, question.list, now);
    Judged& judged = judgement.judged[i];
    if (!exclusive.empty() && rows[i] && question.author != call.viewer)
      judged.excluded = std::ranges::any_of(side_of(*rows[i], call.viewer).lists, [&](ListId list) {
        return std::ranges::find(exclusive, list) != exclusive.end();
      });
    if (question.friend_of_friend && !judged.friend_ && !judged.blocked && question.author != call.viewer)
      judged.friend_of_friend = co_await has_common_friend(call.viewer, question.author);
  }
  co_return judgement;
}

Task<TiePage> Graph::ties(Call, TiesRequest request) {
  std::size_t const limit = std::clamp<std::size_t>(request.limit, 1, scan_max);
  std::string const whole = Tie::sort(request.kind);
  Scan<Tie> scan{.partition = {request.person}, .from = whole, .to = after(whole), .limit = limit};
  if (request.max) scan.from = after(Tie::sort(request.kind, request.max));
  if (request.since) scan.to = Tie::sort(request.kind, request.since);
  if (request.min) {
    scan.to = Tie::sort(request.kind, request.min);
    scan.backwards = true;
  }
  auto const found = co_await needs_.tables.scan<Tie>(scan);
  TiePage page{.ties = {}, .more = found.more};
  page.ties.reserve(found.rows.size());
  for (auto const& tie : found) page.ties.push_back({.tie = tie->tie, .other = tie->other});
  if (scan.backwards) std::ranges::reverse(page.ties);
  co_return page;
}

Task<CountsList> Graph::counts(Call, People request) {
  std::vector<TieCounts::Key> keys;
  keys.reserve(request.people.size());
  for (AccountId const person : request.people) keys.push_back({person});
  auto const rows = co_await needs_.tables.get_many<TieCounts>(std::move(keys));
  CountsList list;
  list.counts.reserve(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    TieCountsOf& counts = list.counts.emplace_back();
    counts.person = request.people[i];
    if (!rows[i]) continue;
    counts.version = rows[i].version();
    counts.friends = rows[i]->friends;
    counts.following = rows[i]->following;
    counts.followers = rows[i]->followers;
    counts.asked_by = rows[i]->asked_by;
  }
  co_return list;
}

Task<Relationship> Graph::set_note(Call call, NoteRequest request) {
  AccountId const me = signed_in(call);
  if (request.text.size() > note_bytes_max) throw Error{Code::invalid, "A note has at most 2,000 bytes"};
  users::Accounts about{.accounts = {request.other}};
  auto const stamps = co_await needs_.users.stamps(call, std::move(about));
  if (stamps.stamps.front().version == 0) throw Error{Code::not_found, "Record not found"};
  auto const row = co_await needs_.tables.get<Note>({me, request.other});
  Change change(call.operation);
  if (request.text.empty()) {
    if (row) change.erase(row);
  } else {
    if (!row) {
      Scan<Note> const all{.partition = {me}, .limit = scan_max};
      // Counted only when one is added; notes_max rows are a few pages at most.
      std::size_t there = 0;
      Scan<Note> scan = all;
      for (bool more = true; more && there < notes_max;) {
        auto const page = co_await needs_.tables.scan<Note>(scan);
        there += page.rows.size();
        more = page.more;
        if (more) scan.from = after(Note::sort(page.rows.back()->other));
      }
      if (there >= notes_max) throw Error{Code::invalid, "There are 5,000 notes already"};
    }
    change.replace(row, Note{.person = me, .other = request.other, .text = Sealed(request.text)});
  }
  if (row || !request.text.empty()) {
    auto const committed = co_await needs_.tables.commit(std::move(change));
    if (committed.conflict()) throw Error{Code::conflict, "This was changed elsewhere; please try again"};
  }
  Others const one{.others = {request.other}, .with_notes = true};
  auto list = co_await relationships(call, one);
  co_return std::move(list.relationships.front());
}

}  // namespace kith::graph
