#pragma once

// What one viewer may see of a set of posts: all that the rule reads, loaded in a number of calls
// that does not grow with the set (heads, their roots and targets, authors' states, ties), and the
// verdicts. Lives as long as one request; a verdict is never kept.

#include <vector>

#include "base/places.h"
#include "ports/rpc/call.h"
#include "ports/table/tables.h"
#include "services/posts/audience.h"

namespace kith::posts {

class Sight {
 public:
  Sight() = default;  // of nothing
  struct Needs {
    Tables& tables;
    users::UsersService& users;
    graph::GraphService& graph;
  };
  // What the asker knows of the posts beforehand. Asked about beside them where that spares a journey; else not looked
  // at, for the heads name it all.
  struct Named {
    std::vector<AccountId> authors = {};  // of the posts and of the targets
    std::vector<PostId> targets = {};     // that they share or quote
  };
  // Loads; any number of posts.
  static Task<Sight> of(Needs needs, Call call, std::vector<PostId> posts, Named named);

  // A post that was asked for, or the root or target of one; null when it is not there.
  Head const* head(PostId post) const;
  Head const* root_of(Head const& head) const { return head.root ? this->head(head.root) : nullptr; }
  kith::Version head_version(PostId post) const;
  // A missing post is not visible.
  bool visible(PostId post) const;
  // The viewer and the author of a post that was loaded.
  graph::Judged const& tie(AccountId author) const;
  // Of every author that was met, as their accounts were for the verdicts.
  std::vector<users::Stamp> take_stamps() { return std::move(stamps_); }
  Rule shown_rule(Head const& head) const { return posts::shown_rule(head, root_of(head)); }
  // A share stands for what it shares.
  PostId meant(PostId post) const;

 private:
  struct Asked {
    AccountId author;
    ListId list;
  };
  Sight(Call const& call, std::size_t expected);
  void add(PostId post, std::uint8_t targets);
  Task<void> load_heads(Tables& tables);
  // Of authors that were added since the last time; with the heads, also what only these can tell is needed.
  Task<void> load_ties(Needs needs, Call call, bool with_heads);
  std::vector<graph::Question> questions_of(std::size_t first_author, bool with_heads);
  Subject subject(Head const* head) const;

  Viewer viewer_;
  Places<PostId> places_;
  std::vector<std::uint8_t> targets_;  // how many targets further each is followed
  std::vector<Found<Head>> heads_;
  Places<AccountId> authors_;
  std::vector<users::Stamp> stamps_;        // version zero: not there
  std::vector<std::uint32_t> question_of_;  // of each author, the last that was asked; nowhere: the viewer
  std::vector<Asked> asked_;                // what each question was about
  std::vector<graph::Judged> judged_;
};

}  // namespace kith::posts
