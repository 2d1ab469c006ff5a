#include "app/import_files.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/error.h"

namespace kith {
namespace {

using Ties = std::vector<std::pair<std::uint32_t, std::uint32_t>>;

TEST(EdgeList, IsPairsOfNumbersHoweverTheyAreSeparated) {
  EdgeList const list = parse_edges("# a comment\n% another\n\n1 2\n2,30\n30\t4\r\n 4 ,  1 \n007 1");
  EXPECT_EQ(list.people, (std::vector<std::uint64_t>{1, 2, 4, 7, 30}));
  EXPECT_EQ(list.ties, (Ties{{0, 1}, {1, 4}, {2, 4}, {0, 2}, {0, 3}}));
  EXPECT_EQ(list.left_out.count, 0u);
}

TEST(EdgeList, MalformedLinesAreCountedAndTheFirstAreNamed) {
  EdgeList const list = parse_edges("1 2\nhello\n3\n-1 2\n1 2 3\n1;2\n1,,2\n99999999999999999999 1\n0x1 2\n3 4\n");
  EXPECT_EQ(list.ties.size(), 2u);
  EXPECT_EQ(list.left_out.count, 8u);
  EXPECT_EQ(list.left_out.first.front().line, 2u);
  EXPECT_EQ(list.left_out.sentence("x.edges"),
            "x.edges: 8 lines were not understood and left out: line 2 (not two numbers), line 3 (not two numbers), "
            "line 4 (not two numbers), line 5 (not two numbers), line 6 (not two numbers) and more");
}

TEST(EdgeList, LoopsAndDoublesAreCountedAndNoTies) {
  EdgeList const list = parse_edges("5 5\n1 2\n2 1\n1 2\n");
  EXPECT_EQ(list.people, (std::vector<std::uint64_t>{1, 2, 5}));
  EXPECT_EQ(list.ties, (Ties{{0, 1}}));
  EXPECT_EQ(list.self_loops, 1u);
  EXPECT_EQ(list.doubles, 2u);
}

TEST(Csv, QuotedFieldsHoldCommasLineEndsAndDoubledQuotes) {
  auto const rows = parse_csv("a,\"b, c\",\"d\r\ne \"\"f\"\"\"\r\n\r\ng,,h \"i\"\n");
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].fields, (std::vector<std::string>{"a", "b, c", "d\r\ne \"f\""}));
  EXPECT_EQ(rows[1].fields, (std::vector<std::string>{"g", "", "h \"i\""}));
  EXPECT_EQ(rows[1].line, 4u);
}

TEST(Csv, WrongQuoteCostsItsOwnLineOnly) {
  auto const rows = parse_csv("\"e\"f,g\na,\"b\nc,d\nh,i");
  ASSERT_EQ(rows.size(), 4u);
  EXPECT_EQ(rows[0].problem, "text behind a closing quote");
  EXPECT_EQ(rows[1].problem, "a quote that is not closed");
  EXPECT_EQ(rows[2].fields, (std::vector<std::string>{"c", "d"}));
  EXPECT_EQ(rows[3].line, 4u);
  EXPECT_EQ(rows[3].fields, (std::vector<std::string>{"h", "i"}));
}

TEST(Posts, KeepTheirRowsNumberWhenOthersAreLeftOut) {
  auto const table = parse_posts(
      "\xEF\xBB\xBFtopic,title,text\nworld,One,First\nworld,Two\nworld,,\n\"x\",\"T &lt;b&gt;\",\"#39;s\"\n", "p.csv");
  ASSERT_EQ(table.posts.size(), 2u);
  EXPECT_EQ(table.posts[0].row, 0u);
  EXPECT_EQ(table.posts[1].row, 3u);
  EXPECT_EQ(table.posts[1].title, "T &lt;b&gt;");
  EXPECT_EQ(table.posts[1].text, "#39;s");
  EXPECT_EQ(table.left_out.sentence("p.csv"),
            "p.csv: 2 lines were not understood and left out: line 3 (2 fields instead of 3), line 4 (neither title "
            "nor text)");
}

TEST(Posts, BytesThatAreNoUtf8AreReplacedAndCounted) {
  auto const table = parse_posts("topic,title,text\na,caf\xE9,\xFF\xFE and \xC3\xA9 \xEF\xBF\xBD\n", "p.csv");
  ASSERT_EQ(table.posts.size(), 1u);
  EXPECT_EQ(table.posts[0].title, "caf\xEF\xBF\xBD");
  EXPECT_EQ(table.posts[0].text, "\xEF\xBF\xBD\xEF\xBF\xBD and \xC3\xA9 \xEF\xBF\xBD");
  EXPECT_EQ(table.repaired, 3u);
}

std::string refusal(auto act) {
  try {
    act();
  } catch (Error const& error) {
    EXPECT_EQ(error.code, Code::invalid);
    return error.say;
  }
  return "was not refused";
}

TEST(Posts, AnotherHeadIsRefused) {
  EXPECT_EQ(refusal([] { parse_posts("title,text\na,b\n", "p.csv"); }),
            "The posts file p.csv must begin with the line topic,title,text");
  EXPECT_EQ(refusal([] { parse_posts("\n\n", "p.csv"); }),
            "The posts file p.csv must begin with the line topic,title,text");
}

TEST(Input, WhatCannotBeReadIsNamed) {
  std::filesystem::create_directories("a_folder");
  std::ofstream("an_empty_file").flush();
  EXPECT_EQ(refusal([] { read_input("nowhere", "graph"); }), "The graph file nowhere is not there");
  EXPECT_EQ(refusal([] { read_input("a_folder", "posts"); }), "The posts file a_folder is a folder, not a file");
  EXPECT_EQ(refusal([] { read_input("an_empty_file", "graph"); }), "The graph file an_empty_file is empty");
  std::ofstream("a_file") << "1 2\n";
  EXPECT_EQ(read_input("a_file", "graph"), "1 2\n");
}

}  // namespace
}  // namespace kith
