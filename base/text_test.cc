#include "base/text.h"

#include <gtest/gtest.h>

#include "base/accents.h"

namespace kith {
namespace {

TEST(Utf8, RefusesOverlongSurrogatesCutEndsAndWhatLiesBeyondUnicode) {
  EXPECT_TRUE(is_utf8("") && is_utf8("a ß € 😀 \U0010FFFF"));
  for (char const* wrong : {"\x80", "\xc0\xaf", "\xc1\x81", "\xe0\x80\xaf", "\xed\xa0\x80", "\xf0\x80\x80\xaf",
                            "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "\xe2\x82", "a\xf0\x9f\x98", "\xc3("})
    EXPECT_FALSE(is_utf8(wrong)) << wrong;
}

TEST(Utf8, TextHoldsNoNul) {
  EXPECT_TRUE(is_utf8(std::string_view("a\0b", 3)));
  EXPECT_FALSE(is_text(std::string_view("a\0b", 3)));
  EXPECT_EQ(as_text(std::string_view("a\0b\xff", 4)), "ab\uFFFD");
}

TEST(Utf8, WalksBothWays) {
  std::string_view const text = "aß€😀";
  std::u32string forth, back;
  for (std::size_t at = 0; at < text.size();) forth += next_code_point(text, at);
  EXPECT_EQ(forth, U"aß€😀");
  EXPECT_EQ(code_point_before(text, 10), U'😀');
  EXPECT_EQ(code_point_before(text, 6), U'€');
  EXPECT_EQ(code_point_before(text, 3), U'ß');
  EXPECT_EQ(code_point_before(text, 1), U'a');
  EXPECT_EQ(code_point_before(text, 0), 0xFFFDu);
  EXPECT_EQ(code_point_before("\x80\x80", 2), 0xFFFDu);
}

TEST(Graphemes, AreWhatPeopleCount) {
  EXPECT_EQ(graphemes(""), 0u);
  EXPECT_EQ(graphemes("hello"), 5u);
  EXPECT_EQ(graphemes("a\r\nb"), 3u);
  EXPECT_EQ(graphemes("e\u0301"), 1u);
  EXPECT_EQ(graphemes("👨‍👩‍👧‍👦"), 1u);
  EXPECT_EQ(graphemes("🇩🇪🇫🇷"), 2u);
  EXPECT_EQ(graphemes("👍🏽 ok"), 4u);
  EXPECT_EQ(graphemes("\xff\xfe"), 2u);
  EXPECT_EQ(code_points("e\u0301🇩🇪"), 4u);
}

TEST(Graphemes, AreNeverCutInTwo) {
  EXPECT_EQ(first_graphemes("🇩🇪🇫🇷x", 1), "🇩🇪");
  EXPECT_EQ(first_graphemes("abc", 0), "");
  EXPECT_EQ(first_graphemes("abc", 9), "abc");
  EXPECT_EQ(first_bytes("ae\u0301b", 2), "a");
  EXPECT_EQ(first_bytes("ae\u0301b", 4), "ae\u0301");
  EXPECT_EQ(first_bytes("😀", 3), "");
}

TEST(Fold, MakesOneOfWhatPeopleReadAsOne) {
  EXPECT_EQ(fold("Ada"), "ada");
  EXPECT_EQ(fold("ＡＤＡ"), "ada");
  EXPECT_EQ(fold("Straße"), "strasse");
  EXPECT_EQ(fold("É"), fold("e\u0301"));
  EXPECT_EQ(fold("می\u200cشود"), fold("میشود"));
  EXPECT_EQ(fold("ΣΊΣΥΦΟΣ"), fold("σίσυφος"));
  for (char const* text : {"Ada", "ǰ", "ᾳ", "İ", "ŉ", "ﬃ", "\u1E9E", "a\u0345\u0301", "ﷺ"})
    EXPECT_EQ(fold(fold(text)), fold(text)) << text;
}

TEST(Unaccented, IsWhatPeopleTypeWhoHaveNoSuchKey) {
  EXPECT_EQ(unaccented(fold("Zoë")), "zoe");
  EXPECT_EQ(unaccented(fold("Łódź Ærø Đặng")), "lodz aero dang");
  EXPECT_EQ(unaccented(fold("ΣΊΣΥΦΟΣ")), unaccented(fold("σισυφος")));
  EXPECT_EQ(unaccented(fold("Ёлка")), "елка");
  EXPECT_EQ(unaccented(fold("май")), "май") << "another letter, not an accent";
  EXPECT_EQ(unaccented(fold("हिन्दी 한국 がぎ")), fold("हिन्दी 한국 がぎ")) << "marks that make the word";
  for (char const* text : {"zoë", "ǰ", "ᾳ", "ặ", "a\u0345\u0301", "й\u0301", "한"})
    EXPECT_EQ(unaccented(unaccented(text)), unaccented(text)) << text;
}

TEST(HandleKey, IsWhatAppsFindAsAMention) {
  EXPECT_EQ(handle_key("Ada_1"), "ada_1");
  EXPECT_EQ(handle_key("@ada"), "ada");
  EXPECT_EQ(handle_key("ada.b-c"), "ada.b-c");
  EXPECT_EQ(handle_key("ＡＤＡ"), "ada");
  EXPECT_EQ(handle_key(std::string(30, 'a')), std::string(30, 'a'));
  for (char const* wrong : {"", "@", "@@a", ".a", "a.", "-a", "a b", "a@b", "ädä", "a/b",
                            "abcdefghijklmnopqrstuvwxyz01234", "a\n", "a\xff"})
    EXPECT_EQ(handle_key(wrong), std::nullopt) << wrong;
}

TEST(Trim, TakesWhiteSpaceAndHiddenCharactersFromTheEndsOnly) {
  EXPECT_EQ(trim("  a b\n"), "a b");
  EXPECT_EQ(trim("\u00a0\u3000\u200b\ufeffa\u2003\u202e"), "a");
  EXPECT_EQ(trim(" \t\u2028 "), "");
  EXPECT_EQ(trim("😀"), "😀");
}

TEST(Lines, EndInOneWay) { EXPECT_EQ(unix_lines("a\r\nb\rc\nd\r\r\n"), "a\nb\nc\nd\n\n"); }

}  // namespace
}  // namespace kith
