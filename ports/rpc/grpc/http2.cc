#include "ports/rpc/grpc/http2.h"

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <array>
#include <boost/asio/post.hpp>

#include "base/check.h"

namespace kith {
namespace {

constexpr auto look_every = std::chrono::seconds{10};
constexpr std::size_t read_at_once = 64 << 10;
constexpr std::size_t write_at_once = 256 << 10;
// Who sends may have so much under way before it hears that it was taken: more than a page of anything.
constexpr std::int32_t stream_window = 4 << 20;
constexpr std::int32_t connection_window = 32 << 20;
constexpr std::uint32_t head_bytes_max = 32 << 10;
// Calls whose time is over are given up, all of them at once when an engine stands still.
constexpr std::uint64_t resets_max = 100'000;

std::uint8_t* bytes_of(std::string_view text) {
  return reinterpret_cast<std::uint8_t*>(const_cast<char*>(text.data()));  // NOLINT: nghttp2 only reads them
}
std::string_view text_of(std::uint8_t const* bytes, std::size_t size) {
  return {reinterpret_cast<char const*>(bytes), size};
}

nghttp2_nv nv(Http2::Field const& field) {
  return {bytes_of(field.name), bytes_of(field.value), field.name.size(), field.value.size(),
          static_cast<std::uint8_t>(field.comes_again ? NGHTTP2_NV_FLAG_NONE : NGHTTP2_NV_FLAG_NO_INDEX)};
}

std::vector<nghttp2_nv> all_nv(std::vector<Http2::Field> const& fields) {
  std::vector<nghttp2_nv> all;
  all.reserve(fields.size());
  for (auto const& field : fields) all.push_back(nv(field));
  return all;
}

}  // namespace

// What nghttp2 calls.
struct Http2::Callbacks {
  static Http2& self(void* user) { return *static_cast<Http2*>(user); }

  static int begin_headers(nghttp2_session*, nghttp2_frame const* frame, void* user) {
    Http2& me = self(user);
    if (frame->hd.type != NGHTTP2_HEADERS || frame->headers.cat != NGHTTP2_HCAT_REQUEST) return 0;
    auto stream = me.opened();
    stream->id = frame->hd.stream_id;
    me.streams_.emplace(stream->id, std::move(stream));
    return 0;
  }
  static int header(nghttp2_session*, nghttp2_frame const* frame, std::uint8_t const* name, std::size_t name_size,
                    std::uint8_t const* value, std::size_t value_size, std::uint8_t, void* user) {
    Http2& me = self(user);
    if (Stream* const stream = me.find(frame->hd.stream_id))
      me.field(*stream, text_of(name, name_size), text_of(value, value_size));
    return 0;
  }
  static int data(nghttp2_session* session, std::uint8_t, std::int32_t id, std::uint8_t const* bytes, std::size_t size,
                  void* user) {
    Http2& me = self(user);
    Stream* const stream = me.find(id);
    if (stream == nullptr) return 0;
    if (stream->body.size() + size > me.limits_.body_max)
      return nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, id, NGHTTP2_ENHANCE_YOUR_CALM);
    stream->body.append(text_of(bytes, size));
    return 0;
  }
  static int frame(nghttp2_session*, nghttp2_frame const* frame, void* user) {
    Http2& me = self(user);
    if (frame->hd.type == NGHTTP2_SETTINGS && (frame->hd.flags & NGHTTP2_FLAG_ACK) == 0 && !me.accepted_) {
      me.accepted_ = true;
      me.accepted();
    }
    bool const part = frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA;
    if (!part || (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) == 0) return 0;
    if (Stream* const stream = me.find(frame->hd.stream_id)) {
      stream->whole = true;
      me.now_whole_.push_back(stream->id);
    }
    return 0;
  }
  static int sent(nghttp2_session*, nghttp2_frame const* frame, void* user) {
    if (frame->hd.type != NGHTTP2_HEADERS) return 0;
    if (Stream* const stream = self(user).find(frame->hd.stream_id)) stream->sent = true;
    return 0;
  }
  static int close(nghttp2_session*, std::int32_t id, std::uint32_t code, void* user) {
    Http2& me = self(user);
    auto const found = me.streams_.extract(id);
    if (!found.empty()) me.closed(*found.mapped(), code == NGHTTP2_REFUSED_STREAM);
    return 0;
  }
  static ssize_t body(nghttp2_session* session, std::int32_t id, std::uint8_t* to, std::size_t room,
                      std::uint32_t* flags, nghttp2_data_source* source, void*) {
    Stream& stream = *static_cast<Stream*>(source->ptr);
    std::size_t const part = std::min(room, stream.out_.size() - stream.out_at_);
    std::copy_n(stream.out_.data() + stream.out_at_, part, to);
    stream.out_at_ += part;
    if (stream.out_at_ < stream.out_.size()) return static_cast<ssize_t>(part);
    *flags |= NGHTTP2_DATA_FLAG_EOF;
    if (stream.trailers_.empty()) return static_cast<ssize_t>(part);
    *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
    std::vector<nghttp2_nv> trailers;
    for (auto const& [name, value] : stream.trailers_) trailers.push_back(nv({name, value, true}));
    nghttp2_submit_trailer(session, id, trailers.data(), trailers.size());
    return static_cast<ssize_t>(part);
  }

  static nghttp2_session_callbacks const* all() {
    static nghttp2_session_callbacks* const made = [] {
      nghttp2_session_callbacks* callbacks = nullptr;
      check(nghttp2_session_callbacks_new(&callbacks) == 0, "there is memory for a table of functions");
      nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, begin_headers);
      nghttp2_session_callbacks_set_on_header_callback(callbacks, header);
      nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, data);
      nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, frame);
      nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, sent);
      nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, close);
      return callbacks;
    }();
    return made;
  }
};

Http2::Http2(Side side, Limits limits, boost::asio::any_io_executor executor)
    : executor_(std::move(executor)), limits_(limits), look_(executor_) {
  nghttp2_option* option = nullptr;
  check(nghttp2_option_new(&option) == 0, "there is memory for a connection");
  nghttp2_option_set_stream_reset_rate_limit(option, resets_max, resets_max);
  auto const made = side == Side::client ? nghttp2_session_client_new2(&session_, Callbacks::all(), this, option)
                                         : nghttp2_session_server_new2(&session_, Callbacks::all(), this, option);
  nghttp2_option_del(option);
  check(made == 0, "there is memory for a connection");
}

Http2::~Http2() { nghttp2_session_del(session_); }

void Http2::begin() {
  std::array const settings{
      nghttp2_settings_entry{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, limits_.streams_max},
      nghttp2_settings_entry{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, static_cast<std::uint32_t>(stream_window)},
      nghttp2_settings_entry{NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, head_bytes_max},
      nghttp2_settings_entry{NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
  };
  bool const client = nghttp2_session_check_server_session(session_) == 0;
  nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, settings.data(), settings.size() - (client ? 0 : 1));
  nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, 0, connection_window);
}

Task<void> Http2::speak(std::unique_ptr<ByteStream> bytes) {
  auto const self = shared_from_this();
  bytes_ = std::move(bytes);
  if (!over_) {
    begin();
    flush_soon();
    look_after();
  }
  auto const buffer = std::make_unique<std::array<char, read_at_once>>();
  while (!over_) {
    std::size_t const got = co_await bytes_->read(*buffer);
    if (got == 0 || over_) break;
    take({buffer->data(), got});
  }
  close();
}

void Http2::take(std::string_view bytes) {
  heard_ = true;
  if (nghttp2_session_mem_recv(session_, bytes_of(bytes), bytes.size()) < 0) return close();
  // Handlers may make streams whole and closed; those of this read are looked at once.
  auto now_whole = std::exchange(now_whole_, {});
  for (std::int32_t const id : now_whole)
    if (Stream* const stream = find(id)) whole(*stream);
  now_whole.clear();
  if (now_whole_.empty()) now_whole_ = std::move(now_whole);
  flush_soon();
}

// An end that says nothing is asked, and one that does not answer is gone.
void Http2::look_after() {
  look_.expires_after(look_every);
  look_.async_wait([weak = weak_from_this()](boost::system::error_code over) {
    auto const me = weak.lock();
    if (over || !me || me->over_) return;
    if (!std::exchange(me->heard_, false)) {
      if (std::exchange(me->asked_, true)) return me->close();
      nghttp2_submit_ping(me->session_, NGHTTP2_FLAG_NONE, nullptr);
      me->flush_soon();
    } else {
      me->asked_ = false;
    }
    me->look_after();
  });
}

Http2::Stream* Http2::request(std::unique_ptr<Stream> stream, std::vector<Field> const& head, std::string body) {
  auto const fields = all_nv(head);
  stream->out_ = std::move(body);
  nghttp2_data_provider provider{.source = {.ptr = stream.get()}, .read_callback = Callbacks::body};
  std::int32_t const id =
      over_ ? -1 : nghttp2_submit_request(session_, nullptr, fields.data(), fields.size(), &provider, nullptr);
  if (id < 0) {
    closed(*stream, true);
    return nullptr;
  }
  stream->id = id;
  flush_soon();
  return streams_.emplace(id, std::move(stream)).first->second.get();
}

void Http2::respond(Stream& stream, std::vector<Field> const& head, std::string body, Trailers trailers) {
  auto const fields = all_nv(head);
  bool const all = body.empty() && trailers.empty();
  stream.out_ = std::move(body);
  stream.trailers_ = std::move(trailers);
  nghttp2_data_provider provider{.source = {.ptr = &stream}, .read_callback = Callbacks::body};
  nghttp2_submit_response(session_, stream.id, fields.data(), fields.size(), all ? nullptr : &provider);
  flush_soon();
}

void Http2::reset(Stream& stream) {
  nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, stream.id, NGHTTP2_CANCEL);
  flush_soon();
}

Http2::Stream* Http2::find(std::int32_t id) const {
  auto const found = streams_.find(id);
  return found == streams_.end() ? nullptr : found->second.get();
}

bool Http2::takes_requests() const {
  return accepted_ && !over_ && !leaving_ && nghttp2_session_check_request_allowed(session_) != 0;
}

// What is said in one turn of the loop goes out in one piece.
void Http2::flush_soon() {
  if (over_ || writing_ || !bytes_ || std::exchange(flush_posted_, true)) return;
  boost::asio::post(executor_, [self = shared_from_this()] {
    self->flush_posted_ = false;
    if (!self->writing_) self->write();
  });
}

void Http2::write() {
  if (over_) return;
  out_.clear();
  while (out_.size() < write_at_once) {
    std::uint8_t const* part = nullptr;
    auto const size = nghttp2_session_mem_send(session_, &part);
    if (size < 0) return close();
    if (size == 0) break;
    out_.append(text_of(part, static_cast<std::size_t>(size)));
  }
  if (out_.empty()) return settle();
  writing_ = true;
  bytes_->write(out_, [self = shared_from_this()](bool well) {
    self->writing_ = false;
    if (!well) return self->close();
    self->write();
  });
}

// Who leaves reads on until the other end has closed: what is still on its way there would make the kernel take back
// what was said last.
void Http2::settle() {
  if (leaving_ && streams_.empty() && !std::exchange(shut_, true)) bytes_->shut();
  if (!leaving_ && nghttp2_session_want_read(session_) == 0 && nghttp2_session_want_write(session_) == 0) close();
}

void Http2::leave() {
  if (over_ || std::exchange(leaving_, true)) return;
  nghttp2_submit_goaway(session_, NGHTTP2_FLAG_NONE, nghttp2_session_get_last_proc_stream_id(session_),
                        NGHTTP2_NO_ERROR, nullptr, 0);
  flush_soon();
}

void Http2::close() {
  if (bytes_) bytes_->close();
  end();
}

void Http2::end() {
  if (std::exchange(over_, true)) return;
  look_.cancel();
  auto const left = std::exchange(streams_, {});
  for (auto const& [id, stream] : left) closed(*stream, !stream->sent);
}

}  // namespace kith
