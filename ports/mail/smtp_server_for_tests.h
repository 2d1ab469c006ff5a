#pragma once

// A mail server on a port of its own, one connection after another, with the habits a test wants.

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace kith {

class SmtpServerForTests {
 public:
  enum class Tls { none, starttls, implicit };
  struct Habits {
    Tls tls = Tls::none;
    std::string rcpt_answer = "250 ok";
    bool cut_after_data = false;
    bool silent = false;
  };
  explicit SmtpServerForTests(Habits habits);
  ~SmtpServerForTests();

  void stop();
  unsigned short port() const { return port_; }
  std::string authority() const { return authority_; }  // a file with its certificate
  std::vector<std::string> arrived() const;
  std::string said() const;
  std::string said_in_the_clear() const;
  bool signed_in() const;

 private:
  void serve();
  void answer(boost::asio::ip::tcp::socket& socket);
  template <class Stream>
  bool talk(Stream& stream, bool encrypted);  // true: wants STARTTLS

  Habits habits_;
  boost::asio::io_context loop_;
  boost::asio::ip::tcp::acceptor acceptor_;
  boost::asio::ssl::context context_;
  unsigned short port_ = 0;
  std::string authority_;
  mutable std::mutex mutex_;
  std::vector<std::string> arrived_;
  std::string said_, clear_;
  bool signed_in_ = false;
  bool stopping_ = false;
  boost::asio::ip::tcp::socket* open_ = nullptr;
  std::jthread thread_;
};

}  // namespace kith
