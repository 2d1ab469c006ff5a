#pragma once

// From the bytes of a socket to one request: Beast's parser, and before it the strictness that keeps
// a proxy and this server from seeing two different requests in the same bytes (request smuggling).
//
// Refused with 400: a bare CR or LF, NUL, folded lines, space before a colon, two Host or none in
// HTTP/1.1, Content-Length twice or beside Transfer-Encoding, any coding but one `chunked`, an
// absolute form whose authority is not the Host.

#include <memory>
#include <string>
#include <string_view>

#include "gateway/http/request_data.h"

namespace kith {

// Cookies and tokens are short; what is larger is a mistake or an attack.
inline constexpr std::size_t head_max = std::size_t{16} << 10;

// Why a request is refused before it has a route. Zero: it is not.
struct Refusal {
  int status = 0;
  std::string_view say = {};
};

struct HeadFacts {
  bool keep_alive = false;
  bool expects_continue = false;
  bool chunked = false;
  std::uint64_t content_length = 0;
};

// Reads data.head, which ends with the empty line, into the rest of data.
Refusal read_head(RequestData& data);

// One message after another out of growing bytes.
class MessageReader {
 public:
  MessageReader();
  ~MessageReader();

  enum class Step { need_more, head_done, done, refused };

  // Takes from `bytes` what belongs to this message and says how much in `used`. After head_done
  // call it again for the body, with body_max set to what the route allows.
  Step read(std::string_view bytes, std::size_t& used);
  void begin();  // the next message

  std::size_t body_max = std::size_t{1} << 20;
  Refusal refusal;
  HeadFacts facts;
  std::shared_ptr<RequestData> data;
  bool begun() const { return head_begun_; }

 private:
  class Parser;
  Step refuse(int status, std::string_view say);
  Step read_head_bytes(std::string_view bytes, std::size_t& used);
  Step read_body_bytes(std::string_view bytes, std::size_t& used);

  std::unique_ptr<Parser> parser_;
  bool head_begun_ = false;
  bool head_done_ = false;
  std::size_t searched_ = 0;
};

}  // namespace kith
