// What stands beside posts, and what the viewer did to them.

#include <algorithm>
#include <iterator>

#include "base/all.h"
#include "services/posts/posts.h"

namespace kith::posts {
namespace {

constexpr std::uint32_t nowhere = Places<PostId>::nowhere;

template <class T>
void append(std::vector<Found<T>>& to, std::vector<Found<T>> more) {
  to.insert(to.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

}  // namespace

// One look-up of each kind for the whole page, and of nothing that a count says is not there.
Task<void> Posts::fill(Call call, std::vector<Facts*> shown) {
  if (shown.empty()) co_return;
  std::vector<PostCounts::Key> counted;
  counted.reserve(shown.size());
  for (Facts const* facts : shown) counted.push_back({facts->post});
  auto const counts = co_await needs_.tables.get_many<PostCounts>(std::move(counted));
  auto const owns = co_await needs_.tables.get<OwnCounts>({call.viewer});
  bool own = false;
  for (std::size_t i = 0; i < shown.size(); ++i) {
    own = own || shown[i]->author == call.viewer;
    if (!counts[i]) continue;
    shown[i]->reply_count = counts[i]->replies;
    shown[i]->share_count = counts[i]->shares;
    shown[i]->quote_count = counts[i]->quotes;
  }
  if (!call.viewer) co_return;

  // Counts stand beside the rows they count, so where nothing is counted nothing needs to be looked for.
  std::vector<Share::Key> shared;
  std::vector<Facts*> shared_by_some;
  for (Facts* const facts : shown) {
    if (facts->share_count == 0) continue;
    shared.push_back({facts->post, call.viewer});
    shared_by_some.push_back(facts);
  }
  std::vector<MutedThread::Key> muted;
  if (owns && owns->muted_threads > 0)
    for (Facts const* facts : shown) muted.push_back({call.viewer, facts->root ? facts->root : facts->post});
  if (!shared.empty() || !muted.empty()) {
    auto const shares = co_await needs_.tables.get_many<Share>(std::move(shared));
    auto const mutes = co_await needs_.tables.get_many<MutedThread>(std::move(muted));
    for (std::size_t i = 0; i < shares.size(); ++i) shared_by_some[i]->shared_by_me = static_cast<bool>(shares[i]);
    for (std::size_t i = 0; i < mutes.size(); ++i) shown[i]->thread_muted = static_cast<bool>(mutes[i]);
  }
  if (!own || !owns || owns->pins == 0) co_return;
  Scan<Pin> const scan{.partition = {call.viewer}, .limit = pins_max};
  auto const pins = co_await needs_.tables.scan<Pin>(scan);
  for (Facts* facts : shown)
    facts->pinned_by_me = std::ranges::any_of(pins, [&](auto const& pin) { return pin->post == facts->post; });
}

// Where the tables are apart all of it is asked at once, for a journey costs more than the rows that are not there.
Task<Posts::Marks> Posts::marks_of(Call call, std::vector<PostId> posts, Marks known, bool pins) {
  std::size_t const first = known.posts.size();
  for (PostId const post : posts)
    if (post) known.posts.add(post);
  std::vector<PostCounts::Key> counted;
  std::vector<Share::Key> shared;
  std::vector<MutedThread::Key> muted;
  std::vector<OwnCounts::Key> own;
  for (std::size_t i = first; i < known.posts.size(); ++i) {
    PostId const post = known.posts.ids()[i];
    counted.push_back({post});
    if (!call.viewer) continue;
    shared.push_back({post, call.viewer});
    muted.push_back({call.viewer, post});
  }
  if (call.viewer && first == 0) own.push_back({call.viewer});
  auto reading = needs_.tables.get_each<PostCounts, Share, MutedThread, OwnCounts>(
      std::move(counted), std::move(shared), std::move(muted), std::move(own));
  auto const take = [&](auto rows) {
    auto& [counts, shares, mutes, owns] = rows;
    append(known.counts, std::move(counts));
    append(known.shares, std::move(shares));
    append(known.mutes, std::move(mutes));
    if (!owns.empty()) known.owns = std::move(owns.front());
  };
  if (pins) {
    Scan<Pin> const scan{.partition = {call.viewer}, .limit = pins_max};
    auto [rows, pinned] = co_await kith::all(std::move(reading), needs_.tables.scan<Pin>(scan));
    take(std::move(rows));
    known.pins = std::move(pinned);
  } else {
    take(co_await std::move(reading));
  }
  co_return known;
}

// By what was read beside the posts; what only their heads named is read now.
Task<void> Posts::fill(Call call, std::vector<Facts*> shown, Marks marks) {
  if (shown.empty()) co_return;
  auto const unknown = [&](PostId post) { return marks.posts.find(post) == nowhere; };
  // The mute of a comment's thread lies with its root.
  bool const asked = marks.posts.size() > 0;
  bool const mutes = call.viewer && (!asked || (marks.owns && marks.owns->muted_threads > 0));
  bool own = false;
  std::vector<PostId> missing;
  for (Facts const* facts : shown) {
    own = own || facts->author == call.viewer;
    if (unknown(facts->post)) missing.push_back(facts->post);
    if (mutes && facts->root && unknown(facts->root)) missing.push_back(facts->root);
  }
  bool const pins = own && !marks.pins && (!asked || (marks.owns && marks.owns->pins > 0));
  if (!missing.empty() || pins) marks = co_await marks_of(call, std::move(missing), std::move(marks), pins);
  for (Facts* const facts : shown) {
    std::uint32_t const place = marks.posts.find(facts->post);
    if (auto const& counts = marks.counts[place]) {
      facts->reply_count = counts->replies;
      facts->share_count = counts->shares;
      facts->quote_count = counts->quotes;
    }
    if (!call.viewer) continue;
    facts->shared_by_me = static_cast<bool>(marks.shares[place]);
    std::uint32_t const thread = facts->root ? marks.posts.find(facts->root) : place;
    facts->thread_muted = thread != nowhere && marks.mutes[thread];
    facts->pinned_by_me =
        marks.pins && std::ranges::any_of(*marks.pins, [&](auto const& pin) { return pin->post == facts->post; });
  }
}

}  // namespace kith::posts
