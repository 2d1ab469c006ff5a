#include "services/graph/pair.h"

#include <algorithm>

#include "base/error.h"
#include "ports/clock/ids.h"

namespace kith::graph {
namespace {

constexpr Duration ids_of_an_act_within = std::chrono::seconds{1};

bool has(std::vector<ListId> const& lists, ListId list) { return std::ranges::find(lists, list) != lists.end(); }

// The row as the actor sees it, and the ties that an act makes and ends.
struct Acting {
  Pair& pair;
  Side& mine;
  Side& theirs;
  bool i_am_hi;
  FreshTies const& fresh;
  std::vector<Cause> causes = {};
  std::size_t used = 0;

  TieId mint() { return fresh.at(used++); }
  void note(TieId tie, TieKind kind, bool held_by_me) {
    causes.push_back({.tie = tie, .kind = kind, .hi = held_by_me == i_am_hi});
  }
  void make(TieId& tie, TieKind kind, bool held_by_me) {
    if (tie) return;
    tie = mint();
    note(tie, kind, held_by_me);
  }
  void end(TieId& tie, TieKind kind, bool held_by_me) {
    if (!tie) return;
    note(tie, kind, held_by_me);
    tie = {};
  }

  Side& side(bool of_me) { return of_me ? mine : theirs; }
  void list(ListId list, bool held_by_me) {
    causes.push_back({.tie = TieId{list.value}, .kind = TieKind::listed, .hi = held_by_me == i_am_hi, .list = list});
  }

  void make_friends() {
    end(mine.request, TieKind::asked, true);
    end(theirs.request, TieKind::asked, false);
    if (!pair.friend_) {
      pair.friend_ = mint();
      causes.push_back({.tie = pair.friend_, .kind = TieKind::friend_});
    }
    follow(true);
    follow(false);
  }
  void follow(bool me) {
    Side& side = this->side(me);
    if (side.follow) return;
    make(side.follow, TieKind::following, me);
    if (side.notify) note(side.notify, TieKind::notifies, me);  // it was wished when it was asked
  }
  // One side stops seeing the other: what it built on following goes too.
  void stop_following(bool me) {
    Side& side = this->side(me);
    if (side.follow && side.notify) note(side.notify, TieKind::notifies, me);
    end(side.follow, TieKind::following, me);
    for (ListId const each : side.lists) list(each, me);
    side.lists.clear();
    side.notify = {};
    side.hide_shares = false;
    side.languages.clear();
  }
  void end_friendship() {
    if (!pair.friend_) return;
    causes.push_back({.tie = pair.friend_, .kind = TieKind::friend_});
    pair.friend_ = {};
    for (bool const me : {true, false}) {
      stop_following(me);
      end(side(me).close, TieKind::close, me);
    }
  }

  void set_options(Act const& act) {
    if (act.show_shares) mine.hide_shares = !*act.show_shares;
    if (act.notify) set_notify(*act.notify);
    if (!act.languages.empty()) mine.languages = act.languages;
  }
  void set_notify(bool on) {
    if (on == static_cast<bool>(mine.notify)) return;
    if (on) mine.notify = mint();
    if (mine.follow) note(mine.notify, TieKind::notifies, true);
    if (!on) mine.notify = {};
  }
};

}  // namespace

Pair::Key key_of(AccountId one, AccountId other) { return one < other ? Pair::Key{one, other} : Pair::Key{other, one}; }
Side const& side_of(Pair const& pair, AccountId person) { return person == pair.lo ? pair.lo_side : pair.hi_side; }
Side const& other_side_of(Pair const& pair, AccountId person) {
  return person == pair.lo ? pair.hi_side : pair.lo_side;
}

Next next(Pair pair, AccountId actor, Act const& act, bool other_locked, FreshTies const& fresh) {
  if (actor == act.other) throw Error{Code::invalid, "You cannot do this with yourself"};
  bool const hi = actor == pair.hi;
  Acting acting{pair, hi ? pair.hi_side : pair.lo_side, hi ? pair.lo_side : pair.hi_side, hi, fresh};
  Side& mine = acting.mine;
  Side& theirs = acting.theirs;
  bool const asks = act.verb == Verb::follow || act.verb == Verb::ask_friend;
  if (asks && theirs.block) throw Error{Code::forbidden, "This person does not want that"};
  if (asks && mine.block) throw Error{Code::forbidden, "You have blocked this person; unblock them first"};

  switch (act.verb) {
    case Verb::follow:
      if (pair.friend_ || !other_locked) acting.follow(true);
      if (mine.follow) {
        acting.end(mine.request, TieKind::asked, true);
        acting.set_options(act);
        break;
      }
      [[fallthrough]];
    case Verb::ask_friend:
      if (pair.friend_) break;
      if (theirs.request)
        acting.make_friends();
      else
        acting.make(mine.request, TieKind::asked, true);
      if (act.verb == Verb::follow) acting.set_options(act);
      break;
    case Verb::accept:
      if (theirs.request)
        acting.make_friends();
      else if (!pair.friend_)
        throw Error{Code::not_found, "There is no request from this person"};
      break;
    case Verb::refuse: acting.end(theirs.request, TieKind::asked, false); break;
    case Verb::unfollow:
      acting.end_friendship();
      acting.end(mine.request, TieKind::asked, true);
      acting.stop_following(true);
      break;
    case Verb::unfriend:
      acting.end_friendship();
      acting.end(mine.request, TieKind::asked, true);
      break;
    case Verb::see_less: acting.stop_following(true); break;
    case Verb::remove_follower:
      acting.end_friendship();
      acting.end(theirs.request, TieKind::asked, false);
      acting.stop_following(false);
      break;
    case Verb::block:
      acting.end_friendship();
      for (bool const me : {true, false}) {
        acting.end(acting.side(me).request, TieKind::asked, me);
        acting.stop_following(me);
      }
      acting.make(mine.block, TieKind::blocking, true);
      break;
    case Verb::unblock: acting.end(mine.block, TieKind::blocking, true); break;
    case Verb::mute:
      acting.make(mine.mute, TieKind::muting, true);
      mine.mute_until = act.mute_until;
      mine.mute_notifications = act.mute_notifications;
      break;
    case Verb::unmute:
      acting.end(mine.mute, TieKind::muting, true);
      mine.mute_until = no_time;
      mine.mute_notifications = false;
      break;
    case Verb::close:
      if (!pair.friend_) throw Error{Code::invalid, "Only a friend can be a close friend"};
      acting.make(mine.close, TieKind::close, true);
      break;
    case Verb::unclose: acting.end(mine.close, TieKind::close, true); break;
    case Verb::add_to_list:
      if (!mine.follow && !pair.friend_)
        throw Error{Code::not_found, "You need to follow a person to add them to a list"};
      if (has(mine.lists, act.list)) break;
      if (mine.lists.size() >= lists_max) throw Error{Code::invalid, "A person can be in at most 50 of your lists"};
      mine.lists.push_back(act.list);
      acting.list(act.list, true);
      break;
    case Verb::remove_from_list:
      if (std::erase(mine.lists, act.list) > 0) acting.list(act.list, true);
      break;
    case Verb::unspecified:
    default: throw Error{Code::invalid, "There is no such act"};
  }
  return {std::move(pair), std::move(acting.causes)};
}

std::vector<Cause> ties_of(Pair const& pair) {
  std::vector<Cause> ties;
  if (pair.friend_) ties.push_back({.tie = pair.friend_, .kind = TieKind::friend_});
  for (bool const hi : {false, true}) {
    Side const& side = hi ? pair.hi_side : pair.lo_side;
    auto const add = [&](TieId tie, TieKind kind) {
      if (tie) ties.push_back({.tie = tie, .kind = kind, .hi = hi});
    };
    add(side.follow, TieKind::following);
    add(side.request, TieKind::asked);
    add(side.block, TieKind::blocking);
    add(side.mute, TieKind::muting);
    add(side.close, TieKind::close);
    if (side.follow) add(side.notify, TieKind::notifies);
    for (ListId const list : side.lists)
      ties.push_back({.tie = TieId{list.value}, .kind = TieKind::listed, .hi = hi, .list = list});
  }
  return ties;
}

bool names(Pair const& pair, Cause const& cause) {
  Side const& side = cause.hi ? pair.hi_side : pair.lo_side;
  switch (cause.kind) {
    case TieKind::friend_: return pair.friend_ == cause.tie;
    case TieKind::following: return side.follow == cause.tie;
    case TieKind::asked: return side.request == cause.tie;
    case TieKind::blocking: return side.block == cause.tie;
    case TieKind::muting: return side.mute == cause.tie;
    case TieKind::close: return side.close == cause.tie;
    case TieKind::listed: return has(side.lists, cause.list);
    case TieKind::notifies: return side.follow && side.notify == cause.tie;
    default: return false;
  }
}

bool surely_by_holder(Pair const& pair, Cause const& cause) {
  if (cause.kind == TieKind::asked) return true;
  if (cause.kind != TieKind::following) return false;
  if (!pair.friend_ || cause.tie < pair.friend_) return true;
  // The ids of one act are of nearly one moment, first the friendship, then the actor's follow, then the other's.
  Time const friends_by = time_of_id(pair.friend_.value) + ids_of_an_act_within;
  if (time_of_id(cause.tie.value) > friends_by) return true;
  TieId const opposite = (cause.hi ? pair.lo_side : pair.hi_side).follow;
  return opposite > cause.tie && time_of_id(opposite.value) <= friends_by;
}

namespace {
bool mutes(Side const& side, Time now) { return side.mute && (side.mute_until == no_time || now < side.mute_until); }
}  // namespace

Relationship relationship_of(Pair const* pair, AccountId viewer, AccountId other, Time now) {
  Relationship shown{.other = other, .show_shares = true};
  if (pair == nullptr) return shown;
  Side const& mine = side_of(*pair, viewer);
  Side const& theirs = other_side_of(*pair, viewer);
  shown.friend_ = static_cast<bool>(pair->friend_);
  shown.following = static_cast<bool>(mine.follow);
  shown.followed_by = static_cast<bool>(theirs.follow);
  shown.requested = static_cast<bool>(mine.request);
  shown.requested_by = static_cast<bool>(theirs.request);
  shown.blocking = static_cast<bool>(mine.block);
  shown.blocked_by = static_cast<bool>(theirs.block);
  shown.muting = mutes(mine, now);
  shown.muting_notifications = shown.muting && mine.mute_notifications;
  shown.mute_until = shown.muting ? mine.mute_until : no_time;
  shown.show_shares = !mine.hide_shares;
  shown.notify = static_cast<bool>(mine.notify);
  shown.close = static_cast<bool>(mine.close);
  shown.languages = mine.languages;
  shown.lists = mine.lists;
  return shown;
}

Judged judged_of(Pair const& pair, AccountId viewer, AccountId author, ListId list, Time now) {
  Side const& mine = side_of(pair, viewer);
  Side const& theirs = side_of(pair, author);
  Judged judged;
  judged.friend_ = static_cast<bool>(pair.friend_);
  judged.follows = static_cast<bool>(mine.follow);
  judged.followed_by = static_cast<bool>(theirs.follow);
  judged.blocked = mine.block || theirs.block;
  judged.mutes = mutes(mine, now);
  judged.close = theirs.close && pair.friend_;
  judged.in_list = list && has(theirs.lists, list);
  judged.hides_shares = mine.hide_shares;
  judged.follow = mine.follow;
  judged.request = mine.request;
  judged.friend_since = pair.friend_;
  judged.mutes_notifications = judged.mutes && mine.mute_notifications;
  return judged;
}

}  // namespace kith::graph
