// Following tags: the person's own row is the truth, the tag's list of followers derives from it.

#include <algorithm>

#include "services/timeline/timeline.h"

namespace kith::timeline {

Task<Tag> Timeline::follow_tag(Call call, TagRequest request) {
  signed_in(call);
  auto const row = co_await needs_.tables.get<FollowedTag>({call.viewer, request.name});
  if (request.follow != static_cast<bool>(row)) {
    Change change(call.operation);
    if (request.follow) {
      Scan<FollowedTag> all{.partition = {call.viewer}};
      all.limit = followed_tags_max;
      auto const there = co_await needs_.tables.scan<FollowedTag>(std::move(all));
      if (there.rows.size() >= followed_tags_max) throw Error{Code::invalid, "You can follow at most 100 tags"};
      change.insert(FollowedTag{
          .person = call.viewer, .name = request.name, .shown = request.name, .id = needs_.tables.ids().mint()});
    } else {
      change.erase(row);
    }
    change.emit(TagFollowed{.person = call.viewer, .name = request.name});
    // A conflict: the same was done a moment ago.
    co_await needs_.tables.commit(std::move(change));
  }
  co_return Tag{.name = request.name, .following = request.follow};
}

Task<void> Timeline::on_tag_followed(TagFollowed event) {
  TagFollower const row{.name = event.name, .person = event.person};
  for (Version seen = -1;;) {
    auto const there = co_await needs_.tables.get<TagFollower>(row.key());
    auto const truth = co_await needs_.tables.get<FollowedTag>({event.person, event.name});
    if (truth.version() == seen || static_cast<bool>(truth) == static_cast<bool>(there)) co_return;
    Change change;
    if (truth)
      change.insert(row);
    else
      change.erase(there);
    auto const committed = co_await needs_.tables.commit(std::move(change));
    if (committed.done()) seen = truth.version();
  }
}

// Entries do not say for which tag they were written: the post's own tags and what the reader follows
// now decide, so leaving a tag is effective at once.
Task<void> Timeline::name_tags(AccountId reader, std::vector<Candidate>& lines) {
  Scan<FollowedTag> all{.partition = {reader}};
  all.limit = followed_tags_max;
  auto const followed = co_await needs_.tables.scan<FollowedTag>(std::move(all));
  posts::PostIds tagged;
  for (Candidate const& line : lines)
    if (line.reason == Reason::followed_tag) tagged.posts.push_back(line.post);
  auto const facts = co_await needs_.posts.fanout_facts_of(Call{}, std::move(tagged));
  std::size_t next = 0;
  for (Candidate& line : lines) {
    if (line.reason != Reason::followed_tag) continue;
    auto const& tags = facts.posts.at(next++).tags;
    for (auto const& row : followed)
      if (std::ranges::find(tags, row->name) != tags.end()) line.tag = row->shown;
  }
}

// What followed tags brought while the person was away.
Task<void> Timeline::rebuild_tags(AccountId person, PostId since) {
  Scan<FollowedTag> all{.partition = {person}};
  all.limit = followed_tags_max;
  for (auto const& tag : co_await needs_.tables.scan<FollowedTag>(std::move(all))) {
    Scan<TimelineEntry> latest{.partition = {TimelineKind::tag, tag->name}, .to = TimelineEntry::sort(since)};
    latest.limit = rebuild_posts_each;
    std::vector<FeedEntry> rows;
    for (auto const& entry : co_await needs_.tables.scan<TimelineEntry>(std::move(latest))) {
      if (entry->author == person || entry->comment) continue;
      FeedEntry row{.feed = person.value, .post = entry->post, .author = entry->author};
      row.reason = Reason::followed_tag;
      row.expires_at_ = time_of_id(entry->post.value) + needs_.settings.entry_lives;
      rows.push_back(std::move(row));
    }
    if (!rows.empty()) co_await needs_.tables.put(std::move(rows), 1);
  }
}

Task<TagPage> Timeline::tags(Call call, TagNames request) {
  std::vector<FollowedTag::Key> keys;
  for (std::string const& name : request.names) keys.push_back({call.viewer, name});
  auto const rows = co_await needs_.tables.get_many<FollowedTag>(std::move(keys));
  TagPage page;
  for (std::size_t i = 0; i < rows.size(); ++i)
    page.tags.push_back({.name = request.names[i], .following = static_cast<bool>(rows[i])});
  co_return page;
}

// A hundred at most, so they are sorted here: pages go by the time of following, the rows by name.
Task<TagPage> Timeline::followed_tags(Call call, TagsRequest request) {
  Scan<FollowedTag> all{.partition = {call.viewer}};
  all.limit = followed_tags_max;
  auto const rows = co_await needs_.tables.scan<FollowedTag>(std::move(all));
  TagPage page;
  for (auto const& row : rows)
    if ((request.max == 0 || row->id < request.max) && row->id > request.since)
      page.tags.push_back({.name = row->shown, .following = true, .id = row->id});
  std::ranges::sort(page.tags, std::greater<>(), &Tag::id);
  std::size_t const limit = std::clamp<std::size_t>(request.limit, 1, followed_tags_max);
  page.more = page.tags.size() > limit;
  if (page.more) page.tags.resize(limit);
  co_return page;
}

}  // namespace kith::timeline
