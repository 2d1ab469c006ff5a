#include "services/reactions/reactions.h"

namespace kith::reactions {
namespace {

constexpr int follow_attempts_max = 10;  // events of one post come close together
constexpr std::size_t erased_max = 40;   // of one commit: each is a check, an erase and an addition

}  // namespace

ReactionOf reaction_of(Reaction const& reaction) {
  return {.person = reaction.person, .reaction = reaction.reaction, .post = reaction.post, .kind = reaction.kind};
}

// The person's list names a reaction exactly while the post's row does.
Task<void> Reactions::on_reaction_changed(ReactionChanged event) {
  for (int attempt = 0; attempt < follow_attempts_max; ++attempt) {
    auto const is = co_await needs_.tables.get<ReactionOf>({event.person, event.reaction});
    auto const truth = co_await needs_.tables.get<Reaction>({event.post, event.person});
    bool const there = truth && truth->reaction == event.reaction;
    if (there ? is && *is == reaction_of(*truth) : !is) co_return;
    Change change;
    if (there)
      change.replace(is, reaction_of(*truth));
    else
      change.erase(is);
    auto const committed = co_await needs_.tables.commit(std::move(change));
    if (committed.conflict()) continue;
    auto const after = co_await needs_.tables.get<Reaction>({event.post, event.person});
    if (after.version() == truth.version()) co_return;
  }
  throw Error{Code::unavailable, "Please try again", "a reaction kept moving"};
}

// Reactions to a post that is no more are erased, and with each its place in its person's list.
Task<void> Reactions::on_post_deleted(posts::PostDeleted event) {
  for (;;) {
    auto const counts = co_await needs_.tables.get<ReactionCounts>({event.post});
    Scan<Reaction> const scan{.partition = {event.post}, .limit = erased_max};
    auto const rows = co_await needs_.tables.scan<Reaction>(scan);
    if (rows.rows.empty()) co_return;
    Change change;
    for (auto const& row : rows) {
      change.erase(row);
      if (rows.more)
        if (auto const field = field_of(row->kind)) change.add<ReactionCounts>({event.post}, *field, -1);
      change.emit(ReactionChanged{.post = row->post,
                                  .person = row->person,
                                  .reaction = row->reaction,
                                  .version = row.version() + 1,
                                  .author = event.author});
    }
    if (!rows.more && counts) change.erase(counts);
    co_await needs_.tables.commit(std::move(change));  // a conflict: somebody did or undid one, look again
  }
}

}  // namespace kith::reactions
