#include "gateway/http/connection.h"

#include <ctime>
#include <limits>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <cstring>
#include <type_traits>

#include "base/log.h"
#include "gateway/http/head.h"

namespace kith {

namespace asio = boost::asio;

namespace {

constexpr auto no_deadline = std::numeric_limits<std::int64_t>::max();
constexpr auto plain_errors = asio::as_tuple(asio::use_awaitable);

// An idle connection holds this much; a body is read in larger steps, small enough for ten thousand.
constexpr std::size_t input_least = 2'048;
constexpr std::size_t input_body = 16 << 10;
// What is still taken from a client whose request was refused, so that it reads why.
constexpr std::size_t discarded_max = 1 << 20;

std::int64_t milliseconds(Duration time) { return std::chrono::ceil<std::chrono::milliseconds>(time).count(); }

std::string_view reason_of(int status) {
  switch (status) {
    case 200: return "OK";
    case 202: return "Accepted";
    case 206: return "Partial Content";
    case 301: return "Moved Permanently";
    case 302: return "Found";
    case 303: return "See Other";
    case 304: return "Not Modified";
    case 307: return "Temporary Redirect";
    case 308: return "Permanent Redirect";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 410: return "Gone";
    case 413: return "Content Too Large";
    case 415: return "Unsupported Media Type";
    case 417: return "Expectation Failed";
    case 422: return "Unprocessable Content";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 503: return "Service Unavailable";
    case 505: return "HTTP Version Not Supported";
    default: return "-";
  }
}

ClientAddress address_of(Socket const& socket) {
  boost::system::error_code failure;
  auto const endpoint = socket.remote_endpoint(failure);
  ClientAddress address;
  if (failure) return address;
  auto const v6 = endpoint.address().is_v4()
                      ? asio::ip::make_address_v6(asio::ip::v4_mapped, endpoint.address().to_v4())
                      : endpoint.address().to_v6();
  auto const bytes = v6.to_bytes();
  std::copy(bytes.begin(), bytes.end(), address.bytes.begin());
  return address;
}

void ended(std::exception_ptr failure) {
  if (!failure) return;
  try {
    std::rethrow_exception(failure);
  } catch (std::exception const& error) {
    log(LogLevel::error, "a connection ended by a failure of ours", {{"trouble", error.what()}});
  } catch (...) {
    log(LogLevel::error, "a connection ended by a failure of ours");
  }
}

template <class Stream>
class Served final : public Connection, public std::enable_shared_from_this<Served<Stream>> {
 public:
  template <class... Arguments>
  explicit Served(Hub& hub, Arguments&&... arguments)
      : Connection(hub), stream_(std::forward<Arguments>(arguments)...), shared_(hub.shared) {
    peer_ = address_of(socket());
  }
  ~Served() override { forget_body(); }

  static Task<void> run(std::shared_ptr<Served> self) { co_await self->whole(); }
  void cancel() override {
    if (answering_) {
      asio::co_spawn(hub().loop, cut_off(this->shared_from_this(), std::exchange(answering_, nullptr)), ended);
      return;
    }
    boost::system::error_code ignored;
    socket().cancel(ignored);
  }

 private:
  static constexpr bool secure = !std::is_same_v<Stream, Socket>;

  Socket& socket() {
    if constexpr (secure)
      return stream_.next_layer();
    else
      return stream_;
  }

  Task<void> whole() {
    if constexpr (secure) {
      wait_at_most(shared_.settings.head);
      auto const [failure] = co_await stream_.async_handshake(asio::ssl::stream_base::server, plain_errors);
      if (failure) co_return;
    }
    while (co_await one_request()) {
    }
    if (!cut_off_) co_await say_goodbye();
  }
  Task<void> say_goodbye() {
    if constexpr (secure) {
      if (!timed_out && open_) {
        wait_at_most(shared_.settings.head);
        co_await stream_.async_shutdown(plain_errors);
      }
    }
    co_return;
  }

  // What a handler waits for cannot be taken from it, so it goes on alone, still counted among the requests that
  // run, and finds nobody to answer when it ends. Meanwhile the client is told and let go.
  static Task<void> cut_off(std::shared_ptr<Served> self, std::shared_ptr<RequestData> data) {
    self->cut_off_ = true;
    self->shared_.unanswered.add();
    log(LogLevel::error, "a request was not answered in time",
        {{"method", name_of(data->method)}, {"path", data->raw_path.substr(0, 200)}, {"request", data->request_id}});
    self->reader_.refusal = {503, "The server could not answer in time: what was asked may have been done"};
    co_await self->refuse(data.get());
    co_await self->say_goodbye();
    self->deadline = no_deadline;
    boost::system::error_code ignored;
    self->socket().close(ignored);
  }

  // True: the connection stays for the next one.
  Task<bool> one_request() {
    reader_.begin();
    idle = size_ == 0;
    wait_at_most(idle ? shared_.settings.idle : shared_.settings.head);
    auto step = MessageReader::Step::need_more;
    while ((step = take()) == MessageReader::Step::need_more) {
      if (idle && reader_.begun()) {
        idle = false;
        wait_at_most(shared_.settings.head);
      }
      if (idle && shared_.stopping) co_return false;
      if (!co_await fill(head_max + 2)) co_return co_await ended_early();
    }
    idle = false;
    if (step == MessageReader::Step::refused) co_return co_await refuse(nullptr);

    auto data = reader_.data;
    data->peer = peer_;
    data->secure = secure;
    reader_.body_max = shared_.edge.body_max(*data);
    // Health is asked most when everything else is too much.
    bool const counted = !data->match.entry || data->match.entry->route.limit != LimitClass::none;
    if (counted && shared_.in_flight >= shared_.settings.in_flight_max) {
      shared_.overloads.add();
      reader_.refusal = {503, "The server has more to do than it can: please try again in a moment"};
      co_return co_await refuse(data.get());
    }
    if (reader_.facts.expects_continue && reader_.facts.content_length <= reader_.body_max && size_ == 0) {
      out_ = "HTTP/1.1 100 Continue\r\n\r\n";
      buffers_.assign(1, asio::buffer(out_));
      if (!co_await send()) co_return false;
    }
    wait_at_most(shared_.settings.transfer);
    while ((step = take()) == MessageReader::Step::need_more) {
      if (!keep_body(data->body.size())) {
        shared_.overloads.add();
        reader_.refusal = {503, "The server has more to do than it can: please try again in a moment"};
        co_return co_await refuse(data.get());
      }
      if (!co_await fill(input_body)) co_return co_await ended_early();
    }
    if (step == MessageReader::Step::refused) co_return co_await refuse(data.get());

    // From here on nobody outside is waited for, but the handler.
    wait_at_most(shared_.settings.answer);
    answering_ = data;
    bool const head_only = data->method == Method::head;
    bool const asked_to_stay = reader_.facts.keep_alive;
    shared_.in_flight.fetch_add(1);
    Response response;
    try {
      response = co_await shared_.edge.answer(Request(std::move(data)));
    } catch (...) {
      // Not even a refusal could be made: out of memory.
      shared_.in_flight.fetch_sub(1);
      throw;
    }
    shared_.in_flight.fetch_sub(1);
    forget_body();
    if (!std::exchange(answering_, nullptr)) co_return false;
    reader_.begin();
    bool const stays = asked_to_stay && !shared_.stopping && !shared_.draining;
    write_head(response, stays);
    gather(response, head_only);
    bool const sent = co_await send();
    co_return sent&& stays;
  }

  MessageReader::Step take() {
    std::size_t used = 0;
    auto const step = reader_.read({input_.data() + begin_, size_}, used);
    begin_ += used;
    size_ -= used;
    if (size_ == 0) begin_ = 0;
    return step;
  }

  // Reads more of the client's bytes, keeping those not yet taken.
  Task<bool> fill(std::size_t most) {
    if (begin_ > 0) {
      std::memmove(input_.data(), input_.data() + begin_, size_);
      begin_ = 0;
    }
    if (idle && input_.size() > input_least) std::string().swap(input_);
    if (size_ == input_.size()) {
      if (size_ >= std::max(most, input_body)) co_return false;
      input_.resize(std::max(input_least, std::min(input_.size() * 2, std::max(most, input_body))));
    } else if (most == input_body && input_.size() < input_body && reader_.facts.content_length > input_.size()) {
      input_.resize(input_body);
    }
    auto const [failure, got] =
        co_await stream_.async_read_some(asio::buffer(input_.data() + size_, input_.size() - size_), plain_errors);
    if (failure) {
      open_ = false;
      co_return false;
    }
    size_ += got;
    co_return true;
  }

  Task<bool> send() {
    std::size_t bytes = 0;
    for (auto const& buffer : buffers_) bytes += buffer.size();
    wait_at_most(shared_.settings.transfer + std::chrono::seconds{bytes / shared_.settings.bytes_per_second_least});
    if constexpr (!secure) {
      // Nearly always the kernel takes all of it at once: no round through the loop.
      boost::system::error_code failure;
      auto const sent = stream_.write_some(buffers_, failure);
      if (failure && failure != asio::error::would_block) co_return open_ = false;
      if (sent == bytes) co_return true;
      auto left = sent;
      while (!buffers_.empty() && left >= buffers_.front().size()) {
        left -= buffers_.front().size();
        buffers_.erase(buffers_.begin());
      }
      if (!buffers_.empty()) buffers_.front() += left;
    }
    auto const [failure, sent] = co_await asio::async_write(stream_, buffers_, plain_errors);
    if (failure) open_ = false;
    co_return !failure;
  }

  void write_head(Response const& response, bool stays) {
    out_ = "HTTP/1.1 ";
    out_ += std::to_string(response.status);
    out_ += ' ';
    out_ += reason_of(response.status);
    out_ += "\r\n";
    out_ += hub().date();
    if (response.status != 304 && response.status != 204) {
      out_ += "Content-Type: ";
      out_ += response.content_type;
      out_ += "\r\nContent-Length: ";
      out_ += std::to_string(response.body.size());
      out_ += "\r\n";
    }
    out_ += response.headers.lines();
    // HTTP/1.0 takes silence for close, HTTP/1.1 for keep-alive: both are told.
    out_ += stays ? "Connection: keep-alive\r\n\r\n" : "Connection: close\r\n\r\n";
  }

  // Head and body as one write; the body's fragments go out from where they lie.
  void gather(Response const& response, bool head_only) {
    buffers_.clear();
    auto const& body = response.body;
    bool const silent = head_only || response.status == 304 || response.status == 204;
    if (silent || (secure || body.size() < input_least)) {
      if (!silent) out_ += body.links().empty() ? body.text() : body.joined();
      buffers_.push_back(asio::buffer(out_));
      return;
    }
    buffers_.push_back(asio::buffer(out_));
    std::size_t at = 0;
    for (auto const& link : body.links()) {
      if (link.at > at) buffers_.push_back(asio::buffer(body.text().data() + at, link.at - at));
      buffers_.push_back(asio::buffer(*link.fragment));
      at = link.at;
    }
    if (at < body.text().size()) buffers_.push_back(asio::buffer(body.text().data() + at, body.text().size() - at));
  }

  // A refusal before there is a whole request; what follows it cannot be trusted to be a request.
  Task<bool> refuse(RequestData* data) {
    auto const response = shared_.edge.refuse(data, reader_.refusal.status, reader_.refusal.say);
    write_head(response, false);
    gather(response, data && data->method == Method::head);
    if (co_await send() && !shared_.stopping) co_await discard();
    co_return false;
  }

  // Closing while the client still sends would take the answer away from it (RST).
  Task<void> discard() {
    if constexpr (!secure) {
      boost::system::error_code failure;
      stream_.shutdown(Socket::shutdown_send, failure);
      if (failure) co_return;
    }
    input_.resize(std::max(input_.size(), input_least));
    wait_at_most(std::min<Duration>(shared_.settings.head, std::chrono::seconds{2}));
    for (std::size_t discarded = 0; discarded < discarded_max;) {
      auto const [failure, got] = co_await stream_.async_read_some(asio::buffer(input_), plain_errors);
      if (failure) break;
      discarded += got;
    }
  }

  // The client went away or was too slow: in the middle of a request it hears so.
  Task<bool> ended_early() {
    if (!timed_out || idle) co_return false;
    shared_.timeouts.add();
    timed_out = false;
    reader_.refusal = {408, "The request did not arrive in time"};
    co_return co_await refuse(nullptr);
  }

  void wait_at_most(Duration time) {
    deadline = Hub::now() + milliseconds(time);
    timed_out = false;
  }

  // Bodies of all connections together have a limit; and a body must keep coming.
  bool keep_body(std::size_t size) {
    if (size > held_) {
      auto const more = size - held_;
      deadline += static_cast<std::int64_t>(more * 1'000 / shared_.settings.bytes_per_second_least);
      held_ = size;
      return shared_.bodies.fetch_add(more) + more <= shared_.settings.bodies_max;
    }
    return true;
  }
  void forget_body() {
    shared_.bodies.fetch_sub(held_);
    held_ = 0;
  }

  Stream stream_;
  Shared& shared_;
  ClientAddress peer_;
  MessageReader reader_;
  std::string input_;  // [begin_, begin_ + size_) is not yet taken
  std::size_t begin_ = 0, size_ = 0;
  std::string out_;
  std::vector<asio::const_buffer> buffers_;
  std::size_t held_ = 0;
  bool open_ = true;
  std::shared_ptr<RequestData> answering_;  // while the handler has it
  bool cut_off_ = false;
};

}  // namespace

Connection::Connection(Hub& hub) : hub_(hub) {
  hub.connections.push_back(this);
  place_ = std::prev(hub.connections.end());
}

Connection::~Connection() {
  hub_.connections.erase(place_);
  // The last act: whoever waits for no connections may then end the server.
  hub_.shared.connections.fetch_sub(1);
}

std::int64_t Hub::now() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC_COARSE, &time);
  return time.tv_sec * 1'000 + time.tv_nsec / 1'000'000;
}

std::string_view Hub::date() {
  timespec time{};
  clock_gettime(CLOCK_REALTIME_COARSE, &time);
  if (time.tv_sec != date_second_) {
    date_second_ = time.tv_sec;
    tm parts{};
    gmtime_r(&time.tv_sec, &parts);
    char text[64];
    // The names of days and months are those of the C locale, which kith never changes.
    auto const size = std::strftime(text, sizeof text, "Date: %a, %d %b %Y %H:%M:%S GMT\r\n", &parts);
    date_.assign(text, size);
  }
  return date_;
}

Task<void> Hub::watch() {
  asio::steady_timer timer(loop);
  ticking_ = &timer;
  while (!ending_) {
    timer.expires_after(shared.settings.tick);
    co_await timer.async_wait(plain_errors);
    shared.open.set(static_cast<double>(shared.connections));
    shared.running.set(static_cast<double>(shared.in_flight));
    auto const time = now();
    for (auto* connection : connections) {
      if (connection->deadline > time) continue;
      connection->timed_out = true;
      connection->cancel();
    }
  }
  ticking_ = nullptr;
}

void Hub::end() {
  ending_ = true;
  if (ticking_) ticking_->cancel();
}

void Hub::close(bool idle_only) {
  for (auto* connection : connections) {
    if (idle_only && !connection->idle) continue;
    connection->deadline = 0;
    connection->timed_out = true;
    connection->cancel();
  }
}

void serve(Hub& hub, Socket socket, TlsContext* tls) {
  boost::system::error_code ignored;
  socket.set_option(asio::ip::tcp::no_delay(true), ignored);
  socket.non_blocking(true, ignored);
  if (tls) {
    using Stream = asio::ssl::stream<Socket>;
    auto connection = std::make_shared<Served<Stream>>(hub, std::move(socket), *tls);
    asio::co_spawn(hub.loop, Served<Stream>::run(std::move(connection)), ended);
  } else {
    auto connection = std::make_shared<Served<Socket>>(hub, std::move(socket));
    asio::co_spawn(hub.loop, Served<Socket>::run(std::move(connection)), ended);
  }
}

}  // namespace kith
