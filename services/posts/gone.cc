#include "services/posts/posts.h"

namespace kith::posts {
namespace {

constexpr std::size_t rows_max = 40;  // of one commit: each is a check and an erase

}  // namespace

// An account whose row is gone was erased: its posts are deleted like any others, so all that follows
// from a post goes with it, and what is the person's alone goes after.
Task<void> Posts::on_account_changed(users::AccountChanged event) {
  users::Accounts asked{.accounts = {event.account}};
  auto const stamps = co_await needs_.users.stamps({}, std::move(asked));
  if (stamps.stamps.at(0).version != 0) co_return;
  for (;;) {
    Scan<AuthorPost> const scan{.partition = {event.account}, .limit = rows_max};
    auto const rows = co_await needs_.tables.scan<AuthorPost>(scan);
    if (rows.rows.empty()) break;
    for (auto const& row : rows) {
      auto const found = co_await needs_.tables.get<Head>({row->post});
      if (!found) {  // a row that follows from nothing
        Change change;
        change.erase(row);
        co_await needs_.tables.commit(std::move(change));
        continue;
      }
      Head head = *found;
      if (head.state != State::deleted) {
        head.state = State::deleted;
        Change change;
        change.replace(found, head);
        change.emit(changed(head, found.version() + 1));
        change.emit(PostDeleted{.post = head.post, .author = head.author});
        co_await needs_.tables.commit(std::move(change));
      }
      // Not left to the echo, so that each round leaves fewer.
      co_await on_post_changed(changed(head, found.version()));
    }
  }
  co_await erase_own<Pin>(event.account);
  co_await erase_own<MutedThread>(event.account);
  co_await erase_own<Draft>(event.account);
  co_await erase_own<Claim>(event.account);
  auto const own = co_await needs_.tables.get<OwnCounts>({event.account});
  auto const counts = co_await needs_.tables.get<AuthorCounts>({event.account});
  Change change;
  if (own) change.erase(own);
  if (counts) change.erase(counts);
  if (own || counts) co_await needs_.tables.commit(std::move(change));
}

template <class Row>
Task<void> Posts::erase_own(AccountId account) {
  for (;;) {
    Scan<Row> const scan{.partition = {account}, .limit = rows_max};
    auto const rows = co_await needs_.tables.scan<Row>(scan);
    if (rows.rows.empty()) co_return;
    Change change;
    for (auto const& row : rows) change.erase(row);
    co_await needs_.tables.commit(std::move(change));
  }
}

}  // namespace kith::posts
