#include "gateway/text/render.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "gateway/text/sanitize.h"

namespace kith::text {
namespace {

std::string html(std::string_view text) {
  MentionTarget const people[] = {{"ada", "https://kith.example/people/7"}};
  return render(text, extract(text, "kith.example"), people, "https://kith.example");
}

TEST(Render, MakesParagraphsOfBlankLinesAndBreaksOfLineEnds) {
  EXPECT_EQ(html("one"), "<p>one</p>");
  EXPECT_EQ(html("one\ntwo\r\nthree"), "<p>one<br />two<br />three</p>");
  EXPECT_EQ(html("\n one\n\ntwo\n \n\n\tthree  \n"), "<p>one</p><p>two</p><p> three</p>");
  EXPECT_EQ(html(""), "");
  EXPECT_EQ(html(" \n\n "), "");
}

TEST(Render, LeavesNoMarkupOfTheText) {
  EXPECT_EQ(html("<script>alert(\"x\")</script> & 'y'"),
            "<p>&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt; &amp; &#39;y&#39;</p>");
  EXPECT_EQ(html(std::string_view("a\0b\x1b", 4)), "<p>ab</p>");
}

TEST(Render, LinksAMentionByAccountAndLeavesAStrangersPlain) {
  EXPECT_EQ(html("hi @Ada, @bob"),
            "<p>hi <span class=\"h-card\" translate=\"no\"><a href=\"https://kith.example/people/7\" "
            "class=\"u-url mention\">@<span>Ada</span></a></span>, @bob</p>");
  EXPECT_EQ(html("@ada@kith.example!"),
            "<p><span class=\"h-card\" translate=\"no\"><a href=\"https://kith.example/people/7\" "
            "class=\"u-url mention\">@<span>ada</span></a></span>!</p>");
  EXPECT_EQ(html("@ada@far.example"), "<p>@ada@far.example</p>");
}

TEST(Render, LinksATagByItsFoldedName) {
  EXPECT_EQ(html("#Größe"),
            "<p><a href=\"https://kith.example/tags/gr%C3%B6sse\" class=\"mention hashtag\" "
            "rel=\"tag\">#<span>Größe</span></a></p>");
}

TEST(Render, SplitsALinkAsClientsExpect) {
  EXPECT_EQ(html("https://www.a.example/x?a=1&b=2"),
            "<p><a href=\"https://www.a.example/x?a=1&amp;b=2\" target=\"_blank\" rel=\"nofollow noopener\" "
            "translate=\"no\"><span class=\"invisible\">https://www.</span><span class=\"\">a.example/x?a=1&amp;b=2"
            "</span><span class=\"invisible\"></span></a></p>");
  EXPECT_EQ(html("http://a.example/0123456789012345678901234567"),
            "<p><a href=\"http://a.example/0123456789012345678901234567\" target=\"_blank\" rel=\"nofollow noopener\" "
            "translate=\"no\"><span class=\"invisible\">http://</span><span class=\"ellipsis\">a.example/"
            "01234567890123456789</span><span class=\"invisible\">01234567</span></a></p>");
}

TEST(Render, IgnoresRangesThatAreNotOfThisText) {
  Entities wrong{.mentions = {{{2, 99}, "ada"}}, .tags = {{{3, 1}, "x"}}, .links = {{{0, 2}, "x"}, {{1, 3}, "y"}}};
  wrong.links.clear();
  EXPECT_EQ(render("text", wrong, {}, ""), "<p>text</p>");
}

TEST(Render, OfAFieldIsOneLineWhoseLinksSayMe) {
  EXPECT_EQ(
      render_field("https://a.example", "kith.example", ""),
      "<a href=\"https://a.example\" target=\"_blank\" rel=\"nofollow noopener me\" translate=\"no\"><span "
      "class=\"invisible\">https://</span><span class=\"\">a.example</span><span class=\"invisible\"></span></a>");
  EXPECT_EQ(render_field("they <b>\n them", "kith.example", ""), "they &lt;b&gt;  them");
  EXPECT_EQ(render_field("@ada", "kith.example", ""), "@ada");
  EXPECT_EQ(render_field("", "kith.example", ""), "");
}

TEST(CleanName, IsOneVisibleLine) {
  EXPECT_EQ(clean_name("  Ada \n\t Lovelace "), "Ada Lovelace");
  EXPECT_EQ(clean_name("a\u202eb\u200b\x07"
                       "c"),
            "abc");
  EXPECT_EQ(clean_name("\u200d\u3164\u200b\ufe0f"), "");
  EXPECT_EQ(clean_name("👩‍👩‍👧 🏴󠁧󠁢󠁥󠁮󠁧󠁿"),
            "👩‍👩‍👧 🏴󠁧󠁢󠁥󠁮󠁧󠁿");
  EXPECT_EQ(clean_name(std::string(40, 'x')), std::string(display_name_max, 'x'));
  std::string tower = "z";
  for (int i = 0; i < 50; ++i) tower += "\u0300";
  EXPECT_EQ(code_points(clean_name(tower)), 5u);
}

TEST(PercentEncoded, KeepsOnlyUnreserved) { EXPECT_EQ(percent_encoded("a-b_c.d~e/é?"), "a-b_c.d~e%2F%C3%A9%3F"); }

}  // namespace
}  // namespace kith::text
