#include <algorithm>
#include <unordered_map>

#include "services/posts/posts.h"

namespace kith::posts {
namespace {

// Rounds in which parents that are no rows of the thread (deleted ones, or beyond what is read) are
// looked up by their heads.
constexpr int lost_parents_rounds_max = 40;

// Who answered whom in one conversation.
class Tree {
 public:
  void add(PostId post, PostId parent) {
    if (parents_.emplace(post, parent).second) posts_.push_back(post);
  }
  // A post that is no longer shown, but still connects.
  void bridge(PostId post, PostId parent) { parents_.emplace(post, parent); }

  // Parents that are neither here nor the root.
  std::vector<PostId> lost(PostId root) const {
    std::vector<PostId> lost;
    for (auto const& [post, parent] : parents_)
      if (parent && parent != root && !parents_.contains(parent)) lost.push_back(parent);
    std::ranges::sort(lost);
    auto const doubles = std::ranges::unique(lost);
    lost.erase(doubles.begin(), doubles.end());
    return lost;
  }

  // From the root down to the parent of `post`.
  std::vector<PostId> above(PostId post) const {
    std::vector<PostId> chain;
    for (auto at = parents_.find(post); at != parents_.end() && at->second && chain.size() < thread_max;
         at = parents_.find(at->second))
      chain.push_back(at->second);
    std::ranges::reverse(chain);
    return chain;
  }

  // Depth first, older answers before younger ones.
  std::vector<PostId> below(PostId post) const {
    std::unordered_map<PostId, std::vector<PostId>> children;
    for (auto const& [child, parent] : parents_) children[parent].push_back(child);
    std::vector<PostId> order;
    std::vector<PostId> stack{post};
    while (!stack.empty()) {
      PostId const next = stack.back();
      stack.pop_back();
      if (next != post) order.push_back(next);
      auto const found = children.find(next);
      if (found == children.end()) continue;
      std::ranges::sort(found->second, std::greater());
      stack.insert(stack.end(), found->second.begin(), found->second.end());
      children.erase(found);  // whatever the rows say, nothing is walked twice
    }
    return order;
  }

 private:
  std::unordered_map<PostId, PostId> parents_;
  std::vector<PostId> posts_;
};

}  // namespace

Task<ThreadPage> Posts::thread(Call call, ThreadRequest request) {
  Sight const sight = co_await look(call, request.post);
  if (!sight.visible(request.post)) no_such_post();
  Head const& head = *sight.head(sight.meant(request.post));
  PostId const root = head.root ? head.root : head.post;

  Tree tree;
  Scan<ThreadPost> scan{.partition = {root}, .limit = scan_max};
  for (std::size_t read = 0; read < thread_max;) {
    scan.limit = std::min(scan_max, thread_max - read);
    auto const rows = co_await needs_.tables.scan<ThreadPost>(scan);
    for (auto const& row : rows) tree.add(row->post, row->parent);
    read += rows.rows.size();
    if (!rows.more || rows.rows.empty()) break;
    scan.from = after(ThreadPost::sort(rows.rows.back()->post));
  }
  if (head.parent) tree.bridge(head.post, head.parent);
  for (int round = 0; round < lost_parents_rounds_max; ++round) {
    std::vector<Head::Key> keys;
    for (PostId const lost : tree.lost(root)) keys.push_back({lost});
    if (keys.empty()) break;
    for (auto const& found : co_await needs_.tables.get_many<Head>(keys))
      if (found) tree.bridge(found->post, found->parent);
    // A head that is not there leads nowhere.
    for (auto const& key : keys) tree.bridge(key.post, {});
  }

  std::vector<PostId> const above = tree.above(head.post);
  std::vector<PostId> below = tree.below(head.post);
  std::size_t const most = call.viewer ? thread_max : thread_anonymous_max;
  std::vector<PostId> asked = above;
  asked.insert(asked.end(), below.begin(), below.end());
  SeeRequest see{.posts = std::move(asked)};
  auto found = co_await see_all(call, std::move(see));
  auto& seen = found.posts;
  ThreadPage page;
  for (std::size_t i = 0; i < seen.size(); ++i) {
    if (!seen[i].visible) continue;
    auto& list = i < above.size() ? page.ancestors : page.descendants;
    if (list.size() < most) list.push_back(std::move(seen[i]));
  }
  co_return page;
}

}  // namespace kith::posts
