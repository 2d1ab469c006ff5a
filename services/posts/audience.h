#pragma once

// The one rule that says who may see a post. Pure: it reads what was read from the deciding rows in
// this request, and nothing it was not given counts as granted.
//
//   - the post and its author must be live, and neither of author and viewer blocks the other;
//   - authors see their own;
//   - a comment shows at most to those who may see its root, a share to those who may see its target;
//   - who is mentioned may see it all the same, but a denial (`except`, a block, only me) wins;
//   - nobody in particular (an anonymous reader) sees what is public or unlisted;
//   - moderators see what is hidden or by a suspended author, else they are viewers like all.

#include "services/graph/graph.kith.h"
#include "services/posts/posts.kith.h"
#include "services/users/users.kith.h"

namespace kith::posts {

struct Viewer {
  AccountId account = {};  // nobody when zero
  bool moderator = false;
};

// A head and what the rule needs to know about its author. A null head is a post that is not there.
struct Subject {
  Head const* head = nullptr;
  users::State author = users::State::unspecified;
  graph::Judged const* tie = nullptr;  // of viewer and author; null: strangers, or the same person
  bool in_list = false;                // the viewer is in the list the head names
};

// `root` is of a comment, else empty. Of a share or quote this is only its own side: what is shared
// or quoted is asked about in its own right.
bool may_see(Viewer viewer, Subject const& post, Subject const& root);
// A share is nothing without what it shares. `target_root` is the root of a shared comment.
bool may_see_share(Viewer viewer, Subject const& share, Subject const& target, Subject const& target_root);

// Everybody, logged in or not.
inline bool is_open(Rule rule) { return rule == Rule::public_ || rule == Rule::unlisted; }

// What a comment's audience means under this root when it is written: apps ask for `public`, and for
// `private` when they answer a restricted post, and mean whoever may see the conversation.
Rule rule_under(Rule asked, Rule root);
// What people are told: the root's word where the root decides.
Rule shown_rule(Head const& head, Head const* root);

}  // namespace kith::posts
