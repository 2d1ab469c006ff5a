#pragma once

// Posts, comments, shares and quotes.
//
// A head decides: who wrote it, to whom, in which state; it is one row and changes by one commit. Its
// words are versions, written before the head that names them and never again. Lists (of an author,
// of a thread, replies, quotes) follow from the head before the answer is given. Who may see a post is
// said here and nowhere else, by `see`. Any thread.
//
// Sources: posts.cc (reading posts), marks.cc (their counts, what the viewer did), publish.cc, edit.cc, shares.cc,
// lists.cc, thread.cc, own.cc (pins, muted threads), drafts.cc, events.cc (what follows from a head), gone.cc (erased
// accounts), rebuild.cc.

#include <mutex>
#include <optional>
#include <span>

#include "base/live.h"
#include "base/places.h"
#include "ports/clock/clock.h"
#include "ports/clock/minter.h"
#include "ports/table/tables.h"
#include "ports/table/walk.h"
#include "services/posts/posts.kith.h"
#include "services/posts/sight.h"
#include "services/posts/words.h"

namespace kith::posts {

inline constexpr std::size_t except_max = 50;  // each is looked at whenever the post is read
inline constexpr std::size_t versions_max = 100;
inline constexpr std::size_t pins_max = 5;
inline constexpr std::size_t muted_threads_max = 20'000;
inline constexpr std::size_t drafts_max = 300;
inline constexpr std::size_t drafts_a_day_max = 25;
inline constexpr std::size_t draft_bytes_max = 64 << 10;  // many times the longest post, with all that stands beside it
inline constexpr int attempts_max = 4;  // of one who acts, each lost to another writer of the same row
inline constexpr std::size_t see_max = 500;
inline constexpr std::size_t thread_max = 4'096;         // what is read of one conversation
inline constexpr std::size_t thread_anonymous_max = 60;  // nobody in particular gets less work done
inline constexpr Duration schedule_ahead_min = std::chrono::minutes{5};
inline constexpr Duration claim_held = std::chrono::hours{24};

class Posts final : public PostsService, public PostsFollower {
 public:
  struct Needs {
    Tables& tables;
    Clock const& clock;
    users::UsersService& users;
    graph::GraphService& graph;
    ImportIds* imports = nullptr;  // mints the ids of posts that were written elsewhere, earlier; null: none are taken
    WordLimits limits = {};
  };
  explicit Posts(Needs needs) : needs_(std::move(needs)), limits_(std::move(needs_.limits)) {}

  // From now on. Any thread.
  void change(WordLimits limits) { limits_.set(std::move(limits)); }

  Task<Published> publish(Call call, NewPost request) override;
  Task<void> edit(Call call, EditPost request) override;
  Task<void> delete_(Call call, PostRequest request) override;
  Task<void> revoke_quote(Call call, RevokeRequest request) override;
  Task<Published> share(Call call, ShareRequest request) override;
  Task<void> unshare(Call call, PostRequest request) override;
  Task<Seen> see(Call call, SeeRequest request) override;
  Task<ContentList> contents(Call call, ContentKeys request) override;
  Task<PostPage> by_author(Call call, AuthorRequest request) override;
  Task<ThreadPage> thread(Call call, ThreadRequest request) override;
  Task<VersionList> history(Call call, PostRequest request) override;
  Task<PeoplePage> shared_by(Call call, PeopleRequest request) override;
  Task<PostPage> quotes(Call call, PeopleRequest request) override;
  Task<AuthorCountsPage> author_counts(Call call, AuthorCountsRequest request) override;
  Task<void> pin(Call call, Switch request) override;
  Task<void> mute_thread(Call call, Switch request) override;
  Task<Drafts> scheduled(Call call, DraftRequest request) override;
  Task<DraftItem> reschedule(Call call, DraftRequest request) override;
  Task<void> drop_scheduled(Call call, DraftRequest request) override;
  Task<DraftItem> save_draft(Call call, DraftItem request) override;
  Task<Published> publish_draft(Call call, DraftRequest request) override;
  Task<FanoutFactsPage> fanout_facts_of(Call call, PostIds request) override;
  Task<PostTotals> totals(Call call) override;
  Task<RecentPosts> recent(Call call, RecentRequest request) override;
  Task<UsesPage> uses(Call call, UsesRequest request) override;
  Task<AllPostsPage> all(Call call, AllPosts request) override;
  Task<keeper::RebuildPage> rebuild(Call call, keeper::RebuildRequest request) override;

  Task<void> on_post_changed(PostChanged event) override;
  Task<void> on_scheduled_due(ScheduledDue event) override;
  Task<void> on_account_changed(users::AccountChanged event) override;

 private:
  // A post that passed all checks, before it has an id.
  struct Ready {
    Head head;
    Version version;
  };
  // The id a new post gets, and whether nobody else can be writing under it.
  struct Claimed {
    std::uint64_t id = 0;
    bool fresh = true;
  };

  // What stands beside posts, and what the viewer did to them; where the tables are apart, read before it is known
  // which of it will be shown.
  struct Marks {
    Places<PostId> posts = Places<PostId>(0);
    std::vector<Found<PostCounts>> counts = {};
    std::vector<Found<Share>> shares = {};
    std::vector<Found<MutedThread>> mutes = {};
    Found<OwnCounts> owns = {};
    std::optional<FoundRows<Pin>> pins = {};
  };

  Task<Sight> look(Call call, std::vector<PostId> posts, Sight::Named named = {});
  Task<Sight> look(Call call, PostId post);
  Task<void> refuse_foreign(Call call, PostId post);
  Task<Seen> see_all(Call call, SeeRequest request);
  Task<Seen> see_apart(Call call, SeeRequest request);
  Task<void> fill(Call call, std::vector<Facts*> shown);
  Task<void> fill(Call call, std::vector<Facts*> shown, Marks marks);
  Task<std::vector<AccountId>> followed_of(Call call, std::vector<AccountId> authors);
  Task<Marks> marks_of(Call call, std::vector<PostId> posts, Marks known, bool pins);

  Task<Ready> prepare(Call call, NewPost const& post);
  Task<Audience> checked_audience(Call call, Audience asked, Head const* root, Rule otherwise);
  Task<std::vector<Mention>> mentions_of(Call call, Words const& words);
  Task<Claimed> claim(Call call, std::string key, Found<Claim> there);
  Task<PostId> insert(Call call, Ready ready, PostId id, bool fresh);
  Task<bool> edit_once(Call call, EditPost const& request);

  Task<Published> share_of(Call call, Head head, Audience audience);
  Task<void> settle_share(PostChanged event, Found<Head> head);

  template <class Row>
  Task<PostPage> page_of(Call call, Scan<Row> scan, std::size_t limit, bool (*wanted)(Row const&, AuthorRequest const&),
                         AuthorRequest filter);
  Task<PostPage> pinned(Call call, AccountId author);

  Task<Published> schedule(Call call, NewPost post, Found<Claim> claimed);
  Task<Found<Draft>> own_draft(Call call, DraftId draft);
  Task<bool> take_draft(Found<Draft> draft, OperationId operation);
  Task<void> insert_draft(Call call, Draft draft);
  struct DraftOutcome {
    PostId post = {};  // zero: somebody else took or changed the draft
    std::optional<Error> refused = {};
  };
  Task<DraftOutcome> publish_or_keep(Found<Draft> found);
  Task<PostId> publish_found(Found<Draft> found);

  Task<void> list_by_author(Found<Head> head);
  Task<void> list_until_still(Found<Head> head);
  Task<void> unpin_deleted(Found<Head> head);
  Task<void> purge_versions(PostId post);
  template <class Row>
  Task<void> erase_own(AccountId account);
  template <class Row>
  Task<void> derive(Row row, bool there, std::optional<PostCounts::Field> counted);

  // The walks of a rebuild; each returns where it goes on.
  Task<std::string> walk_heads(keeper::Walk& walk);
  Task<void> compare_closeness(keeper::Walk& walk, std::vector<Found<Head>> const& heads);
  Task<std::string> walk_author_posts(keeper::Walk& walk);
  template <class Row>
  Task<std::string> walk_derived(keeper::Walk& walk, char const* what);
  Task<std::string> walk_shares(keeper::Walk& walk);
  Task<std::string> walk_claims(keeper::Walk& walk);
  template <class Own>
  Task<std::string> walk_own(keeper::Walk& walk);
  template <class Counts, class Id>
  Task<std::string> walk_counts(keeper::Walk& walk, Id Counts::* of);
  // What a row of counts would be if it were counted now.
  Task<AuthorCounts> counted(AuthorCounts::Key key);
  Task<PostCounts> counted(PostCounts::Key key);
  Task<OwnCounts> counted(OwnCounts::Key key);
  template <class Counts>
  Task<void> recount(keeper::Walk& walk, typename Counts::Key key, std::string whose);

  Needs needs_;
  Live<WordLimits> limits_;
  std::mutex totals_mutex_;
  PostTotals totals_;
  Duration totals_counted_ = Duration::min();
};

// "There is no such post": also for what the viewer may not see.
[[noreturn]] void no_such_post();
PostChanged changed(Head const& head, kith::Version version);
// The row of the author's list that a live post stands for. `version`: its current words, if they are there.
AuthorPost author_post(Head const& head, Version const* version);
// A new row of the author's list, and its count.
Change listed(AuthorPost const& row, Found<AuthorCounts> const& counts);

}  // namespace kith::posts
