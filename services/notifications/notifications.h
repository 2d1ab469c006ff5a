#pragma once

// What happened to a person. A row is derived from its cause (a tie, a reaction, a share, a post) and
// shown only while the cause stands and the post may be seen. Any thread.

#include "ports/clock/clock.h"
#include "ports/log/log.h"
#include "ports/table/tables.h"
#include "ports/table/walk.h"
#include "services/graph/graph.kith.h"
#include "services/notifications/notifications.kith.h"
#include "services/posts/posts.kith.h"
#include "services/reactions/reactions.kith.h"

namespace kith::notifications {

inline constexpr std::size_t page_max = 80;
inline constexpr std::size_t scans_max = 10;
inline constexpr int attempts_max = 10;  // each lost to another change of the same row
inline constexpr std::size_t told_at_once = 500;

class Notifications final : public NotificationsService, public NotificationsFollower {
 public:
  struct Needs {
    Tables& tables;
    Clock const& clock;
    Log& log;
    graph::GraphService& graph;
    posts::PostsService& posts;
    reactions::ReactionsService& reactions;
    Duration kept_for = std::chrono::days{365};
  };
  explicit Notifications(Needs needs) : needs_(needs) {}

  Task<NotificationPage> page(Call call, PageRequest request) override;
  Task<Item> get(Call call, ItemRequest request) override;
  Task<void> dismiss(Call call, ItemRequest request) override;
  Task<void> clear(Call call) override;
  Task<Count> unread(Call call, CountRequest request) override;
  Task<PolicyView> policy(Call call) override;
  Task<void> set_policy(Call call, PolicyChange request) override;
  Task<SenderPage> requests(Call call, SendersRequest request) override;
  Task<SenderItem> request(Call call, SenderRequest request) override;
  Task<void> answer(Call call, AnswerSenders request) override;
  Task<keeper::RebuildPage> rebuild(Call call, keeper::RebuildRequest request) override;

  Task<void> on_pair_changed(graph::PairChanged event) override;
  Task<void> on_post_changed(posts::PostChanged event) override;
  Task<void> on_reaction_changed(reactions::ReactionChanged event) override;
  Task<void> on_telling_continued(TellingContinued event) override;

 private:
  // Writes or takes back what one cause means to one person. `seen_at`: before the truth was read, so
  // that whoever read it later wins.
  Task<void> settle(Notification row, bool stands, Version seen_at);
  Version now_version() const;
  // The rows of some people of a circle, from `after` on.
  struct Part {
    std::vector<Notification> rows;
    std::uint64_t after = 0;  // zero: this was the last
  };
  Task<Part> circle(posts::FanoutFacts post, Circle circle, std::uint64_t after);
  Task<Part> told(posts::FanoutFacts post, std::uint64_t after);
  Task<Part> users(posts::FanoutFacts post, bool quoters, std::uint64_t after);
  Task<void> tell(posts::FanoutFacts post, Circle circle, std::uint64_t after);
  // Of these rows, those that may be shown now, in order.
  Task<std::vector<Item>> shown(Call call, std::vector<Found<Notification>> rows);
  // What the viewer said of these senders, in the order asked.
  Task<std::vector<Found<Sender>>> senders(AccountId person, std::vector<Found<Notification>> const& rows);
  // The senders of what is held back, the newest account first.
  Task<std::vector<SenderItem>> held(Call call);

  // The walks of a rebuild; each returns where it goes on.
  Task<std::string> walk_rows(keeper::Walk& walk);
  Task<std::string> walk_posts(keeper::Walk& walk);
  Task<std::string> walk_reactions(keeper::Walk& walk);
  Task<std::string> walk_ties(keeper::Walk& walk);
  Task<void> compare(keeper::Walk& walk, std::vector<Notification> wanted);

  Needs needs_;
};

bool holds_anything(Policy const& policy);
// What becomes of a notification: `sender` null where nothing was said, `post` null where there is none.
Hold verdict(Policy const& policy, Sender const* sender, Notification const& row, graph::Judged const& tie,
             posts::SeenPost const* post, Time now);

// What a live post means to those it names.
std::vector<Notification> rows_of(posts::FanoutFacts const& post);

}  // namespace kith::notifications
