#include "base/markup/extract.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kith::text {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::string_view host = "kith.example";

std::vector<std::string> mentions(std::string_view text) { return extract(text, host).mentioned(); }
std::vector<std::string> tags(std::string_view text) { return extract(text, host).tag_names(); }
std::vector<std::string> links(std::string_view text) {
  std::vector<std::string> urls;
  for (auto const& link : extract(text, host).links) urls.push_back(link.url);
  return urls;
}

TEST(Mentions, AreNamesBehindAnAt) {
  EXPECT_THAT(mentions("@ada hi @Bob, (@carl) \"@dora\" @e_1.f-g."),
              ElementsAre("ada", "bob", "carl", "dora", "e_1.f-g"));
  EXPECT_THAT(mentions("日本 @adaさん、@bob。"), ElementsAre("ada", "bob"));
  EXPECT_THAT(mentions("@ada @ADA @ada"), ElementsAre("ada"));
}

TEST(Mentions, AreNotInsideWordsAddressesOrPaths) {
  EXPECT_THAT(mentions("me@ada x/@ada =@ada @@ada @ @. @-a é@ada 1@ada"), IsEmpty());
  EXPECT_THAT(mentions("@zoë @adaé"), IsEmpty());
  EXPECT_THAT(mentions("https://kith.example/@ada"), IsEmpty());
  EXPECT_THAT(mentions("@" + std::string(31, 'a')), IsEmpty());
}

TEST(Mentions, OfTheOwnHostAreLocalAndOfOthersArePlainText) {
  auto const found = extract("hi @ada@kith.example, @bob@Kith.Example. @carl@other.example @x@kith.example.org", host);
  EXPECT_THAT(found.mentioned(), ElementsAre("ada", "bob"));
  EXPECT_EQ(found.mentions[0].at, (Range{3, 20}));
  EXPECT_THAT(extract("@ada@127.0.0.1:3000 @bob@127.0.0.1", "127.0.0.1:3000").mentioned(), ElementsAre("ada"));
}

TEST(Tags, AreLettersDigitsAndUnderscoresOfAllScripts) {
  EXPECT_THAT(tags("#Kith #größe, #日本語。#тест #a1 #1a #_x_ (#in) #१२क"),
              ElementsAre("kith", "grösse", "日本語", "тест", "a1", "1a", "_x_", "in", "१२क"));
  EXPECT_THAT(tags("＃全角"), ElementsAre("全角"));
}

TEST(Tags, HoldTheDotsThatSomeLanguagesWriteInsideWords) {
  EXPECT_THAT(tags("#paral·lel· #ワールド・カップ #می\u200cشود"),
              ElementsAre("paral·lel", "ワールド・カップ", "میشود"));
}

TEST(Tags, AreNotNumbersOrPartsOfWordsUrlsAndEntities) {
  EXPECT_THAT(tags("#1 #2026 a#b /#c )#d &#x27; ##e # #- #️⃣x 日本#語"), IsEmpty());
  EXPECT_THAT(tags("https://a.example/#frag http://a.example/x#y"), IsEmpty());
  EXPECT_THAT(tags("#" + std::string(101, 'a')), IsEmpty());
  EXPECT_THAT(tags("#" + std::string(100, 'a')), ElementsAre(std::string(100, 'a')));
}

TEST(Tags, HaveOneNameHoweverTheyAreWritten) {
  EXPECT_EQ(tag_key("Kith"), "kith");
  EXPECT_EQ(tag_key(" #KITH "), "kith");
  EXPECT_EQ(tag_key("ＫＩＴＨ"), "kith");
  EXPECT_EQ(tag_key("a b"), "");
  EXPECT_EQ(tag_key("123"), "");
  EXPECT_EQ(tag_key(""), "");
  EXPECT_EQ(tag_key("a/b"), "");
  EXPECT_EQ(tag_key("\xff"), "");
}

TEST(Links, AreHttpAddressesWithASaneHost) {
  EXPECT_THAT(links("see https://a.example, HTTP://B.example:8080/x?y=1&z=%20#f and http://münchen.de/ü"),
              ElementsAre("https://a.example", "HTTP://B.example:8080/x?y=1&z=%20#f", "http://münchen.de/ü"));
  EXPECT_THAT(links("http://localhost http://a http://.a.b http://1.2.3.4 ftp://a.example javascript://a.example "
                    "http:///a.example http://a..example xhttp://a.example"),
              IsEmpty());
  EXPECT_THAT(links("http://例え.テスト/パス"), ElementsAre("http://例え.テスト/パス"));
}

TEST(Links, OfTheOwnHostNeedNoDot) {
  Entities const found = extract("http://localhost:3000/@ada", "localhost:3000");
  ASSERT_EQ(found.links.size(), 1u);
  EXPECT_EQ(found.links[0].url, "http://localhost:3000/@ada");
}

TEST(Links, EndBeforeThePunctuationOfTheSentence) {
  EXPECT_THAT(links("(https://a.example/b), https://a.example/c. https://a.example/d!? \"https://a.example/e\""),
              ElementsAre("https://a.example/b", "https://a.example/c", "https://a.example/d", "https://a.example/e"));
  EXPECT_THAT(links("https://a.example/x…"), ElementsAre("https://a.example/x"));
  EXPECT_THAT(links("詳細はhttps://a.exampleです、https://b.example/xです。"),
              ElementsAre("https://a.example", "https://b.example/xです"));
}

TEST(Links, KeepBalancedParentheses) {
  EXPECT_THAT(links("https://a.example/Set_(x) (https://a.example/Set_(y)) https://a.example/(z"),
              ElementsAre("https://a.example/Set_(x)", "https://a.example/Set_(y)", "https://a.example/(z"));
}

TEST(Links, NeverHideTheirHostBehindAName) {
  EXPECT_THAT(links("https://bank.example@evil.example/ https://bank.example:pw@evil.example"), IsEmpty());
  EXPECT_THAT(links("https://a.example/x@y http://a.example:) x"),
              ElementsAre("https://a.example/x@y", "http://a.example"));
}

// The Hangul fillers are letters that nobody sees.
TEST(Entities, HoldNothingThatNobodySees) {
  for (char const* const filler : {"\u115f", "\u1160", "\u3164", "\uffa0"}) {
    std::string const hidden = filler;
    EXPECT_THAT(links("https://a" + hidden + "b.example"), IsEmpty());
    EXPECT_THAT(links("https://a.example" + hidden), ElementsAre("https://a.example"));
    EXPECT_THAT(tags("#" + hidden), IsEmpty());
    EXPECT_THAT(tags("#kith" + hidden), ElementsAre("kith"));
    EXPECT_EQ(tag_key("a" + hidden + "b"), "");
  }
}

TEST(Links, HaveOneKeyHoweverTheyAreWritten) {
  EXPECT_EQ(link_key("HTTPS://A.Example/"), "https://a.example");
  EXPECT_EQ(link_key(" https://a.example#top "), "https://a.example");
  EXPECT_EQ(link_key("https://a.example/Some/Page/?q=A#part"), "https://a.example/Some/Page/?q=A");
  EXPECT_EQ(link_key("http://localhost:8080/x"), "http://localhost:8080/x");
  for (char const* const none : {"", "a.example", "https://", "https:///x", "ftp://a.example", "http://\xff"})
    EXPECT_EQ(link_key(none), "") << none;
}

TEST(Entities, AreBounded) {
  std::string text;
  for (int i = 0; i < 200; ++i) {
    auto const n = std::to_string(i);
    text += "@u" + n + " #t" + n + " https://a.example/" + n + " ";
  }
  auto const found = extract(text, host);
  EXPECT_EQ(found.mentions.size(), mentions_max);
  EXPECT_EQ(found.tags.size(), tags_max);
  EXPECT_EQ(found.links.size(), links_max);
  EXPECT_THAT(links("https://a.example/" + std::string(url_bytes_max, 'x')), IsEmpty());
}

TEST(Entities, NeedNoUtf8) { EXPECT_THAT(mentions("\xff@ada\xfe #\x80 http://\xc0"), ElementsAre("ada")); }

TEST(Characters, CountAsClientsCount) {
  EXPECT_EQ(count_characters("hello", host), 5u);
  EXPECT_EQ(count_characters("👩‍👩‍👧 e\u0301", host), 3u);
  EXPECT_EQ(count_characters("https://a.example/a/very/long/path/indeed/it/is", host), characters_per_link);
  EXPECT_EQ(count_characters("see http://a.b.example.", host), 4 + characters_per_link + 1);
  EXPECT_EQ(count_characters("@ada@far.example hi", host), 7u);
  EXPECT_EQ(count_characters("@ada@kith.example hi", host), 7u);
  EXPECT_EQ(count_characters("#tag", host), 4u);
  std::string many;
  for (int i = 0; i < 100; ++i) many += "https://a.example/ ";
  EXPECT_EQ(count_characters(many, host), 100 * (characters_per_link + 1));
}

}  // namespace
}  // namespace kith::text
