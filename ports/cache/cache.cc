#include "ports/cache/cache.h"

namespace kith {

Task<std::optional<Cached>> Cache::get(std::string key) {
  std::optional<Cached> found;
  if (get_now(key, found)) co_return found;
  std::vector<std::string> keys;
  keys.push_back(std::move(key));
  auto all = co_await get_many(std::move(keys));
  co_return std::move(all.front());
}

}  // namespace kith
