#include "gateway/http/head.h"

#include <gtest/gtest.h>

namespace kith {
namespace {

using Step = MessageReader::Step;

// What becomes of these bytes when they come `size` at a time: "200 METHOD target body" or a status.
std::string outcome(std::string_view bytes, std::size_t size = 1 << 20) {
  MessageReader reader;
  std::string waiting;
  while (true) {
    std::size_t used = 0;
    auto const step = reader.read(waiting, used);
    waiting.erase(0, used);
    if (step == Step::refused) return std::to_string(reader.refusal.status);
    if (step == Step::done)
      return std::string(name_of(reader.data->method)) + ' ' + std::string(reader.data->target) + ' ' +
             reader.data->body +
             (waiting.empty() && bytes.empty() ? "" : " +" + std::to_string(waiting.size() + bytes.size()));
    if (step == Step::head_done) continue;
    if (bytes.empty()) return "more";
    waiting += bytes.substr(0, size);
    bytes.remove_prefix(std::min(size, bytes.size()));
  }
}

TEST(Head, ReadsWholeMessagesHoweverTheyAreCut) {
  std::string const chunked =
      "POST /a?b=c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5;ext=1\r\nhello\r\n6\r\n "
      "world\r\n0\r\nTrailer: x\r\n\r\n";
  std::string const plain = "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello";
  std::string const no_chunk = "POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
  std::string const zeros = "POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n000\r\n\r\n";
  for (std::size_t size : {1, 2, 3, 4, 5, 7, 11, 1'000}) {
    EXPECT_EQ(outcome(chunked, size), "POST /a?b=c hello world") << size;
    EXPECT_EQ(outcome(no_chunk, size), "POST /a ") << size;
    EXPECT_EQ(outcome(zeros, size), "POST /a x") << size;
    EXPECT_EQ(outcome(plain, size), "POST /a hello") << size;
    EXPECT_EQ(outcome("\r\nGET / HTTP/1.0\r\n\r\n", size), "GET / ") << size;
  }
  EXPECT_EQ(outcome(plain + "GET"), "POST /a hello +3");
  EXPECT_EQ(outcome("OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n"), "OPTIONS * ");
  EXPECT_EQ(outcome("GET http://x:80/a?b HTTP/1.1\r\nHost: X:80\r\n\r\n"), "GET /a?b ");
  EXPECT_EQ(outcome("BREW /pot HTTP/1.1\r\nHost: x\r\n\r\n"), "OTHER /pot ");
}

TEST(Head, RefusesWhatTwoServersCouldReadDifferently) {
  auto const with = [](std::string_view lines) {
    return "POST / HTTP/1.1\r\nHost: x\r\n" + std::string(lines) + "\r\n";
  };
  for (std::string_view const lines : {
           "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
           "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
           "Content-Length: 5\r\nContent-Length: 6\r\n",
           "Content-Length: 5\r\nContent-Length: 5\r\n",
           "Content-Length: 5, 5\r\n",
           "Content-Length: +5\r\n",
           "Content-Length: -1\r\n",
           "Content-Length: 0x5\r\n",
           "Content-Length:\r\n",
           "Content-Length: 99999999999999999999\r\n",
           "Content-Length: 5 5\r\n",
           "Content-Length : 5\r\n",
           " Content-Length: 5\r\n",
           "X: a\r\n b\r\n",
           "X: a\r\n\tb\r\n",
           "X: a\nContent-Length: 5\r\n",
           "X: a\rContent-Length: 5\r\n",
           "X\r\n",
           ": x\r\n",
           "X Y: z\r\n",
           "Host: y\r\n",
           "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
           "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
       })
    EXPECT_EQ(outcome(with(lines)), "400") << lines;
  EXPECT_EQ(outcome(with(std::string_view("X: a\0b\r\n", 8))), "400");
  for (std::string_view const lines : {"Transfer-Encoding: gzip, chunked\r\n", "Transfer-Encoding: xchunked\r\n",
                                       "Transfer-Encoding: chunked, identity\r\n", "Transfer-Encoding:\r\n",
                                       "Transfer-Encoding: \x0b"
                                       "chunked\r\n"}) {
    auto const status = outcome(with(lines));
    EXPECT_TRUE(status == "501" || status == "400") << lines << status;
  }
  EXPECT_EQ(outcome("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), "400");
}

TEST(Head, RefusesTargetsAndHostsThatAreNone) {
  for (std::string_view const head : {
           "GET / HTTP/1.1\r\n\r\n",
           "GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
           "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n",
           "GET / HTTP/1.1\r\nHost: \r\n\r\n",
           "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n",
           "GET a HTTP/1.1\r\nHost: x\r\n\r\n",
           "GET * HTTP/1.1\r\nHost: x\r\n\r\n",
           "GET /a#b HTTP/1.1\r\nHost: x\r\n\r\n",
           "GET http://y/ HTTP/1.1\r\nHost: x\r\n\r\n",
           "GET http://u@x/ HTTP/1.1\r\nHost: x\r\n\r\n",
           "GET ftp://x/ HTTP/1.1\r\nHost: x\r\n\r\n",
           "CONNECT x:80 HTTP/1.1\r\nHost: x\r\n\r\n",
           "GET  / HTTP/1.1\r\nHost: x\r\n\r\n",
           "GET / a HTTP/1.1\r\nHost: x\r\n\r\n",
           "GET /\r\nHost: x\r\n\r\n",
           "\x16\x03\x01\x02\r\n\r\n",
       })
    EXPECT_TRUE(outcome(head) == "400" || outcome(head) == "505") << head << outcome(head);
  EXPECT_EQ(outcome("GET / HTTP/2.0\r\nHost: x\r\n\r\n"), "505");
  EXPECT_EQ(outcome("GET / HTTP/1.1\r\nHost: x\r\nExpect: miracles\r\n\r\n"), "417");
}

TEST(Head, HasLimits) {
  EXPECT_EQ(outcome("GET /" + std::string(head_max, 'a')), "431");
  EXPECT_EQ(outcome("GET / HTTP/1.1\r\nHost: x\r\nX: " + std::string(head_max, 'a') + "\r\n\r\n"), "431");
  std::string many = "GET / HTTP/1.1\r\nHost: x\r\n";
  for (int i = 0; i < 200; ++i) many += "X: y\r\n";
  EXPECT_EQ(outcome(many + "\r\n"), "431");
  EXPECT_EQ(outcome("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1048577\r\n\r\n"), "413");
  EXPECT_EQ(outcome("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n100001\r\n"), "413");
  EXPECT_EQ(outcome("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n"), "413");
  EXPECT_EQ(outcome("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff1\r\n"), "400");
  EXPECT_EQ(outcome("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5;" + std::string(20'000, 'x')),
            "400");
  EXPECT_EQ(outcome("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\nhello\r\n0\r\n\r\n"), "400");
  EXPECT_EQ(outcome("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloXX0\r\n\r\n"), "400");
}

}  // namespace
}  // namespace kith
