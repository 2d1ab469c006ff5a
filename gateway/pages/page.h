#pragma once

// The plain pages (no script): what this community is, log-in, consent, sign-up, and what is public.
// Everything a person or app wrote is escaped where it enters the page.

#include <string>
#include <string_view>

#include "base/time.h"
#include "gateway/http/response.h"

namespace kith {

// A whole document around `body`, which is HTML already.
Response page(std::string_view title, std::string_view body, int status = 200);

// What a page says of itself, also to whoever draws a preview of a link to it.
struct PageHead {
  std::string title = {};
  std::string description = {};
  std::string url = {};  // the one address of this page
  std::string image = {};
  std::string_view kind = "website";  // website, article, profile
  std::string site = {};              // the community's name
  Time published_at = no_time;
  bool indexed = true;  // search engines may list it
};
Response page(PageHead const& head, std::string_view body, int status = 200);

// Text as HTML text or attribute value.
std::string escaped(std::string_view text);
// The same among words of ours, which a name that turns its direction cannot turn with it.
std::string isolated(std::string_view text);
// A labelled input; `type` is text, password, email ...
std::string input(std::string_view label, std::string_view name, std::string_view type, std::string_view value = {},
                  std::string_view more = {});
std::string hidden(std::string_view name, std::string_view value);
// A sentence that something went wrong; nothing for an empty one.
std::string problem(std::string_view say);

}  // namespace kith
