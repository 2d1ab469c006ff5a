#include "base/json.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace kith {
namespace {

std::string json(std::string_view text) {
  std::string out;
  append_json(out, text);
  return out;
}

TEST(JsonText, EscapesWhatJsonForbidsAndNothingElse) {
  EXPECT_EQ(json(""), R"("")");
  EXPECT_EQ(json("say \"hi\" \\ there"), R"("say \"hi\" \\ there")");
  EXPECT_EQ(json("a\nb\tc\rd\x01\x1f\x7f"), "\"a\\nb\\tc\\rd\\u0001\\u001f\x7f\"");
  EXPECT_EQ(json(std::string_view("\0", 1)), R"("\u0000")");
  EXPECT_EQ(json("Grüße 😀 </script>"), "\"Grüße 😀 </script>\"");
}

TEST(JsonText, EscapesTheLineSeparatorsOfJavaScript) {
  EXPECT_EQ(json("a\u2028b\u2029c\u2027"), "\"a\\u2028b\\u2029c\u2027\"");
}

TEST(JsonText, BytesThatAreNoUtf8BecomeTheReplacementCharacter) {
  EXPECT_EQ(json("a\xff"
                 "b"),
            R"("a\ufffdb")");
  EXPECT_EQ(json("\xc3"), R"("\ufffd")");
  EXPECT_EQ(json("\xed\xa0\x80"), R"("\ufffd\ufffd\ufffd")");
  EXPECT_TRUE(is_utf8(json("\xf0\x9f\x98 abc \xe2\x80")));
}

TEST(JsonText, EveryByteAtEveryPlaceOfAWordIsFound) {
  for (int byte = 0; byte < 0x80; ++byte)
    for (std::size_t place = 0; place < 20; ++place) {
      std::string text(20, 'x');
      text[place] = static_cast<char>(byte);
      bool const escaped = byte < 0x20 || byte == '"' || byte == '\\';
      EXPECT_EQ(json(text).size() > 22, escaped) << byte << " at " << place;
      if (!escaped) EXPECT_EQ(json(text), '"' + text + '"');
    }
}

TEST(JsonText, InAPageNoMarkupRemains) {
  std::string out;
  append_json_in_html(out, "</script><!-- & \"long enough for a word\"");
  EXPECT_EQ(out, R"("\u003c/script\u003e\u003c!-- \u0026 \"long enough for a word\"")");
}

TEST(JsonWriter, PutsCommasBetweenValuesOnly) {
  std::string out;
  JsonWriter json(out);
  json.begin()
      .text("a", "x")
      .text_or_null("b", "")
      .yes("c", true)
      .number("d", 18446744073709551615u)
      .id("e", 9223372036854775807u)
      .id("f", 0)
      .list("g")
      .end_list()
      .list("h")
      .text_item("1")
      .id_item(2)
      .begin()
      .end()
      .list()
      .end_list()
      .end_list()
      .begin("i")
      .null("j")
      .end()
      .time("k", Time{std::chrono::milliseconds(1)})
      .date("l", Time{std::chrono::milliseconds(1)})
      .date("m", no_time)
      .end();
  EXPECT_EQ(out, R"({"a":"x","b":null,"c":true,"d":18446744073709551615,"e":"9223372036854775807","f":null,"g":[],)"
                 R"("h":["1","2",{},[]],"i":{"j":null},"k":"1970-01-01T00:00:00.001Z","l":"1970-01-01","m":null})");
}

}  // namespace
}  // namespace kith
