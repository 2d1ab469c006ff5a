// Claims compared with the accounts they name: every handle and e-mail of an account leads to it. A
// claim that no account names back lapses by itself; a rebuild drops it when it has.

#include <algorithm>

#include "base/text.h"
#include "services/users/users.h"

namespace kith::users {
namespace {

constexpr std::size_t rows_a_step = 200;

}  // namespace

Task<keeper::RebuildPage> Users::rebuild(Call call, keeper::RebuildRequest request) {
  keeper::Walk walk(call, std::move(request), 2);
  std::string next = walk.part() == 0 ? co_await walk_accounts(walk) : co_await walk_names(walk);
  co_return walk.done(std::move(next));
}

Task<std::string> Users::walk_accounts(keeper::Walk& walk) {
  auto [rows, next] = co_await needs_.tables.walk<Account>(walk.cursor(), rows_a_step);
  walk.touched(rows.size());
  struct Claimed {
    AccountId account;
    Name::Key name;
  };
  std::vector<Claimed> claims;
  std::vector<Name::Key> keys;
  for (auto const& row : rows) {
    claims.push_back({row->id, {"handle", handle_key(row->handle).value_or("-")}});
    if (!row->email_key.empty()) claims.push_back({row->id, {"email", row->email_key}});
  }
  for (Claimed const& claim : claims) keys.push_back(claim.name);
  auto const names = co_await needs_.tables.get_many<Name>(std::move(keys));
  for (std::size_t i = 0; i < claims.size(); ++i) {
    if (names[i] && names[i]->account == claims[i].account) continue;
    walk.differs("users: the ", claims[i].name.kind, " of account ", claims[i].account, " leads ",
                 names[i] ? "to somebody else" : "nowhere");
    // Who else has it keeps it: which of the two is right is for people to say.
    if (!walk.heals() || names[i]) continue;
    Name const name{.kind = claims[i].name.kind,
                    .name = claims[i].name.name,
                    .account = claims[i].account,
                    .claimed_at = needs_.clock.now()};
    Change change;
    change.replace(names[i], name);
    co_await needs_.tables.commit(std::move(change));  // a conflict: it was claimed in this moment
  }
  co_return next;
}

Task<std::string> Users::walk_names(keeper::Walk& walk) {
  auto [rows, next] = co_await needs_.tables.walk<Name>(walk.cursor(), rows_a_step);
  walk.touched(rows.size());
  if (!walk.heals()) co_return next;
  std::vector<Account::Key> keys;
  for (auto const& row : rows) keys.push_back({row->account});
  auto const accounts = co_await needs_.tables.get_many<Account>(std::move(keys));
  Time const now = needs_.clock.now();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    Name const& name = *rows[i];
    bool const back = accounts[i] && (name.kind == "handle" ? handle_key(accounts[i]->handle) == name.name
                                                            : accounts[i]->email_key == name.name);
    if (back || now < name.claimed_at + name_lapses_after || now < name.held_until) continue;
    Change change;
    change.erase(rows[i]);
    co_await needs_.tables.commit(std::move(change));  // a conflict: somebody just took it
  }
  co_return next;
}

}  // namespace kith::users
