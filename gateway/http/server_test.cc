#include "gateway/http/server.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <thread>

namespace kith {
namespace {

using std::chrono::milliseconds;

// A client that sends any bytes and reads what comes.
class Client {
 public:
  explicit Client(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected = ::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  }
  ~Client() { ::close(socket_); }

  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      auto const sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }
  // Until `enough` holds, the other side closes, or three seconds are over.
  template <class Enough>
  std::string read_until(Enough enough) {
    auto const until = std::chrono::steady_clock::now() + std::chrono::seconds{3};
    while (!enough(got_) && std::chrono::steady_clock::now() < until) {
      pollfd ready{socket_, POLLIN, 0};
      if (::poll(&ready, 1, 100) <= 0) continue;
      char buffer[65536];
      auto const size = ::recv(socket_, buffer, sizeof buffer, 0);
      if (size <= 0) {
        closed = true;
        break;
      }
      got_.append(buffer, static_cast<std::size_t>(size));
    }
    return got_;
  }
  // One whole answer; what follows it stays.
  std::string answer() {
    auto const whole = [](std::string const& got) -> std::size_t {
      auto const end = got.find("\r\n\r\n");
      if (end == std::string::npos) return 0;
      auto const length = got.find("Content-Length: ");
      auto const body = length < end ? std::stoul(got.substr(length + 16)) : 0;
      return got.size() >= end + 4 + body ? end + 4 + body : 0;
    };
    read_until([&](std::string const& got) { return whole(got) > 0; });
    auto const size = whole(got_);
    auto const text = got_.substr(0, size);
    got_.erase(0, size);
    return text;
  }
  std::string rest() {
    auto const all = read_until([](std::string const&) { return false; });
    got_.clear();
    return all;
  }
  std::string ask(std::string_view request) { return send(request) ? answer() : ""; }
  int socket() const { return socket_; }

  bool connected = false;
  bool closed = false;

 private:
  int socket_;
  std::string got_;
};

std::string get(std::string_view path, std::string_view more = "") {
  return "GET " + std::string(path) + " HTTP/1.1\r\nHost: kith.test\r\n" + std::string(more) + "\r\n";
}
int status(std::string const& answer) { return answer.size() > 12 ? std::stoi(answer.substr(9, 3)) : 0; }
std::size_t count(std::string const& text, std::string_view what) {
  std::size_t found = 0;
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++found;
  return found;
}

Task<TokenFacts> nobody(std::string) {
  throw Error{Code::unauthenticated, "The access token is invalid"};
  co_return TokenFacts{};
}
Task<Response> hello(Request) { co_return Response::json(R"({"hello":"world"})"); }
Task<Response> parrot(Request request) {
  co_return Response::json(request.maybe_text("say").value_or(std::string(request.body())));
}
Task<Response> slow(Request) {
  boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, milliseconds{200});
  co_await timer.async_wait(boost::asio::use_awaitable);
  co_return Response::json("\"late\"");
}
Task<Response> never(Request) {
  boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, std::chrono::hours{24});
  co_await timer.async_wait(boost::asio::use_awaitable);
  co_return Response::json("\"never\"");
}
Task<Response> large(Request) {
  Body body("[");
  for (int i = 0; i < 200; ++i) {
    body.append(std::make_shared<std::string const>(10'000, static_cast<char>('a' + i % 26)));
    body.append(",");
  }
  body.append("]");
  co_return Response::json(std::move(body));
}

class ServerTest : public testing::Test {
 protected:
  ServerTest() {
    router.add({.path = "/api/hello", .access = Access::open, .summary = "t"}, hello);
    router.add({.path = "/api/slow", .access = Access::open, .summary = "t"}, slow);
    router.add({.path = "/api/never", .access = Access::open, .summary = "t"}, never);
    router.add({.path = "/api/large", .access = Access::open, .summary = "t"}, large);
    router.add({.path = "/health/live", .access = Access::none, .limit = LimitClass::none, .summary = "t"}, hello);
    router.add({.method = Method::post, .path = "/api/parrot", .access = Access::open, .summary = "t"}, parrot);
    router.add({.method = Method::post, .path = "/api/small", .access = Access::open, .body_max = 10, .summary = "t"},
               parrot);
    settings.listen = {"127.0.0.1:0"};
    settings.tick = milliseconds{20};
  }
  ~ServerTest() override {
    if (server) server->stop(milliseconds{500});
  }
  Client client() {
    if (!server) {
      edge = std::make_unique<Edge>(Edge::Needs{router, nobody, counter, metrics},
                                    EdgeSettings{.rate_limits = false, .access_log = AccessLog::off});
      server = std::make_unique<Server>(*edge, metrics, settings);
      loops = std::make_unique<Loops>(2);
      server->start(*loops);
    }
    return Client(server->port());
  }

  Router router;
  Metrics metrics;
  LocalRateCounter counter;
  ServerSettings settings;
  std::unique_ptr<Edge> edge;
  std::unique_ptr<Server> server;
  std::unique_ptr<Loops> loops;
};

TEST_F(ServerTest, ServesOneRequestAfterAnotherOnOneConnection) {
  auto one = client();
  for (int i = 0; i < 3; ++i) {
    auto const answer = one.ask(get("/api/hello"));
    EXPECT_EQ(status(answer), 200);
    EXPECT_EQ(count(answer, "\r\nDate: "), 1u);
    EXPECT_EQ(count(answer, "\r\nContent-Type: application/json; charset=utf-8\r\n"), 1u);
    EXPECT_EQ(count(answer, "\r\nAccess-Control-Allow-Origin: *\r\n"), 1u);
    EXPECT_EQ(count(answer, "\r\nX-RateLimit-Remaining: "), 1u);
    EXPECT_TRUE(answer.ends_with(R"({"hello":"world"})"));
  }
  EXPECT_EQ(server->connections(), 1u);
}

TEST_F(ServerTest, AnswersPipelinedRequestsInOrder) {
  auto one = client();
  std::string many;
  for (int i = 0; i < 20; ++i) many += get("/api/missing" + std::to_string(i)) + get("/api/hello");
  one.send(many);
  for (int i = 0; i < 20; ++i) {
    EXPECT_NE(one.answer().find("/api/missing" + std::to_string(i) + "\""), std::string::npos);
    EXPECT_EQ(status(one.answer()), 200);
  }
}

TEST_F(ServerTest, ClosesWhenAskedAndByDefaultInHttp10) {
  for (auto const& request :
       {get("/api/hello", "Connection: close\r\n"), std::string("GET /api/hello HTTP/1.0\r\n\r\n")}) {
    auto one = client();
    one.send(request);
    auto const answer = one.rest();
    EXPECT_EQ(status(answer), 200);
    EXPECT_NE(answer.find("Connection: close"), std::string::npos);
    EXPECT_TRUE(one.closed);
  }
  auto kept = client();
  EXPECT_NE(kept.ask("GET /api/hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").find("Connection: keep-alive"),
            std::string::npos);
  EXPECT_EQ(status(kept.ask(get("/api/hello"))), 200);
}

TEST_F(ServerTest, HeadSaysTheLengthAndSendsNoBody) {
  auto one = client();
  one.send("HEAD /api/hello HTTP/1.1\r\nHost: x\r\n\r\n" + get("/api/hello"));
  auto const both = one.read_until([](std::string const& got) { return got.ends_with("}"); });
  EXPECT_EQ(count(both, "Content-Length: 17"), 2u);
  EXPECT_EQ(count(both, "world"), 1u);
}

TEST_F(ServerTest, TakesBodiesWithLengthInChunksAndAfter100Continue) {
  auto one = client();
  std::string const head =
      "POST /api/parrot HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n";
  EXPECT_TRUE(one.ask(head + "Content-Length: 6\r\n\r\nsay=hi").ends_with("hi"));
  EXPECT_TRUE(one.ask(head + "Transfer-Encoding: chunked\r\n\r\n4\r\nsay=\r\n3\r\nyes\r\n0\r\n\r\n").ends_with("yes"));
  one.send(head + "Expect: 100-continue\r\nContent-Length: 6\r\n\r\n");
  EXPECT_EQ(one.read_until([](std::string const& got) { return got.ends_with("\r\n\r\n"); }),
            "HTTP/1.1 100 Continue\r\n\r\n");
  one.answer();
  EXPECT_TRUE(one.ask("say=ho").ends_with("ho"));
  std::string const large(900'000, 'x');
  EXPECT_TRUE(
      one.ask(head + "Content-Length: " + std::to_string(large.size() + 4) + "\r\n\r\nsay=" + large).ends_with(large));
}

TEST_F(ServerTest, BodyBeyondTheRoutesLimitIs413AndTheClientHearsIt) {
  auto one = client();
  std::string const body(500'000, 'x');
  one.send("POST /api/small HTTP/1.1\r\nHost: x\r\nContent-Length: 500000\r\n\r\n" + body);
  auto const answer = one.rest();
  EXPECT_EQ(status(answer), 413);
  EXPECT_TRUE(one.closed);
  auto two = client();
  EXPECT_EQ(status(two.ask("POST /api/small HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nb\r\n")), 413);
  auto three = client();
  EXPECT_EQ(
      status(three.ask("POST /api/small HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 11\r\n\r\n")),
      413);
}

TEST_F(ServerTest, RefusesSmugglingWithOneAnswerAndCloses) {
  auto one = client();
  one.send("POST /api/parrot HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" +
           get("/api/hello"));
  auto const answer = one.rest();
  EXPECT_EQ(status(answer), 400);
  EXPECT_EQ(count(answer, "HTTP/1.1 "), 1u);
  EXPECT_EQ(count(answer, "world"), 0u);
  EXPECT_TRUE(one.closed);
}

TEST_F(ServerTest, LargeAnswersArriveWholeAtSlowReaders) {
  auto one = client();
  int const small = 32'768;
  ::setsockopt(one.socket(), SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
  auto const answer = one.ask(get("/api/large"));
  EXPECT_NE(answer.find("Content-Length: 2000202\r\n"), std::string::npos);
  EXPECT_TRUE(answer.ends_with("r,]")) << answer.substr(answer.size() - 5);
}

TEST_F(ServerTest, SlowClientsAreClosed) {
  settings.idle = milliseconds{200};
  settings.head = milliseconds{200};
  settings.transfer = milliseconds{200};
  auto idle = client(), head = client(), body = client(), dripping = client();
  head.send("GET /api/hello HTTP/1.1\r\nHost");
  body.send("POST /api/parrot HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc");
  for (int i = 0; i < 40 && dripping.send("G"); ++i) std::this_thread::sleep_for(milliseconds{10});
  EXPECT_EQ(idle.rest(), "");
  EXPECT_TRUE(idle.closed);
  EXPECT_EQ(status(head.rest()), 408);
  EXPECT_EQ(status(body.rest()), 408);
  EXPECT_EQ(status(dripping.rest()), 408) << "one byte now and then does not lengthen the time of a head";
}

TEST_F(ServerTest, HandlerThatNeverReturnsIsCutOff) {
  settings.answer = milliseconds{200};
  settings.in_flight_max = 2;
  auto one = client(), two = client();
  one.send(get("/api/never") + get("/api/hello"));
  auto const answers = one.rest();
  EXPECT_EQ(status(answers), 503);
  EXPECT_EQ(count(answers, "HTTP/1.1 "), 1u) << "what followed is not answered on a connection that ends";
  EXPECT_NE(answers.find("\r\nConnection: close\r\n"), std::string::npos);
  EXPECT_NE(answers.find("\r\nAccess-Control-Allow-Origin: *\r\n"), std::string::npos);
  EXPECT_NE(answers.find(R"({"error":"The server could not answer in time)"), std::string::npos);
  EXPECT_TRUE(one.closed);
  EXPECT_EQ(status(two.ask(get("/api/hello"))), 200);
  EXPECT_EQ(status(two.ask(get("/api/never"))), 503);
  EXPECT_EQ(status(client().ask(get("/api/hello"))), 503) << "what never ends is still counted among what runs";
}

TEST_F(ServerTest, HandlerThatReturnsAfterItWasCutOffAnswersNobody) {
  settings.answer = milliseconds{60};
  {
    auto one = client();
    one.send(get("/api/slow"));
    auto const answer = one.rest();
    EXPECT_EQ(status(answer), 503);
    EXPECT_EQ(count(answer, "late"), 0u);
  }
  EXPECT_TRUE(server->stop(std::chrono::seconds{2})) << "it has ended by itself";
  EXPECT_EQ(server->connections(), 0u);
}

TEST_F(ServerTest, MoreConnectionsThanAllowedAreRefused) {
  settings.connections_max = 2;
  auto one = client(), two = client();
  EXPECT_EQ(status(one.ask(get("/api/hello"))), 200);
  EXPECT_EQ(status(two.ask(get("/api/hello"))), 200);
  auto three = client();
  EXPECT_EQ(status(three.rest()), 503);
  EXPECT_TRUE(three.closed);
  EXPECT_EQ(status(one.ask(get("/api/hello"))), 200);
}

TEST_F(ServerTest, OverloadIsAnsweredAtOnceExceptForHealth) {
  settings.in_flight_max = 1;
  auto one = client(), two = client(), three = client();
  one.send(get("/api/slow"));
  std::this_thread::sleep_for(milliseconds{50});
  auto const refused = two.ask(get("/api/hello"));
  EXPECT_EQ(status(refused), 503);
  EXPECT_NE(refused.find("Retry-After: "), std::string::npos);
  EXPECT_NE(refused.find("Access-Control-Allow-Origin: *"), std::string::npos);
  EXPECT_EQ(status(three.ask(get("/health/live"))), 200);
  EXPECT_EQ(status(one.answer()), 200);
}

TEST_F(ServerTest, StopAnswersWhatRunsAndTakesNothingNew) {
  auto one = client(), idle = client();
  EXPECT_EQ(status(idle.ask(get("/api/hello"))), 200);
  auto const port = server->port();
  one.send(get("/api/slow"));
  std::this_thread::sleep_for(milliseconds{50});
  EXPECT_TRUE(server->stop(std::chrono::seconds{2}));
  auto const answer = one.rest();
  EXPECT_EQ(status(answer), 200);
  EXPECT_NE(answer.find("Connection: close"), std::string::npos);
  EXPECT_EQ(idle.rest(), "");
  EXPECT_FALSE(Client(port).connected);
}

TEST_F(ServerTest, StopCutsOffWhatTakesTooLong) {
  auto one = client();
  one.send(get("/api/slow"));
  std::this_thread::sleep_for(milliseconds{50});
  EXPECT_FALSE(server->stop(milliseconds{10}));
  EXPECT_EQ(server->connections(), 0u);
}

std::string refusal_to_listen(ServerSettings settings, Edge& edge, Metrics& metrics) {
  Server server(edge, metrics, std::move(settings));
  Loops loops(1);
  try {
    server.start(loops);
  } catch (Error const& error) {
    return error.say;
  }
  return "";
}

TEST_F(ServerTest, SaysInOneSentenceWhyItCannotListen) {
  client();
  auto const address = "127.0.0.1:" + std::to_string(server->port());
  EXPECT_EQ(refusal_to_listen({.listen = {address}}, *edge, metrics),
            address + " is in use by another program: stop it, or listen on another port");
  EXPECT_EQ(refusal_to_listen({.listen = {"192.0.2.1:0"}}, *edge, metrics),
            "192.0.2.1:0 is not an address of this machine");
  for (std::string const& wrong : std::vector<std::string>{"", "8080", "127.0.0.1", "127.0.0.1:", "127.0.0.1:x",
                                                           "127.0.0.1:70000", "::1:80", "127.0.0.1:-1"})
    EXPECT_EQ(refusal_to_listen({.listen = {wrong}}, *edge, metrics),
              "\"" + wrong + "\" is no address to listen on: write HOST:PORT, such as 127.0.0.1:8080");
  EXPECT_EQ(refusal_to_listen({.listen = {"127.0.0.1:0"}, .certificate = "no.pem", .key = "no.key"}, *edge, metrics),
            "The certificate file no.pem does not exist or cannot be read");
  EXPECT_EQ(refusal_to_listen({.listen = {"127.0.0.1:0"}, .certificate = "no.pem"}, *edge, metrics),
            "TLS needs both a certificate file and a key file");
}

TEST_F(ServerTest, ListensOnIPv6AndOnNames) {
  settings.listen = {"localhost:0", "[::1]:0"};
  EXPECT_EQ(status(client().ask(get("/api/hello"))), 200);
}

void write_certificate(char const* certificate, char const* key, char const* name = "kith.test") {
  auto* const pair = EVP_RSA_gen(2048);
  auto* const x509 = X509_new();
  ASN1_INTEGER_set(X509_get_serialNumber(x509), 1);
  X509_gmtime_adj(X509_getm_notBefore(x509), 0);
  X509_gmtime_adj(X509_getm_notAfter(x509), 3600);
  X509_set_pubkey(x509, pair);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(x509), "CN", MBSTRING_ASC,
                             reinterpret_cast<unsigned char const*>(name), -1, -1, 0);
  X509_set_issuer_name(x509, X509_get_subject_name(x509));
  X509_sign(x509, pair, EVP_sha256());
  auto* file = std::fopen(certificate, "w");
  PEM_write_X509(file, x509);
  std::fclose(file);
  file = std::fopen(key, "w");
  PEM_write_PrivateKey(file, pair, nullptr, nullptr, 0, nullptr, nullptr);
  std::fclose(file);
  X509_free(x509);
  EVP_PKEY_free(pair);
}

TEST_F(ServerTest, SpeaksTlsWithAlpn) {
  write_certificate("server_test.pem", "server_test.key");
  settings.certificate = "server_test.pem";
  settings.key = "server_test.key";
  settings.answer = milliseconds{500};
  auto plain = client();
  auto* const context = SSL_CTX_new(TLS_client_method());
  unsigned char const protocols[] = "\x02h2\x08http/1.1";
  SSL_CTX_set_alpn_protos(context, protocols, sizeof protocols - 1);
  auto* const ssl = SSL_new(context);
  SSL_set_fd(ssl, plain.socket());
  ASSERT_EQ(SSL_connect(ssl), 1);
  unsigned char const* chosen = nullptr;
  unsigned int size = 0;
  SSL_get0_alpn_selected(ssl, &chosen, &size);
  EXPECT_EQ(std::string(reinterpret_cast<char const*>(chosen), size), "http/1.1");
  for (std::string const& path : std::vector<std::string>{"/api/hello", "/api/large", "/api/hello"}) {
    auto const request = get(path);
    SSL_write(ssl, request.data(), static_cast<int>(request.size()));
    std::string got;
    auto const end = path == "/api/large" ? "r,]" : "}";
    while (!got.ends_with(end)) {
      char buffer[16384];
      auto const read = SSL_read(ssl, buffer, sizeof buffer);
      ASSERT_GT(read, 0);
      got.append(buffer, static_cast<std::size_t>(read));
    }
    EXPECT_EQ(status(got), 200);
    EXPECT_EQ(got.size() > 2'000'000, path == "/api/large");
  }
  auto const request = get("/api/never");
  SSL_write(ssl, request.data(), static_cast<int>(request.size()));
  char buffer[16384];
  auto const read = SSL_read(ssl, buffer, sizeof buffer);
  ASSERT_GT(read, 0);
  EXPECT_EQ(status(std::string(buffer, static_cast<std::size_t>(read))), 503);
  SSL_free(ssl);
  SSL_CTX_free(context);
  auto not_tls = client();
  not_tls.send(get("/api/hello"));
  EXPECT_EQ(count(not_tls.rest(), "HTTP/1.1"), 0u);
}

TEST_F(ServerTest, DrainsByClosingEachConnectionWithItsAnswer) {
  auto open = client();
  open.send(get("/api/hello"));
  EXPECT_EQ(status(open.answer()), 200);
  server->drain();
  open.send(get("/api/hello"));
  auto const last = open.rest();
  EXPECT_EQ(status(last), 200);
  EXPECT_NE(last.find("Connection: close"), std::string::npos);
  EXPECT_TRUE(open.closed);
  // Who does not know it yet is still answered.
  EXPECT_EQ(status(client().ask(get("/api/hello"))), 200);
}

// A client of TLS that has connected.
class TlsClient {
 public:
  explicit TlsClient(Client& plain) : context_(SSL_CTX_new(TLS_client_method())), ssl_(SSL_new(context_)) {
    SSL_set_fd(ssl_, plain.socket());
    connected_ = SSL_connect(ssl_) == 1;
  }
  ~TlsClient() {
    SSL_free(ssl_);
    SSL_CTX_free(context_);
  }
  std::string name_of_server() {
    if (!connected_) return "not connected";
    auto* const shown = SSL_get1_peer_certificate(ssl_);
    char name[64] = {};
    X509_NAME_get_text_by_NID(X509_get_subject_name(shown), NID_commonName, name, sizeof name);
    X509_free(shown);
    return name;
  }
  int ask(std::string const& request) {
    SSL_write(ssl_, request.data(), static_cast<int>(request.size()));
    char buffer[16384];
    auto const read = SSL_read(ssl_, buffer, sizeof buffer);
    return read <= 0 ? 0 : status(std::string(buffer, static_cast<std::size_t>(read)));
  }

 private:
  SSL_CTX* context_;
  SSL* ssl_;
  bool connected_ = false;
};

// As whoever mounts secrets replaces them: a link to a folder with both files is renamed over.
TEST_F(ServerTest, TakesANewCertificateUpWhileItServes) {
  namespace fs = std::filesystem;
  auto const offer = [](char const* folder, char const* name) {
    fs::create_directories(folder);
    auto const path = std::string(folder);
    write_certificate((path + "/tls.pem").c_str(), (path + "/tls.key").c_str(), name);
    fs::remove("offered.new");
    fs::create_directory_symlink(folder, "offered.new");
    fs::rename("offered.new", "offered");
  };
  offer("offered_1", "first.test");
  settings.certificate = "offered/tls.pem";
  settings.key = "offered/tls.key";
  settings.tick = milliseconds{2};
  auto first = client();
  TlsClient open(first);
  EXPECT_EQ(open.name_of_server(), "first.test");
  offer("offered_2", "second.test");
  auto const shows = [this] {
    auto plain = client();
    TlsClient tls(plain);
    EXPECT_EQ(tls.ask(get("/api/hello")), 200);
    return tls.name_of_server();
  };
  for (int i = 0; i < 300 && shows() != "second.test"; ++i) std::this_thread::sleep_for(milliseconds{20});
  EXPECT_EQ(shows(), "second.test");
  // What cannot be used is not; and a connection that is open is not touched.
  std::ofstream("offered_2/tls.key") << "no key";
  for (int i = 0; i < 20; ++i) EXPECT_EQ(shows(), "second.test");
  EXPECT_EQ(open.ask(get("/api/hello")), 200);
}

}  // namespace
}  // namespace kith
