#include "services/posts/audience.h"

#include <algorithm>

namespace kith::posts {
namespace {

bool is_live(Viewer viewer, Subject const& post) {
  if (post.head == nullptr) return false;
  bool const kept = post.head->state == State::live || (viewer.moderator && post.head->state == State::hidden);
  bool const author =
      post.author == users::State::active || (viewer.moderator && post.author == users::State::suspended);
  return kept && author;
}

bool is_addressed(AccountId viewer, Head const& head) {
  return head.parent_author == viewer || std::ranges::find(head.mentioned, viewer) != head.mentioned.end();
}

// The head's own rule, for somebody who is neither its author nor nobody.
bool grants(AccountId viewer, Subject const& post) {
  static graph::Judged const strangers{};
  graph::Judged const& tie = post.tie != nullptr ? *post.tie : strangers;
  Audience const& audience = post.head->audience;
  if (tie.blocked) return false;
  if (std::ranges::find(audience.except, viewer) != audience.except.end()) return false;
  bool open = false;
  switch (audience.rule) {
    case Rule::public_:
    case Rule::unlisted:
    case Rule::as_root: return true;  // under a root; without one it was refused before
    case Rule::followers: open = tie.follows || tie.friend_; break;
    case Rule::friends:
    case Rule::friends_except: open = tie.friend_; break;
    case Rule::close: open = tie.friend_ && tie.close; break;
    case Rule::friends_of_friends: open = tie.friend_ || tie.friend_of_friend; break;
    case Rule::list: open = post.in_list; break;
    case Rule::group:
    case Rule::direct: break;
    case Rule::only_me:
    case Rule::unspecified:
    default: return false;
  }
  return open || is_addressed(viewer, *post.head);
}

}  // namespace

bool may_see(Viewer viewer, Subject const& post, Subject const& root) {
  if (!is_live(viewer, post)) return false;
  Head const& head = *post.head;
  if (viewer.account && head.author == viewer.account) return true;
  Rule const rule = head.audience.rule;
  if (head.root) {
    if (!may_see(viewer, root, {})) return false;
  } else if (rule == Rule::as_root) {
    return false;  // of nothing
  }
  if (!viewer.account) return is_open(rule) || rule == Rule::as_root;
  return grants(viewer.account, post);
}

bool may_see_share(Viewer viewer, Subject const& share, Subject const& target, Subject const& target_root) {
  return may_see(viewer, share, {}) && may_see(viewer, target, target_root);
}

Rule rule_under(Rule asked, Rule root) {
  if (asked == Rule::unspecified || asked == Rule::public_) return Rule::as_root;
  if (asked == Rule::followers && !is_open(root)) return Rule::as_root;
  return asked;
}

Rule shown_rule(Head const& head, Head const* root) {
  Rule const own = head.audience.rule;
  if (!head.root) return own;
  if (root == nullptr) return Rule::only_me;  // which is what a lost root leaves
  bool const root_decides = own == Rule::as_root || (is_open(own) && !is_open(root->audience.rule));
  return root_decides ? root->audience.rule : own;
}

}  // namespace kith::posts
