#include <gtest/gtest.h>

#include "gateway/http/body.h"

namespace kith {
namespace {

using AnId = Id<struct ThingTag>;

Params form(std::string_view text) {
  Params root(Params::Kind::map);
  Form into{root};
  parse_urlencoded(into, text);
  return root;
}

Params json(std::string_view text) {
  Params root(Params::Kind::map);
  Form into{root};
  parse_json(into, text);
  return root;
}

Params body(std::string_view type, std::string_view text, std::vector<UploadedFile>& files) {
  Params root(Params::Kind::map);
  Form into{root};
  parse_body(into, type, text, files);
  return root;
}

template <class Act>
std::string refusal(Act act) {
  try {
    act();
  } catch (Error const& error) {
    EXPECT_EQ(error.code, Code::invalid);
    return error.say;
  }
  return "";
}

TEST(Params, FormAndJsonAreTheSameTree) {
  for (auto const& params :
       {form("poll[options][]=a&poll%5Boptions%5D%5B%5D=b&poll[multiple]=true&fields_attributes[0][name]=x"
             "&fields_attributes[1][name]=y&data[alerts][mention]=1"),
        json(R"({"poll":{"options":["a","b"],"multiple":true},"fields_attributes":[{"name":"x"},{"name":"y"}],
                 "data":{"alerts":{"mention":1}}})"),
        json(R"({"poll":{"options":["a","b"],"multiple":"true"},"fields_attributes":{"0":{"name":"x"},"1":{"name":"y"}},
                 "data":{"alerts":{"mention":"on"}}})")}) {
    EXPECT_EQ(params.texts("poll[options][]"), (std::vector<std::string>{"a", "b"}));
    EXPECT_TRUE(params.flag("poll[multiple]"));
    EXPECT_TRUE(params.flag("data[alerts][mention]"));
    auto const& fields = params.members("fields_attributes");
    ASSERT_EQ(fields.size(), 2u);
    EXPECT_EQ(fields[0].text("name"), "x");
    EXPECT_EQ(fields[1].text("name"), "y");
  }
}

TEST(Params, ListsComeInEveryForm) {
  std::vector<AnId> const wanted{AnId{1}, AnId{2}};
  EXPECT_EQ(form("id[]=1&id[]=2").ids<AnId>("id[]"), wanted);
  EXPECT_EQ(form("id[][]=1&id[][]=2").ids<AnId>("id"), wanted);
  EXPECT_EQ(form("id=1&id=2").ids<AnId>("id"), wanted);
  EXPECT_EQ(json(R"({"id":["1",2]})").ids<AnId>("id[]"), wanted);
  EXPECT_EQ(form("id=1").ids<AnId>("id"), std::vector<AnId>{AnId{1}});
  EXPECT_EQ(json(R"({"choices":["0","1"]})").numbers("choices[]"), (std::vector<std::int64_t>{0, 1}));
  EXPECT_TRUE(form("").ids<AnId>("id").empty());
  EXPECT_NE(refusal([] { form("id[]=1&id[]=x").ids<AnId>("id[]"); }), "");
}

TEST(Params, ListsOfMapsInForms) {
  auto const params = form("a[][b]=1&a[][c]=2&a[][b]=3");
  ASSERT_EQ(params.members("a").size(), 2u);
  EXPECT_EQ(params.members("a")[0].number("c"), 2);
  EXPECT_EQ(params.members("a")[1].number("b"), 3);
}

TEST(Params, FlagsComeAsTextNumberAndFlag) {
  for (char const* yes :
       {R"({"f":true})", R"({"f":"true"})", R"({"f":1})", R"({"f":"1"})", R"({"f":"on"})", R"({"f":"True"})"})
    EXPECT_TRUE(json(yes).flag("f")) << yes;
  for (char const* no : {R"({"f":false})", R"({"f":"false"})", R"({"f":0})", R"({"f":"0"})", R"({"f":"off"})"})
    EXPECT_FALSE(json(no).flag("f", true)) << no;
  EXPECT_EQ(json(R"({"f":null})").maybe_flag("f"), std::nullopt);
  EXPECT_EQ(form("f=").maybe_flag("f"), std::nullopt);
  EXPECT_EQ(refusal([] { form("f=perhaps").flag("f"); }), "f must be true or false");
}

TEST(Params, WhatIsMissingOrWrongIsNamed) {
  EXPECT_EQ(refusal([] { form("").text("status"); }), "status is missing");
  EXPECT_EQ(refusal([] { json(R"({"status":["a"]})").text("status"); }), "status must be a text");
  EXPECT_EQ(refusal([] { form("limit=ten").number("limit"); }), "limit must be a whole number");
  EXPECT_EQ(refusal([] { form("limit=99999999999999999999").number("limit"); }), "limit must be a whole number");
  EXPECT_EQ(refusal([] { form("id=01").id<AnId>("id"); }), "id must be an id");
  EXPECT_EQ(refusal([] { form("at=tomorrow").maybe_time("at"); }), "at must be a time such as 2026-11-21T12:30:00Z");
  EXPECT_EQ(form("status=").text("status"), "");
  EXPECT_EQ(form("a=1&a=2").text("a"), "2");
  EXPECT_EQ(json(R"({"n":3.0})").number("n"), 3);
}

TEST(Form, DecodesAndRefusesWhatIsIllFormed) {
  EXPECT_EQ(form("a+b=%41+%2B").text("a b"), "A +");
  EXPECT_EQ(form("status=caf%C3%A9").text("status"), "café");
  EXPECT_EQ(form("=x&&[a]=y").members().size(), 0u);
  for (char const* wrong : {"a=%", "a=%4", "a=%zz", "a=%00", "a=%ff", "%c3=x"})
    EXPECT_THROW(form(wrong), Malformed) << wrong;
}

TEST(Form, HasLimits) {
  std::string many, deep = "a", deep_json;
  for (std::size_t i = 0; i <= params_max; ++i) many += "a" + std::to_string(i) + "=1&";
  EXPECT_THROW(form(many), Malformed);
  for (std::size_t i = 0; i < nesting_max; ++i) deep += "[b]";
  EXPECT_THROW(form(deep + "=1"), Malformed);
  for (std::size_t i = 0; i < 100'000; ++i) deep_json += R"({"a":)";
  EXPECT_THROW(json(deep_json), Malformed);
  EXPECT_THROW(form(std::string(param_name_max + 1, 'n') + "=1"), Malformed);
  std::string long_list = R"({"a":[0)";
  for (std::size_t i = 0; i < params_max; ++i) long_list += ",0";
  EXPECT_THROW(json(long_list + "]}"), Malformed);
}

TEST(Json, MustBeAnObjectAndWellFormed) {
  for (char const* wrong :
       {"", "[]", "1", "{", R"({"a":})", R"({"a":1}x)", R"({"a":"\u0000"})", "{\"a\":\"\xff\"}", R"({"a":"\ud800"})"})
    EXPECT_THROW(json(wrong), Malformed) << wrong;
}

TEST(Body, WinsOverTheQueryAndIsReadByItsType) {
  std::vector<UploadedFile> files;
  Params root(Params::Kind::map);
  Form into{root};
  parse_urlencoded(into, "a=query&b=query");
  parse_body(into, "application/json; charset=utf-8", R"({"a":"body"})", files);
  EXPECT_EQ(root.text("a"), "body");
  EXPECT_EQ(root.text("b"), "query");
  EXPECT_EQ(body("Application/X-WWW-Form-Urlencoded", "a=1", files).text("a"), "1");
  EXPECT_THROW(body("text/xml", "<a/>", files), Malformed);
  EXPECT_TRUE(body("text/plain", "", files).members().empty());
}

constexpr char const* parts =
    "--xX\r\nContent-Disposition: form-data; name=\"status\"\r\n\r\nTwo\r\nlines\r\n"
    "--xX\r\ncontent-disposition: form-data; name=\"poll[options][]\"\r\n\r\na\r\n"
    "--xX\r\nContent-Disposition: form-data; name=\"empty\"\r\n\r\n\r\n"
    "--xX\r\nContent-Disposition: form-data; name=\"avatar\"; filename=\"me \\\"x\\\".png\"\r\nContent-Type: "
    "image/png\r\n\r\n"
    "\x89PNG\r\n--x\r\n"
    "--xX--\r\n";

TEST(Multipart, GivesFieldsAndNotesFiles) {
  std::vector<UploadedFile> files;
  auto const params = body("multipart/form-data; boundary=\"xX\"", parts, files);
  EXPECT_EQ(params.text("status"), "Two\r\nlines");
  EXPECT_EQ(params.text("empty"), "");
  EXPECT_EQ(params.texts("poll[options][]"), std::vector<std::string>{"a"});
  ASSERT_EQ(files.size(), 1u);
  EXPECT_EQ(files[0].name, "avatar");
  EXPECT_EQ(files[0].filename, "me \"x\".png");
  EXPECT_EQ(files[0].content_type, "image/png");
  EXPECT_EQ(files[0].size, 9u);
  EXPECT_EQ(refusal([&] { params.text("avatar"); }), "avatar must be a text");
}

TEST(Multipart, RefusesEveryCutAndForm) {
  std::string const whole = parts;
  std::vector<UploadedFile> files;
  for (std::size_t size = 1; size + 4 < whole.size(); ++size)
    EXPECT_THROW(body("multipart/form-data; boundary=xX", whole.substr(0, size), files), Malformed) << size;
  for (char const* type :
       {"multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=other"})
    EXPECT_THROW(body(type, parts, files), Malformed) << type;
  EXPECT_THROW(body("multipart/form-data; boundary=x", "--x\r\n\r\na\r\n--x--", files), Malformed);
  EXPECT_THROW(
      body("multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data\r\n\r\na\r\n--x--", files),
      Malformed);
}

TEST(HeaderParameter, ReadsQuotedAndPlain) {
  EXPECT_EQ(header_parameter("form-data; name=\"a;b\"; filename=c.png", "filename"), "c.png");
  EXPECT_EQ(header_parameter("form-data; name=\"a;b\"", "name"), "a;b");
  EXPECT_EQ(header_parameter("form-data; name=\"filename\"", "filename"), std::nullopt);
  EXPECT_EQ(header_parameter("a; ; b; boundary = x ", "boundary"), "x");
}

}  // namespace
}  // namespace kith
