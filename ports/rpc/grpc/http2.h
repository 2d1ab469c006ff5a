#pragma once

// One HTTP/2 connection (RFC 9113), either end of it, on nghttp2: frames in and out, flow control, and pings that find
// out that the other end is gone. What a stream means is its heirs' affair.
//
// It belongs to one executor that runs one handler at a time; everything here is called there. It lives as long as
// speak() runs, or somebody holds it.

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/task.h"
#include "ports/rpc/grpc/byte_stream.h"

struct nghttp2_session;

namespace kith {

class Http2 : public std::enable_shared_from_this<Http2> {
 public:
  enum class Side : std::uint8_t { client, server };
  struct Limits {
    std::size_t body_max;       // of one stream, either way
    std::uint32_t streams_max;  // that the other end may have open
  };
  struct Field {
    std::string_view name;
    std::string_view value;
    bool comes_again = false;  // then the other end is made to remember it, and later heads are shorter
  };
  using Trailers = std::vector<std::pair<std::string, std::string>>;

  virtual ~Http2();
  Http2(Http2 const&) = delete;

  // No new streams; it ends when those that there are have.
  void leave();
  // Now.
  void close();
  bool is_over() const { return over_; }

 protected:
  struct Stream {
    virtual ~Stream() = default;
    std::int32_t id = 0;
    std::string body;    // as far as it has come
    bool sent = false;   // its head is on its way
    bool whole = false;  // all of it has come

   private:
    friend class Http2;
    std::string out_;
    std::size_t out_at_ = 0;
    Trailers trailers_;
  };

  Http2(Side side, Limits limits, boost::asio::any_io_executor executor);

  // Until it ends, one way or the other.
  Task<void> speak(std::unique_ptr<ByteStream> bytes);

  // Null: it could not be begun, and closed() was told so.
  Stream* request(std::unique_ptr<Stream> stream, std::vector<Field> const& head, std::string body);
  // Without body and trailers the head is all.
  void respond(Stream& stream, std::vector<Field> const& head, std::string body, Trailers trailers);
  // Gives a stream up; closed() follows.
  void reset(Stream& stream);
  // Null: it has been closed.
  Stream* find(std::int32_t id) const;
  bool takes_requests() const;
  boost::asio::any_io_executor const& executor() const { return executor_; }

 private:
  // The other end opens a stream.
  virtual std::unique_ptr<Stream> opened() = 0;
  virtual void field(Stream& stream, std::string_view name, std::string_view value) = 0;
  // The last of a stream. `refused`: the other end surely did nothing about it.
  virtual void closed(Stream& stream, bool refused) = 0;
  // Once: the other end lets this connection be one.
  virtual void accepted() {}
  // A stream is whole, and was not given up in what has come with it.
  virtual void whole(Stream& stream) { (void)stream; }

  struct Callbacks;
  void begin();
  void take(std::string_view bytes);
  void look_after();
  void flush_soon();
  void write();
  void settle();
  void end();

  boost::asio::any_io_executor const executor_;
  Limits const limits_;
  nghttp2_session* session_ = nullptr;
  std::unique_ptr<ByteStream> bytes_;
  std::map<std::int32_t, std::unique_ptr<Stream>> streams_;
  std::vector<std::int32_t> now_whole_;
  std::string out_;
  boost::asio::steady_timer look_;
  bool heard_ = true;   // something, since the last look
  bool asked_ = false;  // whether it is still there
  bool accepted_ = false;
  bool flush_posted_ = false;
  bool writing_ = false;
  bool leaving_ = false;
  bool shut_ = false;
  bool over_ = false;
};

}  // namespace kith
