#include "gateway/text/sanitize.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace kith::text {
namespace {

// What sanitize makes of it; and that a second time changes nothing.
std::string clean(std::string_view html) {
  std::string const once = sanitize(html);
  EXPECT_EQ(sanitize(once), once) << html;
  return once;
}

TEST(Sanitize, KeepsWhatIsAllowed) {
  for (char const* html : {
           "<p>a <b>b</b> <i>c</i> <u>d</u> <del>e</del> <strong>f</strong> <em>g</em> <code>h</code><br />i</p>",
           "<h1>a</h1><h2>b</h2><h3>c</h3><h4>d</h4><hr /><blockquote><p>e</p></blockquote>",
           "<ul><li>a<ol><li>b</li></ol></li></ul><pre><code>x\n  y</code></pre>",
           "<span class=\"h-card\" translate=\"no\">x</span>",
           "a &lt;b&gt; &amp; &quot;c&quot; 'd' é 😀",
       })
    EXPECT_EQ(clean(html), html);
}

TEST(Sanitize, DropsCodeWithItsContent) {
  EXPECT_EQ(clean("a<script>alert(1)</script>b<style>p{}</style>c<iframe src=x>d</iframe>e"), "abce");
  EXPECT_EQ(clean("<svg><script>x</script><a href=http://a.example>y</a></svg>z"), "z");
  EXPECT_EQ(clean("<svg><title>x</title></svg>z"), "z");
  EXPECT_EQ(clean("<math><mtext><script>x</script></mtext></math>z<!-- <p>c</p> -->"), "z");
  EXPECT_EQ(clean("<template><p>x</p></template>z"), "z");
}

TEST(Sanitize, UnwrapsOtherElementsIntoLines) {
  EXPECT_EQ(clean("<div>a</div><div>b<font color=red>c</font></div>"), "a<br />bc");
  EXPECT_EQ(clean("<table><tr><td>a<td>b<tr><td>c</table>"), "ab<br />c");
  EXPECT_EQ(clean("<img src=x onerror=alert(1)>a<input value=b>"), "a");
}

TEST(Sanitize, DropsHandlersStylesAndForeignClasses) {
  EXPECT_EQ(clean("<p onclick=x style=y id=z class=\"mention\">a</p>"), "<p>a</p>");
  EXPECT_EQ(clean("<span class=\"evil mention  h-card U-url p-<x>\" translate=yes>a</span>"),
            "<span class=\"mention h-card\">a</span>");
}

TEST(Sanitize, LinksLeadOnlyToHttpAndMail) {
  EXPECT_EQ(clean("<a href=\" https://a.example/?x=1&y=&quot; \" rel=me onclick=x>a</a>"),
            "<a href=\"https://a.example/?x=1&amp;y=&quot;\" rel=\"nofollow noopener\" target=\"_blank\">a</a>");
  EXPECT_EQ(clean("<a href=mailto:a@b.example>a</a>"),
            "<a href=\"mailto:a@b.example\" rel=\"nofollow noopener\" target=\"_blank\">a</a>");
  for (char const* url : {"javascript:alert(1)",
                          "JaVaScRiPt:x",
                          "java\tscript:x",
                          "&#106;avascript:x",
                          "data:text/html,x",
                          "vbscript:x",
                          "//a.example",
                          "/a",
                          "a",
                          "",
                          "http:a",
                          "http://",
                          "http:///a",
                          "https://a b",
                          "http://a\u202e.b",
                          "file:///etc",
                          "https:/\\a",
                          "mailto://x",
                          "\x01javascript:x",
                          "ｈttp://a"})
    EXPECT_EQ(clean("<a href=\"" + std::string(url) + "\">a</a>"), "a") << url;
}

TEST(Sanitize, NestsOnlyAsEveryParserReadsIt) {
  EXPECT_EQ(clean("<p>a<p>b"), "<p>a</p><p>b</p>");
  EXPECT_EQ(clean("<b><p>a</p></b>"), "<b>a</b>");
  EXPECT_EQ(clean("<p><button><p>a</p></button></p>"), "<p>a</p>");
  EXPECT_EQ(clean("<li>a</li>"), "a");
  EXPECT_EQ(clean("<ul><ul><li>a</ul></ul>"), "<ul><li>a</li></ul>");
  EXPECT_EQ(clean("<b><b><b><b>a"), "<b>a</b>");
  EXPECT_EQ(clean("<a href=http://a.example>x<object><a href=http://b.example>y</a></object></a>"),
            "<a href=\"http://a.example\" rel=\"nofollow noopener\" target=\"_blank\">x</a>");
  EXPECT_EQ(clean("<i>a<b>b</i>c</b>"), "<i>a<b>b</b></i><b>c</b>");
  EXPECT_EQ(clean("<pre>\n\n\na</pre>"), "<pre>a</pre>");
  EXPECT_EQ(clean("<h1>a<h2>b"), "<h1>a</h1><h2>b</h2>");
  EXPECT_EQ(clean("</p></div>a<!doctype html><html><body onload=x>b"), "<p></p>ab");
}

TEST(Sanitize, TextCannotBecomeMarkup) {
  EXPECT_EQ(clean("&lt;script&gt;alert(1)&lt;/script&gt;"), "&lt;script&gt;alert(1)&lt;/script&gt;");
  EXPECT_EQ(clean("<<p>script>x"), "&lt;<p>script&gt;x</p>");
  EXPECT_EQ(clean("&amp;lt;p&amp;gt; &#60;p&#62; &#13; &#x0; \x0c"), "&amp;lt;p&amp;gt; &lt;p&gt;  \xEF\xBF\xBD ");
  EXPECT_EQ(clean("a\xff"
                  "b"),
            "a\xEF\xBF\xBD"
            "b");
}

TEST(Sanitize, NumbersThatAreNoCharacterGiveNoBrokenText) {
  for (char const* number : {"&#13666666666666666666;", "&#xFFFFFFFF;", "&#x80000001;", "&#xD800;", "&#4294967361;",
                             "&#xFDD0;", "&#xFFFE;", "&#x6FFFF;"}) {
    EXPECT_TRUE(is_text(clean("a" + std::string(number) + "b"))) << number;
    EXPECT_TRUE(is_text(clean("<a href=\"http://a.example/" + std::string(number) + "\">b</a>"))) << number;
    EXPECT_TRUE(is_text(plain_text("a" + std::string(number) + "b"))) << number;
  }
}

TEST(Sanitize, DepthIsBoundedAndTextIsKept) {
  std::string deep;
  for (int i = 0; i < 500; ++i) deep += "<blockquote>";
  std::string const out = clean(deep + "x");
  EXPECT_NE(out.find('x'), std::string::npos);
  EXPECT_LT(out.size(), 1000u);
}

// Formatting elements that differ are opened again in every paragraph: 2,000 x 2,000 nodes of 6,000 tags.
TEST(Sanitize, HostileNestingCostsLittleAndGivesNothing) {
  std::string again = "<p>";
  for (int i = 0; i < 2'000; ++i) again += "<b x=" + std::to_string(i) + ">";
  for (int i = 0; i < 2'000; ++i) again += "</p><p>x";
  std::string many;
  for (int i = 0; i < 20'000; ++i) many += "<i>";
  EXPECT_EQ(clean(again), "");
  EXPECT_EQ(clean(many), "");
}

TEST(Sanitize, SizeIsBoundedAndStaysWellFormed) {
  std::string const out = clean("<p><b>" + std::string(html_bytes_max, '&') + "</b></p>");
  EXPECT_LE(out.size(), html_bytes_max);
  EXPECT_TRUE(out.ends_with("</b></p>"));
  std::string many;
  for (std::size_t i = 0; i < html_elements_max - 1; ++i) many += "<b>x</b>";
  EXPECT_EQ(clean(many), many);
}

TEST(PlainText, IsWhatAPersonReads) {
  EXPECT_EQ(plain_text("<p>Hello <b>you</b></p><p>a<br>b</p><ul><li>1</li><li>2</li></ul>"),
            "Hello you\n\na\nb\n\n1\n2");
  EXPECT_EQ(plain_text("  a \n  b <script>x</script> &amp; &lt;c&gt; "), "a b & <c>");
  EXPECT_EQ(plain_text("<pre>a\nb</pre>"), "a\nb");
  EXPECT_EQ(plain_text(""), "");
  EXPECT_EQ(plain_text("just text"), "just text");
}

}  // namespace
}  // namespace kith::text
