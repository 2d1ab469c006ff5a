// The lists of people's grants compared with the grants. A row of them that names no living grant does
// no harm, and a crash may leave one; a rebuild drops it.

#include "services/auth/auth.h"

namespace kith::auth {
namespace {

constexpr std::size_t rows_a_step = 200;
// A grant is listed before it is written; so long that may take.
constexpr Duration grant_written_within = std::chrono::minutes{1};

bool is_living(Found<Grant> const& grant) {
  return grant && (grant->state == GrantState::active || grant->state == GrantState::code);
}

}  // namespace

Task<keeper::RebuildPage> Auth::rebuild(Call call, keeper::RebuildRequest request) {
  keeper::Walk walk(call, std::move(request), 2);
  std::string next = walk.part() == 0 ? co_await walk_grants(walk) : co_await walk_grants_of(walk);
  co_return walk.done(std::move(next));
}

// What is not listed would outlive a change of the password.
Task<std::string> Auth::walk_grants(keeper::Walk& walk) {
  auto [rows, next] = co_await needs_.tables.walk<Grant>(walk.cursor(), rows_a_step);
  walk.touched(rows.size());
  std::erase_if(rows, [](Found<Grant> const& row) { return !is_living(row) || !row->account; });
  std::vector<GrantOf::Key> keys;
  for (auto const& row : rows) keys.push_back({row->account, row->grant});
  auto const there = co_await needs_.tables.get_many<GrantOf>(std::move(keys));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (there[i]) continue;
    walk.differs("auth: the list of account ", rows[i]->account, " lacks grant ", rows[i]->grant);
    if (walk.heals()) co_await note(*rows[i]);
  }
  co_return next;
}

Task<std::string> Auth::walk_grants_of(keeper::Walk& walk) {
  auto [rows, next] = co_await needs_.tables.walk<GrantOf>(walk.cursor(), rows_a_step);
  walk.touched(rows.size());
  if (!walk.heals()) co_return next;
  std::vector<Grant::Key> keys;
  for (auto const& row : rows) keys.push_back({row->grant});
  auto const grants = co_await needs_.tables.get_many<Grant>(std::move(keys));
  Time const now = needs_.clock.now();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (is_living(grants[i]) || now < time_of_id(rows[i]->grant.value) + grant_written_within) continue;
    Change change;
    change.erase(rows[i]);
    co_await needs_.tables.commit(std::move(change));
  }
  co_return next;
}

}  // namespace kith::auth
