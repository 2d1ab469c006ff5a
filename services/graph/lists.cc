// Lists of people. A membership is a mark in the pair row; the rows of members derive from it.

#include <algorithm>

#include "base/text.h"
#include "services/graph/graph.h"
#include "services/graph/pair.h"

namespace kith::graph {

Task<Found<List>> Graph::own_list(AccountId viewer, ListId list) {
  auto row = co_await needs_.tables.get<List>({list});
  if (!row || row->deleted || row->person != viewer) throw Error{Code::not_found, "Record not found"};
  co_return row;
}

// Of the viewer's lists named in these rows, those whose people are left out of home. Most people have
// none, and then nothing is read.
Task<std::vector<ListId>> Graph::exclusive_lists(AccountId viewer, std::vector<Found<Pair>> const& pairs) {
  std::vector<List::Key> keys;
  for (auto const& pair : pairs)
    if (pair)
      for (ListId const list : side_of(*pair, viewer).lists)
        if (std::ranges::find(keys, list, &List::Key::id) == keys.end()) keys.push_back({list});
  std::vector<ListId> exclusive;
  if (keys.empty()) co_return exclusive;
  for (auto const& list : co_await needs_.tables.get_many<List>(std::move(keys)))
    if (list && list->exclusive && !list->deleted) exclusive.push_back(list->id);
  co_return exclusive;
}

Task<ListItems> Graph::lists(Call call, ListRequest request) {
  std::vector<List::Key> keys;
  if (request.id) {
    keys.push_back({request.id});
  } else {
    Scan<OwnList> const all{.partition = {call.viewer}, .limit = lists_max};
    for (auto const& own : co_await needs_.tables.scan<OwnList>(all)) keys.push_back({own->list});
  }
  if (request.containing) {
    Others const one{.others = {request.containing}};
    auto const tie = co_await relationships(call, one);
    auto const& in = tie.relationships.front().lists;
    std::erase_if(keys, [&](List::Key const& key) { return std::ranges::find(in, key.id) == in.end(); });
  }
  ListItems items;
  auto const rows = co_await needs_.tables.get_many<List>(std::move(keys));
  for (auto const& row : rows) {
    if (!row || row->deleted || (call.viewer && row->person != call.viewer)) continue;
    List const open = co_await needs_.tables.open(row);
    items.lists.push_back({.id = open.id,
                           .title = open.title.text(),
                           .replies = open.replies,
                           .exclusive = open.exclusive,
                           .person = open.person});
  }
  co_return items;
}

Task<ListItem> Graph::save_list(Call call, ListItem item) {
  signed_in(call);
  item.title = std::string(trim(item.title));
  if (item.title.empty()) throw Error{Code::invalid, "A list needs a title"};
  if (!is_text(item.title) || graphemes(item.title) > list_title_max)
    throw Error{Code::invalid, "A list's title has at most 255 characters"};
  if (item.replies == RepliesPolicy::unspecified) item.replies = RepliesPolicy::list;
  Found<List> row;
  if (item.id) {
    row = co_await own_list(call.viewer, item.id);
  } else {
    Scan<OwnList> const all{.partition = {call.viewer}, .limit = lists_max};
    auto const own = co_await needs_.tables.scan<OwnList>(all);
    if (own.rows.size() >= lists_max) throw Error{Code::invalid, "There can be at most 50 lists"};
    item.id = needs_.tables.ids().mint_as<ListId>();
    // The claim first (R7): a crash between leaves an id that names no list, which readers skip.
    Change claim;
    claim.put(OwnList{.person = call.viewer, .list = item.id});
    co_await needs_.tables.commit(std::move(claim));
  }
  item.person = call.viewer;
  Change change(call.operation);
  change.replace(row, List{.id = item.id,
                           .person = call.viewer,
                           .title = Sealed(item.title),
                           .replies = item.replies,
                           .exclusive = item.exclusive});
  auto const committed = co_await needs_.tables.commit(std::move(change));
  if (committed.conflict()) throw Error{Code::conflict, "This list was changed elsewhere; please try again"};
  co_return item;
}

Task<void> Graph::delete_list(Call call, ListRequest request) {
  auto const row = co_await own_list(call.viewer, request.id);
  // The pair rows grant by this list, so they are cleared before the answer.
  ListPage const all{.list = request.id, .limit = members_max};
  auto const members = co_await this->members(call, all);
  for (AccountId const member : members.people) {
    Act act{.other = member, .verb = Verb::remove_from_list, .list = request.id};
    Call one = call;
    one.operation = 0;
    co_await perform(one, std::move(act));
  }
  List gone = *row;
  gone.deleted = true;
  Change change(call.operation);
  change.replace(row, gone);
  auto const committed = co_await needs_.tables.commit(std::move(change));
  if (committed.conflict()) throw Error{Code::conflict, "This list was changed elsewhere; please try again"};
  Change forget;
  forget.erase<OwnList>({call.viewer, request.id});
  co_await needs_.tables.commit(std::move(forget));
}

Task<void> Graph::change_members(Call call, ListMembers request) {
  co_await own_list(call.viewer, request.list);
  for (AccountId const member : request.members) {
    Act act{.other = member, .verb = request.remove ? Verb::remove_from_list : Verb::add_to_list, .list = request.list};
    Call one = call;
    one.operation = 0;
    co_await perform(one, std::move(act));
  }
}

Task<People> Graph::members(Call call, ListPage request) {
  if (call.viewer) co_await own_list(call.viewer, request.list);
  Scan<ListMember> scan{.partition = {request.list}};
  scan.limit = std::clamp<std::size_t>(request.limit, 1, members_max);
  if (request.max) scan.from = after(ListMember::sort(request.max));
  if (request.since) scan.to = ListMember::sort(request.since);
  People people;
  for (auto const& member : co_await needs_.tables.scan<ListMember>(scan)) people.people.push_back(member->member);
  co_return people;
}

}  // namespace kith::graph
