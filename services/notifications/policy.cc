// What is held back: from whom, by the person's policy, and who was let in or sent away. Judged when
// it is read, so a changed policy or a new friend counts at once, also for what is there already.

#include <algorithm>
#include <functional>
#include <map>

#include "services/notifications/notifications.h"

namespace kith::notifications {
namespace {

constexpr Duration new_for = std::chrono::days{30};
constexpr std::size_t held_rows_max = 1'000;  // of the newest are looked through for requests
constexpr std::size_t senders_max = 20'000;   // let in or sent away, refused beyond

// What one asked for oneself is never held back.
bool can_be_held(Kind kind) { return kind != Kind::posted && kind != Kind::edited && kind != Kind::quoted_edited; }

bool is_unasked_message(Notification const& row, graph::Judged const& tie, posts::SeenPost const* post) {
  return row.kind == Kind::mention && post != nullptr && post->facts.audience.rule == posts::Rule::direct &&
         !tie.follows && post->facts.parent_author != row.person;
}

}  // namespace

bool holds_anything(Policy const& policy) {
  for (Hold const hold : {policy.not_following, policy.not_followers, policy.new_accounts, policy.private_mentions})
    if (hold == Hold::filter || hold == Hold::drop) return true;
  return false;  // no account here is limited yet
}

Hold verdict(Policy const& policy, Sender const* sender, Notification const& row, graph::Judged const& tie,
             posts::SeenPost const* post, Time now) {
  if (!can_be_held(row.kind)) return Hold::accept;
  if (sender != nullptr && row.cause <= sender->dismissed_up_to) return Hold::drop;
  if (sender != nullptr && sender->allowed) return Hold::accept;
  Hold held = Hold::accept;
  auto const judge = [&](bool applies, Hold hold) {
    if (applies) held = std::max(held, hold);
  };
  judge(!tie.follows && !tie.friend_, policy.not_following);
  judge(!tie.followed_by && !tie.friend_, policy.not_followers);
  judge(time_of_id(row.actor.value) + new_for > now, policy.new_accounts);
  judge(is_unasked_message(row, tie, post), policy.private_mentions);
  return held;
}

Task<std::vector<Found<Sender>>> Notifications::senders(AccountId person,
                                                        std::vector<Found<Notification>> const& rows) {
  std::vector<Sender::Key> keys;
  keys.reserve(rows.size());
  for (auto const& row : rows) keys.push_back({person, row->actor});
  co_return co_await needs_.tables.get_many<Sender>(std::move(keys));
}

Task<PolicyView> Notifications::policy(Call call) {
  AccountId const me = signed_in(call);
  auto const row = co_await needs_.tables.get<Policy>({me});
  Policy const policy = row ? *row : Policy{};
  PolicyView view{.not_following = policy.not_following,
                  .not_followers = policy.not_followers,
                  .new_accounts = policy.new_accounts,
                  .private_mentions = policy.private_mentions,
                  .limited_accounts = policy.limited_accounts};
  for (SenderItem const& sender : co_await held(call)) {
    ++view.requests;
    view.notifications += sender.count;
  }
  co_return view;
}

Task<void> Notifications::set_policy(Call call, PolicyChange request) {
  AccountId const me = signed_in(call);
  auto const set = [](Hold& hold, std::optional<Hold> const& wanted) {
    if (wanted) hold = *wanted;
  };
  for (int attempt = 0; attempt < attempts_max; ++attempt) {
    auto const row = co_await needs_.tables.get<Policy>({me});
    Policy next = row ? *row : Policy{.person = me};
    set(next.not_following, request.not_following);
    set(next.not_followers, request.not_followers);
    set(next.new_accounts, request.new_accounts);
    set(next.private_mentions, request.private_mentions);
    set(next.limited_accounts, request.limited_accounts);
    if (row && next == *row) co_return;
    Change change(call.operation);
    change.replace(row, next);
    auto const committed = co_await needs_.tables.commit(std::move(change));
    if (committed.done()) co_return;
  }
  throw Error{Code::conflict, "Your policy is being changed elsewhere; please try again"};
}

// The senders of what is held back, the newest account first.
Task<std::vector<SenderItem>> Notifications::held(Call call) {
  std::map<AccountId, SenderItem, std::greater<>> senders;
  std::vector<SenderItem> items;
  auto const policy = co_await needs_.tables.get<Policy>({call.viewer});
  if (!policy || !holds_anything(*policy)) co_return items;
  Scan<Notification> scan{.partition = {call.viewer}, .limit = 200};
  for (std::size_t seen = 0; seen < held_rows_max;) {
    auto const rows = co_await needs_.tables.scan<Notification>(scan);
    if (rows.rows.empty()) break;
    seen += rows.rows.size();
    scan.from = after(Notification::sort(rows.rows.back()->cause));
    std::vector<Found<Notification>> found;
    for (auto const& row : rows) found.push_back(row);
    for (Item const& item : co_await shown(call, std::move(found))) {
      if (!item.held) continue;
      SenderItem& sender = senders[item.actor];
      sender.sender = item.actor;
      ++sender.count;
      if (!sender.newest) sender.newest = item.id;
      sender.oldest = item.id;
      if (!sender.last_post) sender.last_post = item.post;
    }
    if (!rows.more) break;
  }
  for (auto& [account, sender] : senders) items.push_back(std::move(sender));
  co_return items;
}

Task<SenderPage> Notifications::requests(Call call, SendersRequest request) {
  signed_in(call);
  std::size_t const limit = std::clamp<std::size_t>(request.limit, 1, page_max);
  AccountId const above = request.min ? request.min : request.since;
  std::vector<SenderItem> fitting;
  for (SenderItem& sender : co_await held(call))
    if ((!request.max || sender.sender < request.max) && sender.sender > above) fitting.push_back(std::move(sender));
  SenderPage page;
  // `min` asks for the page just above it, which is the end of the list.
  std::size_t const begin = request.min && fitting.size() > limit ? fitting.size() - limit : 0;
  for (std::size_t i = begin; i < fitting.size() && page.senders.size() < limit; ++i)
    page.senders.push_back(std::move(fitting[i]));
  page.more = begin + page.senders.size() < fitting.size() || static_cast<bool>(request.min);
  co_return page;
}

Task<SenderItem> Notifications::request(Call call, SenderRequest request) {
  signed_in(call);
  for (SenderItem& sender : co_await held(call))
    if (sender.sender == request.sender) co_return std::move(sender);
  throw Error{Code::not_found, "Record not found"};
}

Task<void> Notifications::answer(Call call, AnswerSenders request) {
  AccountId const me = signed_in(call);
  NotificationId const now = needs_.tables.ids().mint_as<NotificationId>();
  for (AccountId const sender : request.senders) {
    bool done = false;
    for (int attempt = 0; !done && attempt < attempts_max; ++attempt) {
      auto const policy = co_await needs_.tables.get<Policy>({me});
      auto const row = co_await needs_.tables.get<Sender>({me, sender});
      Sender next = row ? *row : Sender{.person = me, .sender = sender};
      next.allowed = request.let_in;
      if (!request.let_in) next.dismissed_up_to = now;
      Policy counted = policy ? *policy : Policy{.person = me};
      if (!row && ++counted.senders > senders_max)
        throw Error{Code::invalid, "You have answered 20,000 people already"};
      Change change;
      change.replace(row, next);
      if (!row) change.replace(policy, counted);
      auto const committed = co_await needs_.tables.commit(std::move(change));
      done = committed.done();
    }
    if (!done) throw Error{Code::conflict, "This is being changed elsewhere; please try again"};
  }
}

}  // namespace kith::notifications
