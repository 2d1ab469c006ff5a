#include "gateway/http/head.h"

#include <algorithm>
#include <boost/beast/http/basic_parser.hpp>
#include <cstring>
#include <optional>

#include "gateway/http/body.h"

namespace kith {

namespace beast = boost::beast;
namespace http = boost::beast::http;

namespace {

// A chunk's own line, its extensions and the trailers: nobody needs more.
constexpr std::size_t framing_max = 8 << 10;
constexpr std::size_t headers_max = 100;

Method method_of(http::verb verb) {
  switch (verb) {
    case http::verb::get: return Method::get;
    case http::verb::head: return Method::head;
    case http::verb::post: return Method::post;
    case http::verb::put: return Method::put;
    case http::verb::patch: return Method::patch;
    case http::verb::delete_: return Method::del;
    case http::verb::options: return Method::options;
    default: return Method::other;
  }
}

bool all_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// Every line ends with CR LF, no CR or LF stands alone, none begins with a space, no NUL.
bool has_strict_lines(std::string_view head) {
  if (std::memchr(head.data(), 0, head.size())) return false;
  std::size_t lines = 0;
  for (std::size_t at = head.find('\n'); at != std::string_view::npos; at = head.find('\n', at + 1)) {
    if (at == 0 || head[at - 1] != '\r') return false;
    if (at + 1 < head.size() && (head[at + 1] == ' ' || head[at + 1] == '\t')) return false;
    ++lines;
  }
  return static_cast<std::size_t>(std::count(head.begin(), head.end(), '\r')) == lines;
}

bool is_authority(std::string_view host) {
  return !host.empty() && host.size() <= 255 && std::all_of(host.begin(), host.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
           c == '_' || c == ':' || c == '[' || c == ']';
  });
}

constexpr Refusal bad_request(std::string_view say) { return {400, say}; }

// "http://host/path" is what a client sends to a proxy; it may say nothing else than Host does.
std::optional<std::string_view> origin_form(std::string_view target, std::string_view host) {
  auto const scheme = target.find("://");
  auto rest = target.substr(scheme + 3);
  auto const name = target.substr(0, scheme);
  if (!same_word(name, "http") && !same_word(name, "https")) return std::nullopt;
  auto const authority = rest.substr(0, rest.find_first_of("/?"));
  if (!same_word(authority, host)) return std::nullopt;
  rest.remove_prefix(authority.size());
  if (!rest.starts_with('/')) return std::nullopt;
  return rest;
}

}  // namespace

class MessageReader::Parser : public http::basic_parser<true> {
 public:
  explicit Parser(RequestData& data) : data_(data) {
    header_limit(head_max + 1);
    body_limit(boost::none);  // kept by on_body, which knows the route's
  }

  Refusal parse_head();
  HeadFacts facts;
  std::size_t body_max = 0;
  bool body_too_large = false;

 private:
  using code = beast::error_code;

  void on_request_impl(http::verb verb, beast::string_view, beast::string_view target, int version, code&) override {
    data_.method = method_of(verb);
    target_ = {target.data(), target.size()};
    version_ = version;
  }
  void on_field_impl(http::field field, beast::string_view name, beast::string_view value, code& failure) override {
    if (head_done_) return;  // a trailer changes nothing
    if (data_.headers.size() >= headers_max) {
      failure = http::make_error_code(http::error::header_limit);
      return;
    }
    std::string_view const text(value.data(), value.size());
    data_.headers.emplace_back(std::string_view(name.data(), name.size()), text);
    switch (field) {
      case http::field::host:
        ++hosts_;
        data_.host = text;
        break;
      case http::field::content_length:
        ++lengths_;
        length_ = text;
        break;
      case http::field::transfer_encoding:
        ++codings_;
        coding_ = text;
        break;
      case http::field::expect: expect_ = text; break;
      default: break;
    }
  }
  void on_header_impl(code&) override { head_done_ = true; }
  void on_body_init_impl(boost::optional<std::uint64_t> const&, code&) override {}
  std::size_t on_body_impl(beast::string_view bytes, code& failure) override { return take(bytes, failure); }
  void on_chunk_header_impl(std::uint64_t size, beast::string_view, code& failure) override {
    if (size > body_max - data_.body.size()) refuse(failure);
  }
  std::size_t on_chunk_body_impl(std::uint64_t, beast::string_view bytes, code& failure) override {
    return take(bytes, failure);
  }
  void on_finish_impl(code&) override {}
  void on_response_impl(int, beast::string_view, int, code&) override {}

  void refuse(code& failure) {
    body_too_large = true;
    failure = http::make_error_code(http::error::body_limit);
  }
  std::size_t take(beast::string_view bytes, code& failure) {
    if (bytes.size() > body_max - data_.body.size()) {
      refuse(failure);
      return 0;
    }
    data_.body.append(bytes.data(), bytes.size());
    return bytes.size();
  }

  RequestData& data_;
  std::string_view target_, length_, coding_, expect_;
  int version_ = 0, hosts_ = 0, lengths_ = 0, codings_ = 0;
  bool head_done_ = false;
};

Refusal MessageReader::Parser::parse_head() {
  if (!has_strict_lines(data_.head)) return bad_request("The request's head is not well-formed");
  code failure;
  put({data_.head.data(), data_.head.size()}, failure);
  if (failure == http::error::bad_version) return {505, "Only HTTP/1.1 and HTTP/1.0 are spoken here"};
  if (failure == http::error::header_limit) return {431, "The request's head is too large"};
  if (failure == http::error::bad_content_length || failure == http::error::multiple_content_length ||
      failure == http::error::bad_transfer_encoding)
    return bad_request("The length of the request's body is not clear");
  if (failure || !head_done_) return bad_request("The request's head is not well-formed");

  if (codings_ > 0) {
    if (version_ == 10 || codings_ > 1 || lengths_ > 0)
      return bad_request("The length of the request's body is not clear");
    if (!same_word(coding_, "chunked")) return {501, "The only transfer coding understood here is chunked"};
  }
  if (lengths_ > 1 || (lengths_ == 1 && (!all_digits(length_) || length_.size() > 18)))
    return bad_request("The length of the request's body is not clear");
  if (hosts_ > 1 || (hosts_ == 0 && version_ == 11) || (hosts_ == 1 && !is_authority(data_.host)))
    return bad_request("The Host header is missing or not well-formed");

  if (target_.find('#') != std::string_view::npos) return bad_request("The request's target is not well-formed");
  if (!target_.starts_with('/') && target_.find("://") != std::string_view::npos) {
    auto const form = origin_form(target_, data_.host);
    if (!form) return bad_request("The request's target does not agree with its Host");
    target_ = *form;
  }
  if (!target_.starts_with('/') && !(target_ == "*" && data_.method == Method::options))
    return bad_request("The request's target is not well-formed");
  set_target(data_, target_);

  if (!expect_.empty() && version_ == 11) {
    if (!same_word(expect_, "100-continue")) return {417, "The only expectation met here is 100-continue"};
    facts.expects_continue = true;
  }
  facts.chunked = codings_ > 0;
  facts.keep_alive = keep_alive();
  if (lengths_ == 1)
    for (char const digit : length_)
      facts.content_length = facts.content_length * 10 + static_cast<unsigned>(digit - '0');
  return {};
}

Refusal read_head(RequestData& data) {
  MessageReader reader;
  std::size_t used = 0;
  auto const head = std::move(data.head);
  auto const body = std::move(data.body);
  auto const peer = data.peer;
  auto const step = reader.read(head, used);
  if (step == MessageReader::Step::refused) return reader.refusal;
  if (step != MessageReader::Step::head_done) return bad_request("The request's head is not complete");
  data = std::move(*reader.data);
  data.body = body;
  data.peer = peer;
  return {};
}

MessageReader::MessageReader() = default;
MessageReader::~MessageReader() = default;

void MessageReader::begin() {
  parser_.reset();
  data.reset();
  refusal = {};
  facts = {};
  head_begun_ = head_done_ = false;
  searched_ = 0;
}

MessageReader::Step MessageReader::refuse(int status, std::string_view say) {
  refusal = {status, say};
  return Step::refused;
}

MessageReader::Step MessageReader::read(std::string_view bytes, std::size_t& used) {
  used = 0;
  return head_done_ ? read_body_bytes(bytes, used) : read_head_bytes(bytes, used);
}

MessageReader::Step MessageReader::read_head_bytes(std::string_view bytes, std::size_t& used) {
  // Some clients end a form with one line end too many.
  if (!head_begun_ && bytes.starts_with("\r\n")) {
    bytes.remove_prefix(2);
    used = 2;
    if (bytes.empty()) return Step::need_more;
  }
  if (bytes.empty() || (!head_begun_ && bytes == "\r")) return Step::need_more;
  head_begun_ = true;
  auto const end = bytes.find("\r\n\r\n", searched_);
  if (end == std::string_view::npos || end + 4 > head_max) {
    if (bytes.size() >= head_max) return refuse(431, "The request's head is too large");
    searched_ = used > 0 || bytes.size() < 3 ? 0 : bytes.size() - 3;
    return Step::need_more;
  }
  data = std::make_shared<RequestData>();
  data->head.assign(bytes, 0, end + 4);
  used += end + 4;
  parser_ = std::make_unique<Parser>(*data);
  refusal = parser_->parse_head();
  if (refusal.status) return Step::refused;
  facts = parser_->facts;
  head_done_ = true;
  return Step::head_done;
}

constexpr std::size_t last_chunk_size = std::string_view("0\r\n\r\n").size();

MessageReader::Step MessageReader::read_body_bytes(std::string_view bytes, std::size_t& used) {
  if (facts.content_length > body_max) return refuse(413, "The request's body is too large");
  if (parser_->is_done()) return Step::done;
  parser_->body_max = body_max;
  // Reserved as it comes: a promised length is no reason to hold memory.
  beast::error_code failure;
  while (!parser_->is_done() && used < bytes.size()) {
    // Beast ends the program when it is asked again about a last chunk of which it has seen the first line alone.
    if (facts.chunked && bytes[used] == '0' && bytes.size() - used < last_chunk_size) break;
    auto const taken = parser_->put({bytes.data() + used, bytes.size() - used}, failure);
    used += taken;
    if (parser_->body_too_large) return refuse(413, "The request's body is too large");
    if (failure == http::error::need_more) break;
    if (failure) return refuse(400, "The request's body is not well-formed");
    if (taken == 0 && !parser_->is_done()) return refuse(400, "The request's body is not well-formed");
  }
  if (parser_->is_done()) return Step::done;
  if (bytes.size() - used > framing_max) return refuse(400, "The request's body is not well-formed");
  return Step::need_more;
}

}  // namespace kith
