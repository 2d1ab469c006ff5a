#pragma once

// For tests: stands between the engine and its server, and cuts the line when told to.

#include <array>
#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <memory>
#include <string>
#include <string_view>

#include "base/loops.h"
#include "base/task.h"

namespace kith::contract {

class Proxy {
 public:
  enum class Cut { never, before, after };  // the word reaches the server: never did, or its answer does not return

  explicit Proxy(std::string const& port)
      : server_(boost::asio::ip::make_address("127.0.0.1"), static_cast<unsigned short>(std::stoi(port))),
        acceptor_(loops_.at(0), {boost::asio::ip::make_address("127.0.0.1"), 0}) {
    boost::asio::co_spawn(loops_.at(0), accept(), [](std::exception_ptr) {});
  }
  ~Proxy() { loops_.stop(); }

  std::string port() const { return std::to_string(acceptor_.local_endpoint().port()); }
  // The next time this word is said to the server, once.
  void cut(Cut how, std::string word) {
    word_ = std::move(word);
    how_ = how;
  }
  bool has_cut() const { return cuts_ > 0; }
  // How often this word was said to the server since; not while anybody speaks.
  void count(std::string word) {
    counted_ = std::move(word);
    count_ = 0;
  }
  int count() const { return count_; }
  // Takes no connection in, and says nothing to those there are.
  void silent(bool yes) { silent_ = yes; }

 private:
  using Socket = boost::asio::ip::tcp::socket;
  struct Line {
    explicit Line(Socket client) : client(std::move(client)), server(this->client.get_executor()) {}
    Socket client, server;
    bool deaf = false;
    void close() {
      boost::system::error_code ignored;
      client.close(ignored);
      server.close(ignored);
    }
  };

  Task<void> accept() {
    for (;;) {
      auto const line = std::make_shared<Line>(co_await acceptor_.async_accept(boost::asio::use_awaitable));
      boost::asio::co_spawn(loops_.at(0), talk(line), [line](std::exception_ptr) { line->close(); });
    }
  }
  Task<void> talk(std::shared_ptr<Line> line) {
    co_await line->server.async_connect(server_, boost::asio::use_awaitable);
    boost::asio::co_spawn(loops_.at(0), answer(line), [line](std::exception_ptr) { line->close(); });
    std::array<char, 65536> bytes{};
    for (;;) {
      auto const size = co_await line->client.async_read_some(boost::asio::buffer(bytes), boost::asio::use_awaitable);
      if (silent_) continue;
      count_in({bytes.data(), size});
      if (how_ != Cut::never && std::string_view(bytes.data(), size).contains(word_)) {
        Cut const how = how_.exchange(Cut::never);
        if (how == Cut::before) {
          ++cuts_;
          co_return;
        }
        line->deaf = true;
      }
      co_await boost::asio::async_write(line->server, boost::asio::buffer(bytes.data(), size),
                                        boost::asio::use_awaitable);
    }
  }
  void count_in(std::string_view said) {
    if (counted_.empty()) return;
    for (std::size_t at = 0; (at = said.find(counted_, at)) != std::string_view::npos; at += counted_.size()) ++count_;
  }
  Task<void> answer(std::shared_ptr<Line> line) {
    std::array<char, 65536> bytes{};
    for (;;) {
      auto const size = co_await line->server.async_read_some(boost::asio::buffer(bytes), boost::asio::use_awaitable);
      if (silent_) continue;
      if (line->deaf) {  // it has been done, and nobody hears of it
        ++cuts_;
        co_return;
      }
      co_await boost::asio::async_write(line->client, boost::asio::buffer(bytes.data(), size),
                                        boost::asio::use_awaitable);
    }
  }

  Loops loops_{1};
  boost::asio::ip::tcp::endpoint server_;
  boost::asio::ip::tcp::acceptor acceptor_;
  std::string word_, counted_;
  std::atomic<int> count_{0};
  std::atomic<Cut> how_{Cut::never};
  std::atomic<int> cuts_{0};
  std::atomic<bool> silent_{false};
};

}  // namespace kith::contract
