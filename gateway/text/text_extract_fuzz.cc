// Whatever is posted: entities are bounded, in order, apart and on whole characters; names are
// their own keys; the HTML made of it holds no tag but ours and is left alone by the sanitiser's parser.

#include <string_view>

#include "base/check.h"
#include "base/text.h"
#include "gateway/text/render.h"
#include "gateway/text/sanitize.h"

namespace {

using namespace kith;
using namespace kith::text;

template <class List>
void check_list(std::string_view text, List const& list, std::size_t most) {
  check(list.size() <= most, "entities are bounded");
  std::uint32_t last = 0;
  for (auto const& entity : list) {
    check(entity.at.begin >= last && entity.at.begin < entity.at.end && entity.at.end <= text.size(),
          "ranges in order");
    last = entity.at.end;
    for (std::uint32_t const edge : {entity.at.begin, entity.at.end})
      check(edge == text.size() || !is_utf8(text) || (static_cast<unsigned char>(text[edge]) & 0xC0) != 0x80,
            "ranges cut no character");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(unsigned char const* data, std::size_t size) {
  std::string_view const text(reinterpret_cast<char const*>(data), size);
  static constexpr std::string_view hosts[] = {"k.example", "localhost:3000", ""};
  std::string_view const host = hosts[size % 3];
  Entities const found = extract(text, host);
  check_list(text, found.mentions, mentions_max);
  check_list(text, found.tags, tags_max);
  check_list(text, found.links, links_max);
  std::vector<MentionTarget> people;
  for (auto const& mention : found.mentions) {
    check(handle_key(mention.name) == mention.name, "a name is its own key");
    people.push_back({mention.name, "https://k.example/people/1"});
  }
  for (auto const& tag : found.tags) check(tag_key(tag.name) == tag.name, "a tag is its own key");
  for (auto const& link : found.links) check(is_safe_url(link.url) || !is_utf8(link.url), "a link is safe");
  std::string const html = render(text, found, people, "https://k.example");
  // Each of our elements opens and closes; the text brought none.
  std::size_t open = 0, closed = 0;
  for (std::size_t at = html.find('<'); at < html.size(); at = html.find('<', at + 1))
    ++(html[at + 1] == '/' || std::string_view(html).substr(at).starts_with("<br />") ? closed : open);
  std::size_t breaks = 0;
  for (std::size_t at = html.find("<br />"); at < html.size(); at = html.find("<br />", at + 1)) ++breaks;
  check(open + breaks == closed, "every element is closed");
  check(count_characters(text, host) <= graphemes(text) + 23 * size, "a count");
  render_field(text, host, "https://k.example");
  std::string const name = clean_name(text);
  check(clean_name(name) == name, "cleaning twice changes nothing");
  check(fold(fold(text)) == fold(text), "folding twice changes nothing");
  check(is_utf8(as_text(text)), "as_text gives UTF-8");
  return 0;
}
