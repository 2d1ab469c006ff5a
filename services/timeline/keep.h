#pragma once

// What of the visible posts belongs on a page.

#include <algorithm>
#include <deque>
#include <functional>

#include "services/timeline/timeline.h"

namespace kith::timeline {

struct Timeline::Keep {
  std::function<bool(Reason, pages::Status const&)> wanted;
};

// The posts of the last lines, so that a share of what was just above is left out.
class ShareWindow {
 public:
  explicit ShareWindow(std::size_t size) : size_(size) {}

  // Notes the post that a line shows; true when it is a share of one already noted.
  bool repeats(PostId post, bool is_share) {
    bool const there = std::find(posts_.begin(), posts_.end(), post) != posts_.end();
    posts_.push_back(post);
    if (posts_.size() > size_) posts_.pop_front();
    return is_share && there;
  }

 private:
  std::size_t size_;
  std::deque<PostId> posts_;
};

// The visible posts of several questions as one page, each account once.
class Gathered {
 public:
  static constexpr std::uint32_t nowhere = 0xFFFFFFFF;

  explicit Gathered(std::size_t limit) { page_.statuses.reserve(limit); }

  std::size_t size() const { return page_.statuses.size(); }
  pages::Status const& at(std::size_t place) const { return page_.statuses[place]; }
  // `accounts`: of the page that the status comes from; `places`: of these accounts in this page, where they have one.
  void add(pages::Status&& status, std::vector<pages::AccountStamp> const& accounts,
           std::vector<std::uint32_t>& places) {
    status.author = place_of(status.author, accounts, places);
    if (status.target) status.target_author = place_of(status.target_author, accounts, places);
    if (status.quoted) status.quoted_author = place_of(status.quoted_author, accounts, places);
    page_.statuses.push_back(std::move(status));
  }
  void reverse() { std::ranges::reverse(page_.statuses); }
  pages::Page take() { return std::move(page_); }

 private:
  std::uint32_t place_of(std::uint32_t account, std::vector<pages::AccountStamp> const& accounts,
                         std::vector<std::uint32_t>& places) {
    std::uint32_t& place = places.at(account);
    if (place != nowhere) return place;
    // What another question brought is there already, read a moment earlier.
    auto const there = std::ranges::find(page_.accounts, accounts[account].account, &pages::AccountStamp::account);
    place = static_cast<std::uint32_t>(there - page_.accounts.begin());
    if (there == page_.accounts.end()) page_.accounts.push_back(accounts[account]);
    return place;
  }

  pages::Page page_;
};

}  // namespace kith::timeline
