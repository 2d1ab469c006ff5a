#include "gateway/pages/about.h"

#include "gateway/pages/page.h"
#include "gateway/text/sanitize.h"

namespace kith {

std::string description_html(CommunityPages const& community) {
  if (!community.description.empty()) return text::sanitize(community.description);
  return "<p>A community of people who know each other: friends, posts for the right eyes, and a feed that says why "
         "something is in it.</p>";
}

std::string rules_html(CommunityPages const& community) {
  if (community.rules.empty()) return {};
  std::string out = "<h2 id=\"rules\">Rules</h2><ol>";
  for (auto const& rule : community.rules) out += "<li>" + escaped(rule) + "</li>";
  return out + "</ol>";
}

std::string contact_html(CommunityPages const& community) {
  if (community.contact_email.empty()) return {};
  auto const address = escaped(community.contact_email);
  return "<p>Something wrong? Write to <a href=\"mailto:" + address + "\">" + address + "</a>.</p>";
}

std::string privacy_html(CommunityPages const& community) {
  return "<h2>What is kept</h2><p>Your account name, profile and posts; whom you follow, are friends with, mute and "
         "block; what you react to, share and bookmark; which apps you let in. Your e-mail address is kept encrypted, "
         "your password only as a hash from which it cannot be read.</p>"
         "<p>The words of posts and profiles lie encrypted on the disk, with a key of their own for each account. The "
         "server has these keys: whoever runs it could read what it holds.</p>"
         "<h2>Who sees it</h2><p>Your profile and posts to everybody can be read by anybody, also without an account. "
         "Every other post is shown only to those whom its audience names, and that is decided anew each time it is "
         "read.</p>"
         "<h2>Cookies and logs</h2><p>One cookie keeps you signed in where you let apps in. There are no trackers, no "
         "advertisements, and pages load nothing from other servers. The server may note the address from which a "
         "request came, to find errors and abuse.</p>" +
         contact_html(community);
}

}  // namespace kith
