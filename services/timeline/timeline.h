#pragma once

// Feeds and timelines.
//
// A post goes at once into the feeds of followers who came in the last three days; it is merged on
// read from famous authors, whose posts are O(1) to write; who stayed away longer gets their feed
// completed when they return. Feeds hold ids and reasons only and are never cleaned up: whether an
// entry may be seen, and whether its reason still holds, is asked anew for every page. Any thread.
//
// Sources: home.cc (reading home and lists), open.cc (public and tags), fanout.cc (writing),
// returning.cc (who comes back, who is famous), tags.cc (following tags), rebuild.cc.

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>

#include "ports/clock/clock.h"
#include "ports/log/log.h"
#include "ports/table/tables.h"
#include "ports/table/walk.h"
#include "services/graph/graph.kith.h"
#include "services/pages/pages.kith.h"
#include "services/posts/posts.kith.h"
#include "services/timeline/timeline.kith.h"

namespace kith::timeline {

inline constexpr Duration passive_for = std::chrono::days{60};
inline constexpr Duration access_noted_every = std::chrono::hours{1};
inline constexpr Duration second_pass_after = std::chrono::seconds{15};
inline constexpr std::size_t page_max = 80;
inline constexpr std::size_t scans_max = 10;          // of one page: then it is sent as it is, with a next link
inline constexpr std::size_t backfill_posts = 20;     // of somebody newly followed
inline constexpr char const* famous_name = "famous";  // the partition of all of them
inline constexpr std::size_t rebuild_authors_max = 5'000;
inline constexpr std::size_t rebuild_posts_each = 40;
inline constexpr std::size_t followed_tags_max = 100;
// A share hides behind a newer entry of the same post within so many entries above it.
inline constexpr std::size_t share_window = 40;

class Timeline final : public TimelineService, public TimelineFollower {
 public:
  struct Settings {
    std::uint64_t famous_from = 10'000;                 // followers
    std::uint64_t famous_until = 8'000;                 // below it no longer; the gap keeps one from flickering
    Duration active_for = std::chrono::days{3};         // since the last visit: written for at once
    Duration entry_lives = std::chrono::days{60};       // in a feed; older posts are merged on read
    Duration open_entry_lives = std::chrono::days{90};  // in public and hashtag timelines
    std::uint32_t fanout_at_once = 1'000;               // followers in one go; the rest by further events
  };
  struct Needs {
    Tables& tables;
    Clock const& clock;
    Log& log;
    graph::GraphService& graph;
    posts::PostsService& posts;
    pages::PagesService& pages;
    Settings settings = {};
  };
  explicit Timeline(Needs needs) : needs_(needs) {}

  Task<TimelinePage> home(Call call, PageRequest request) override;
  Task<TimelinePage> public_(Call call, PageRequest request) override;
  Task<TimelinePage> tagged(Call call, PageRequest request) override;
  Task<TimelinePage> linked(Call call, PageRequest request) override;
  Task<TimelinePage> listed(Call call, PageRequest request) override;
  Task<Tag> follow_tag(Call call, TagRequest request) override;
  Task<TagPage> tags(Call call, TagNames request) override;
  Task<TagPage> followed_tags(Call call, TagsRequest request) override;
  Task<void> wake(Call call, People request) override;
  Task<keeper::RebuildPage> rebuild(Call call, keeper::RebuildRequest request) override;

  Task<void> on_post_changed(posts::PostChanged event) override;
  Task<void> on_pair_changed(graph::PairChanged event) override;
  Task<void> on_fanout_continued(FanoutContinued event) override;
  Task<void> on_tag_followed(TagFollowed event) override;
  Task<void> on_returned(Returned event) override;

 private:
  // One line that may become an item of a page.
  struct Candidate {
    PostId post;
    AccountId author;
    PostId target;
    AccountId target_author;
    AccountId root_author;
    Reason reason;
    std::string tag = {};  // that the reader follows, where that is the reason
  };
  struct Candidates {
    std::vector<Candidate> lines;  // newest first (or oldest first, scanning upwards), each post once
    bool more = false;
    PostId last = {};  // where the next scan goes on
  };
  // The newest of the public timeline, which everybody asks for: read once, until another post comes.
  struct Latest {
    std::vector<Candidate> lines;  // newest first
    bool more = false;             // there are older ones
    std::uint64_t written = 0;     // public_written_ before it was read
    Duration read_at = {};
  };
  // Where a page's candidates come from, and what of the visible ones belongs on it.
  struct Source {
    std::uint64_t feed = 0;
    bool famous = false;  // with what the famous wrote whom the reader follows
    TimelineKind kind = TimelineKind::unspecified;
    std::string name = {};
  };
  struct Keep;

  // `first`: what the first scan found, where that was begun already.
  Task<TimelinePage> page_of(Call call, PageRequest request, Source source, Keep const& keep,
                             std::optional<Candidates> first);
  Task<TimelinePage> tagged_many(Call call, PageRequest request);
  pages::PostsRequest question_about(std::vector<Candidate> const& lines) const;
  Task<Candidates> candidates(Call call, Source const& source, PageRequest const& request, std::size_t limit);
  Task<Candidates> feed_candidates(Call call, Source const& source, PageRequest const& request, std::size_t limit);
  Task<std::vector<Candidate>> famous_candidates(Call call, PageRequest const& request, std::size_t limit);
  Task<Candidates> open_candidates(Source const& source, PageRequest const& request, std::size_t limit);

  Task<std::shared_ptr<Latest const>> latest_public();

  // Which tag each line is there for; none: the reader has left it since.
  Task<void> name_tags(AccountId reader, std::vector<Candidate>& lines);
  // The part of a fan-out that one handler does.
  Task<posts::FanoutFacts> facts_of(PostId post, bool listed);
  Task<void> show_at_once(posts::FanoutFacts post);
  Task<void> fan_out(posts::FanoutFacts post, TieId after);
  Task<void> fan_out_to_lists(posts::FanoutFacts const& post);
  Task<void> fan_out_to_tag(posts::FanoutFacts const& post, std::string tag, AccountId after);
  Task<std::vector<AccountId>> reading(std::vector<AccountId> people);
  Task<std::vector<AccountId>> tied_to(AccountId root_author, std::vector<AccountId> people);
  Task<bool> is_listed(graph::Cause cause, AccountId holder, AccountId author);
  Task<void> backfill(std::uint64_t feed, AccountId author);
  Task<void> spread(FeedEntry entry, std::vector<std::uint64_t> feeds, Version version);

  // True: they were away, and their feed was completed just now.
  Task<bool> arrive(AccountId person);
  Task<void> rebuild(AccountId person, PostId since);
  Task<void> rebuild_tags(AccountId person, PostId since);
  // What the feed holds of these authors' latest posts.
  Task<std::vector<FeedEntry>> entries_of(std::uint64_t feed, std::vector<AccountId> authors, PostId since,
                                          std::size_t each);
  Task<bool> famous_now(AccountId author, std::uint64_t followers);
  Task<std::vector<AccountId>> famous();

  // The walks of a rebuild; each returns where it goes on.
  Task<std::string> walk_followed_tags(keeper::Walk& walk);
  Task<std::string> walk_tag_followers(keeper::Walk& walk);
  Task<std::string> walk_posts(keeper::Walk& walk);
  Task<std::string> walk_feeds(keeper::Walk& walk);
  Task<void> walk_feed(keeper::Walk& walk, FeedState state);
  Task<void> compare_tags(keeper::Walk& walk, FeedState const& state);
  Task<std::string> walk_lists(keeper::Walk& walk);
  Task<std::string> walk_famous(keeper::Walk& walk);
  Task<void> settle_famous(keeper::Walk& walk, AccountId author);
  // Of these entries, those that are not there although they have to be.
  Task<std::vector<FeedEntry>> absent_of(std::vector<FeedEntry> entries);
  Task<std::vector<posts::FanoutFacts>> facts_of(std::vector<FeedEntry> const& entries);
  Task<std::vector<FeedEntry>> missing_of(std::vector<FeedEntry> entries);

  Needs needs_;
  std::mutex latest_mutex_;
  std::shared_ptr<Latest const> latest_;
  std::atomic<std::uint64_t> public_written_{0};  // entries of the public timeline, by this process
  std::mutex famous_mutex_;
  std::vector<AccountId> famous_;  // as read at most 10 seconds ago
  Duration famous_read_ = Duration::min();
};

}  // namespace kith::timeline
