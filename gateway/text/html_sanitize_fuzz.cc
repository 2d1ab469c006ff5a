// Whatever comes in: what comes out is bounded UTF-8, holds only our tags, and stays as it is when
// it is sanitised again.

#include <cstdio>
#include <string_view>

#include "base/check.h"
#include "base/text.h"
#include "gateway/text/sanitize.h"

namespace {

bool only_our_tags(std::string_view html) {
  static constexpr std::string_view names[] = {"p",          "br",  "span", "a",      "ul", "ol", "li",
                                               "blockquote", "pre", "code", "strong", "em", "b",  "i",
                                               "u",          "del", "h1",   "h2",     "h3", "h4", "hr"};
  for (std::size_t at = html.find('<'); at < html.size(); at = html.find('<', at + 1)) {
    std::string_view tag = html.substr(at + 1);
    if (tag.starts_with('/')) tag.remove_prefix(1);
    std::string_view const name = tag.substr(0, tag.find_first_of(" >"));
    bool known = false;
    for (auto const ours : names) known |= name == ours;
    if (!known) return false;
  }
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(unsigned char const* data, std::size_t size) {
  using namespace kith;
  std::string_view const html(reinterpret_cast<char const*>(data), size);
  std::string const once = text::sanitize(html);
  check(is_text(once), "what is sanitised is text");
  check(once.size() <= text::html_bytes_max, "what is sanitised is bounded");
  check(only_our_tags(once), "no other tag remains");
  std::string const twice = text::sanitize(once);
  if (once != twice) std::fprintf(stderr, "once:  %s\ntwice: %s\n", once.c_str(), twice.c_str());
  check(once == twice, "sanitising twice changes nothing");
  check(is_text(text::plain_text(html)), "plain text is text");
  return 0;
}
