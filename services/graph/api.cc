#include "services/graph/api.h"

#include <algorithm>
#include <functional>

#include "base/json.h"
#include "gateway/http/paging.h"
#include "gateway/views/account.h"
#include "gateway/views/list.h"
#include "gateway/views/relationship.h"

namespace kith::graph {
namespace {

views::Relationship view_of(Relationship const& tie) {
  views::Relationship view{.id = tie.other.value};
  view.following = tie.following;
  view.showing_shares = tie.show_shares;
  view.notifying = tie.notify;
  view.followed_by = tie.followed_by;
  view.blocking = tie.blocking;
  view.blocked_by = tie.blocked_by;
  view.muting = tie.muting;
  view.muting_notifications = tie.muting_notifications;
  view.muted_until = tie.mute_until;
  view.requested = tie.requested;
  view.requested_by = tie.requested_by;
  view.note = tie.note;
  view.languages = tie.languages;
  view.friends = tie.friend_;
  view.close = tie.close;
  return view;
}

Response shown(Relationship const& tie) {
  std::string out;
  views::append_relationship(out, view_of(tie));
  return Response::json(std::move(out));
}

// Follow, unfollow, block and their like: one verb each, with what a follow or mute may say besides.
Task<Response> perform(GraphService& graph, Clock const& clock, Verb verb, Request request) {
  Act act{.other = request.id<AccountId>("id"), .verb = verb};
  act.show_shares = request.maybe_flag("reblogs");
  act.notify = request.maybe_flag("notify");
  act.languages = request.texts("languages");
  if (verb == Verb::mute) {
    act.mute_notifications = request.flag("notifications", true);
    auto const seconds = request.maybe_number("duration").value_or(0);
    if (seconds < 0) throw Error{Code::invalid, "duration is a number of seconds, 0 for ever"};
    if (seconds > 0) act.mute_until = clock.now() + std::chrono::seconds{std::min<std::int64_t>(seconds, 315'360'000)};
  }
  co_return shown(co_await graph.perform(request.call(), std::move(act)));
}

Task<Response> relationships(GraphService& graph, Request request) {
  Others others{.others = request.ids<AccountId>("id"), .with_notes = true};
  if (others.others.size() > 100) throw Error{Code::invalid, "Ask for at most 100 accounts at once"};
  auto const list = co_await graph.relationships(request.call(), std::move(others));
  std::vector<views::Relationship> all;
  for (auto const& tie : list.relationships) all.push_back(view_of(tie));
  std::string out;
  views::append_relationships(out, all);
  co_return Response::json(std::move(out));
}

TiesRequest wanted_ties(Paging const& paging, AccountId person, TieKind kind) {
  return {.person = person,
          .kind = kind,
          .max = TieId{paging.max_id},
          .since = TieId{paging.since_id},
          .min = TieId{paging.min_id},
          .limit = static_cast<std::uint32_t>(paging.limit)};
}

// A page of people by the ids of the ties to them.
Task<Response> people(GraphService& graph, Hydrator& hydrator, Request request, AccountId person, TieKind kind) {
  auto const page = co_await graph.ties(request.call(), wanted_ties(paging_of(request, 40, 80), person, kind));
  std::vector<AccountId> others;
  for (auto const& tie : page.ties) others.push_back(tie.other);
  Response response = Response::json(co_await hydrator.account_list(request.call(), std::move(others)));
  if (!page.ties.empty()) link_pages(response, request, page.ties.front().tie.value, page.ties.back().tie.value);
  co_return response;
}

Task<Response> own_people(GraphService& graph, Hydrator& hydrator, TieKind kind, Request request) {
  AccountId const me = request.call().viewer;
  co_return co_await people(graph, hydrator, std::move(request), me, kind);
}

// A mute that is over has still its tie: the pair of the two says until when.
Task<Response> muted_people(GraphService& graph, Hydrator& hydrator, Request request) {
  Paging const paging = paging_of(request, 40, 80);
  Call const call = request.call();
  TiePage const page = co_await graph.ties(call, wanted_ties(paging, call.viewer, TieKind::muting));
  Others asked;
  for (auto const& tie : page.ties) asked.others.push_back(tie.other);
  auto const list = co_await graph.relationships(call, asked);
  auto const accounts = co_await hydrator.accounts(call, std::move(asked.others));
  std::string out = "[";
  for (std::size_t i = 0; i < accounts.size(); ++i) {
    Relationship const& tie = list.relationships[i];
    if (!accounts[i] || !tie.muting) continue;
    if (out.size() > 1) out += ',';
    views::append_muted_account(out, *accounts[i], tie.mute_until);
  }
  Response response = Response::json(out + ']');
  if (!page.ties.empty()) link_pages(response, request, page.ties.front().tie.value, page.ties.back().tie.value);
  co_return response;
}

Task<Response> people_of(GraphService& graph, Hydrator& hydrator, users::UsersService& users, TieKind kind,
                         Request request) {
  AccountId const person = request.id<AccountId>("id");
  users::Accounts one;
  one.accounts.push_back(person);
  auto const stamp = (co_await users.stamps(request.call(), std::move(one))).stamps.front();
  if (stamp.version == 0 || stamp.state == users::State::erasing) throw Error{Code::not_found, "Record not found"};
  bool const hidden = stamp.hide_ties && request.call().viewer != person;
  if (hidden || stamp.state != users::State::active) co_return Response::json("[]");
  co_return co_await people(graph, hydrator, std::move(request), person, kind);
}

Task<Response> mutuals(GraphService& graph, Hydrator& hydrator, Request request) {
  MutualsRequest wanted{.limit = static_cast<std::uint32_t>(paging_of(request, 40, 40).limit)};
  wanted.others.push_back(request.id<AccountId>("id"));
  auto const list = co_await graph.mutuals(request.call(), std::move(wanted));
  co_return Response::json(co_await hydrator.account_list(request.call(), list.mutuals.front().people));
}

Task<Response> suggestions(GraphService& graph, Hydrator& hydrator, Request request) {
  SuggestRequest const wanted{.limit = static_cast<std::uint32_t>(paging_of(request, 40, 80).limit)};
  auto const list = co_await graph.suggest(request.call(), wanted);
  std::vector<AccountId> others;
  for (auto const& mutual : list.mutuals) others.push_back(mutual.other);
  auto const accounts = co_await hydrator.accounts(request.call(), std::move(others));
  std::string out;
  JsonWriter json(out);
  json.list();
  for (std::size_t i = 0; i < accounts.size(); ++i) {
    if (!accounts[i]) continue;
    json.begin().text("source", "past_interactions").list("sources").text_item("friends_of_friends").end_list();
    json.number("mutual_friends", list.mutuals[i].count).raw("account", *accounts[i]).end();
  }
  json.end_list();
  co_return Response::json(std::move(out));
}

// Following requests: the answer is the relationship, as for all acts.
Task<Response> answer_ask(GraphService& graph, Verb verb, Request request) {
  Act act{.other = request.id<AccountId>("id"), .verb = verb};
  co_return shown(co_await graph.perform(request.call(), std::move(act)));
}

Task<Response> set_note(GraphService& graph, Request request) {
  NoteRequest note{.other = request.id<AccountId>("id"), .text = request.maybe_text("comment").value_or("")};
  co_return shown(co_await graph.set_note(request.call(), std::move(note)));
}

constexpr std::pair<std::string_view, RepliesPolicy> policies[] = {
    {"list", RepliesPolicy::list}, {"followed", RepliesPolicy::followed}, {"none", RepliesPolicy::none}};

views::List view_of(ListItem const& item) {
  views::List view{.id = item.id.value, .title = item.title, .exclusive = item.exclusive};
  for (auto const& [word, policy] : policies)
    if (policy == item.replies) view.replies_policy = word;
  return view;
}

Response shown(ListItem const& item) {
  std::string out;
  views::append_list(out, view_of(item));
  return Response::json(std::move(out));
}

Response shown(ListItems const& items) {
  std::vector<views::List> all;
  for (auto const& item : items.lists) all.push_back(view_of(item));
  std::string out;
  views::append_lists(out, all);
  return Response::json(std::move(out));
}

Task<ListItem> own_list(GraphService& graph, Call call, ListId id) {
  ListRequest const wanted{.id = id};
  auto items = co_await graph.lists(call, wanted);
  if (items.lists.empty()) throw Error{Code::not_found, "Record not found"};
  co_return std::move(items.lists.front());
}

Task<Response> lists(GraphService& graph, Request request) {
  ListRequest const all{};
  co_return shown(co_await graph.lists(request.call(), all));
}

Task<Response> lists_with(GraphService& graph, Request request) {
  ListRequest const with{.containing = request.id<AccountId>("id")};
  co_return shown(co_await graph.lists(request.call(), with));
}

Task<Response> show_list(GraphService& graph, Request request) {
  co_return shown(co_await own_list(graph, request.call(), request.id<ListId>("id")));
}

Task<Response> save_list(GraphService& graph, bool is_new, Request request) {
  ListItem item;
  if (!is_new) item = co_await own_list(graph, request.call(), request.id<ListId>("id"));
  if (auto const title = request.maybe_text("title")) item.title = *title;
  if (auto const policy = request.maybe_text("replies_policy")) {
    item.replies = RepliesPolicy::unspecified;
    for (auto const& [word, known] : policies)
      if (word == *policy) item.replies = known;
    if (item.replies == RepliesPolicy::unspecified)
      throw Error{Code::invalid, "replies_policy must be followed, list or none"};
  }
  item.exclusive = request.flag("exclusive", item.exclusive);
  co_return shown(co_await graph.save_list(request.call(), std::move(item)));
}

Task<Response> delete_list(GraphService& graph, Request request) {
  ListRequest const gone{.id = request.id<ListId>("id")};
  co_await graph.delete_list(request.call(), gone);
  co_return Response::nothing();
}

Task<Response> members(GraphService& graph, Hydrator& hydrator, Request request) {
  // limit=0 means all, as existing apps use it to edit a list.
  auto const limit = request.maybe_number("limit");
  Paging const paging = paging_of(request, 40, 80);
  ListPage const wanted{.list = request.id<ListId>("id"),
                        .max = AccountId{paging.max_id},
                        .since = AccountId{paging.since_id},
                        .limit = limit == 0 ? 500u : static_cast<std::uint32_t>(paging.limit)};
  auto const page = co_await graph.members(request.call(), wanted);
  Response response = Response::json(co_await hydrator.account_list(request.call(), page.people));
  if (limit != 0 && !page.people.empty())
    link_pages(response, request, page.people.front().value, page.people.back().value);
  co_return response;
}

Task<Response> change_members(GraphService& graph, bool remove, Request request) {
  ListMembers change{
      .list = request.id<ListId>("id"), .members = request.ids<AccountId>("account_ids"), .remove = remove};
  if (change.members.size() > 100) throw Error{Code::invalid, "Change at most 100 members at once"};
  co_await graph.change_members(request.call(), std::move(change));
  co_return Response::nothing();
}

}  // namespace

void graph_api(Router& router, GraphService& graph, users::UsersService& users, Hydrator& hydrator,
               Clock const& clock) {
  using std::bind_front;
  using std::ref;
  struct ActRoute {
    std::string_view path;
    Verb verb;
    std::string_view scope;
    std::string_view summary;
    std::vector<ParamDoc> params = {};
  };
  ActRoute const acts[] = {
      {"/api/v1/accounts/:id/follow",
       Verb::follow,
       "write:follows",
       "Follows somebody; a locked account is asked, and who accepts becomes a friend",
       {{"reblogs", "boolean", "show what they share"},
        {"notify", "boolean", "tell me of each post"},
        {"languages[]", "[string]", "only posts in these languages"}}},
      {"/api/v1/accounts/:id/unfollow", Verb::unfollow, "write:follows", "Unfollows; a friendship ends"},
      {"/api/v1/accounts/:id/remove_from_followers", Verb::remove_follower, "write:follows",
       "Ends that they follow you; a friendship ends"},
      {"/api/v1/accounts/:id/befriend", Verb::ask_friend, "write:follows", "Asks for friendship"},
      {"/api/v1/accounts/:id/unfriend", Verb::unfriend, "write:follows", "Ends a friendship"},
      {"/api/v1/accounts/:id/see_less", Verb::see_less, "write:follows", "Stays friends, but out of the feed"},
      {"/api/v1/accounts/:id/close", Verb::close, "write:follows", "Counts a friend among the close ones"},
      {"/api/v1/accounts/:id/unclose", Verb::unclose, "write:follows", "No longer a close friend"},
      {"/api/v1/accounts/:id/block", Verb::block, "write:blocks", "Blocks; everything between you ends"},
      {"/api/v1/accounts/:id/unblock", Verb::unblock, "write:blocks", "Unblocks"},
      {"/api/v1/accounts/:id/mute",
       Verb::mute,
       "write:mutes",
       "Hides their posts from you",
       {{"notifications", "boolean", "hide notifications too (true)"}, {"duration", "integer", "seconds, 0 for ever"}}},
      {"/api/v1/accounts/:id/unmute", Verb::unmute, "write:mutes", "Shows their posts again"},
  };
  for (ActRoute const& act : acts)
    router.add(
        {.method = Method::post, .path = act.path, .scope = act.scope, .summary = act.summary, .params = act.params},
        bind_front(perform, ref(graph), std::cref(clock), act.verb));

  router.add({.path = "/api/v1/accounts/relationships",
              .scope = "read:follows",
              .summary = "What you and others are to each other",
              .params = {{"id[]", "[id]", "accounts, at most 100", required}}},
             bind_front(relationships, ref(graph)));
  router.add({.path = "/api/v1/accounts/:id/followers",
              .access = Access::open,
              .scope = "read:accounts",
              .summary = "Who follows somebody"},
             bind_front(people_of, ref(graph), ref(hydrator), ref(users), TieKind::follower));
  router.add({.path = "/api/v1/accounts/:id/following",
              .access = Access::open,
              .scope = "read:accounts",
              .summary = "Whom somebody follows"},
             bind_front(people_of, ref(graph), ref(hydrator), ref(users), TieKind::following));
  router.add({.path = "/api/v1/accounts/:id/friends",
              .access = Access::open,
              .scope = "read:accounts",
              .summary = "Somebody's friends"},
             bind_front(people_of, ref(graph), ref(hydrator), ref(users), TieKind::friend_));
  router.add({.path = "/api/v1/accounts/:id/mutuals", .scope = "read:follows", .summary = "Friends you have in common"},
             bind_front(mutuals, ref(graph), ref(hydrator)));
  router.add({.path = "/api/v2/suggestions", .scope = "read", .summary = "Friends of friends"},
             bind_front(suggestions, ref(graph), ref(hydrator)));
  router.add({.path = "/api/v1/follow_requests", .scope = "read:follows", .summary = "Who asks to be your friend"},
             bind_front(own_people, ref(graph), ref(hydrator), TieKind::asked_by));
  router.add({.path = "/api/v1/blocks", .scope = "read:blocks", .summary = "Whom you block"},
             bind_front(own_people, ref(graph), ref(hydrator), TieKind::blocking));
  router.add({.path = "/api/v1/mutes", .scope = "read:mutes", .summary = "Whom you mute"},
             bind_front(muted_people, ref(graph), ref(hydrator)));
  router.add({.path = "/api/v1/close_friends", .scope = "read:follows", .summary = "Your close friends"},
             bind_front(own_people, ref(graph), ref(hydrator), TieKind::close));
  router.add({.method = Method::post,
              .path = "/api/v1/follow_requests/:id/authorize",
              .scope = "write:follows",
              .summary = "Accepts: you are friends"},
             bind_front(answer_ask, ref(graph), Verb::accept));
  router.add({.method = Method::post,
              .path = "/api/v1/follow_requests/:id/reject",
              .scope = "write:follows",
              .summary = "Refuses"},
             bind_front(answer_ask, ref(graph), Verb::refuse));
  router.add({.method = Method::post,
              .path = "/api/v1/accounts/:id/note",
              .scope = "write:accounts",
              .summary = "Keeps a private note on somebody",
              .params = {{"comment", "string", "the note; empty removes it"}}},
             bind_front(set_note, ref(graph)));

  std::vector<ParamDoc> const list_params = {{"title", "string", "its name"},
                                             {"replies_policy", "string", "followed, list or none"},
                                             {"exclusive", "boolean", "leave its people out of home"}};
  router.add({.path = "/api/v1/lists", .scope = "read:lists", .summary = "Your lists"}, bind_front(lists, ref(graph)));
  router.add({.path = "/api/v1/accounts/:id/lists", .scope = "read:lists", .summary = "Your lists with this person"},
             bind_front(lists_with, ref(graph)));
  router.add({.path = "/api/v1/lists/:id", .scope = "read:lists", .summary = "One list"},
             bind_front(show_list, ref(graph)));
  router.add({.method = Method::post,
              .path = "/api/v1/lists",
              .scope = "write:lists",
              .summary = "Makes a list",
              .params = list_params},
             bind_front(save_list, ref(graph), true));
  router.add({.method = Method::put,
              .path = "/api/v1/lists/:id",
              .scope = "write:lists",
              .summary = "Changes a list",
              .params = list_params},
             bind_front(save_list, ref(graph), false));
  router.add({.method = Method::del, .path = "/api/v1/lists/:id", .scope = "write:lists", .summary = "Deletes a list"},
             bind_front(delete_list, ref(graph)));
  router.add({.path = "/api/v1/lists/:id/accounts", .scope = "read:lists", .summary = "Who is in a list"},
             bind_front(members, ref(graph), ref(hydrator)));
  router.add({.method = Method::post,
              .path = "/api/v1/lists/:id/accounts",
              .scope = "write:lists",
              .summary = "Adds people to a list",
              .params = {{"account_ids[]", "[id]", "people you follow", required}}},
             bind_front(change_members, ref(graph), false));
  router.add({.method = Method::del,
              .path = "/api/v1/lists/:id/accounts",
              .scope = "write:lists",
              .summary = "Takes people out of a list",
              .params = {{"account_ids[]", "[id]", "members", required}}},
             bind_front(change_members, ref(graph), true));
}

}  // namespace kith::graph
