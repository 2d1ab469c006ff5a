#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <condition_variable>
#include <cstring>
#include <functional>
#include <mutex>
#include <optional>
#include <set>
#include <thread>

#include "base/base64.h"
#include "base/check.h"
#include "base/error.h"
#include "base/into.h"
#include "base/log.h"
#include "ports/rpc/address.h"
#include "ports/rpc/failure.h"
#include "ports/rpc/grpc/grpc.h"
#include "ports/rpc/grpc/http2.h"
#include "ports/rpc/grpc/tls.h"
#include "ports/rpc/grpc/words.h"
#include "ports/rpc/headers.h"
#include "ports/rpc/socket_folder.h"

namespace kith {
namespace {

using grpc_words::Status;
using Clock = std::chrono::steady_clock;

// Longer than a call of a caller who did not yet hear of it is on its way.
constexpr auto quiet = std::chrono::milliseconds{300};
constexpr auto turning_away_max = std::chrono::seconds{5};
// A caller who was told to go and has nothing to wait for does so at once.
constexpr auto parting_max = std::chrono::seconds{1};
// Between two tries to take a caller in, when there is no room for one more.
constexpr auto full_pause = std::chrono::milliseconds{50};

std::uint16_t port_of(auto const& acceptor) {
  boost::asio::ip::tcp::endpoint here;
  auto const at = acceptor.local_endpoint();
  here.resize(at.size());
  std::memcpy(here.data(), at.data(), at.size());
  return here.port();
}

}  // namespace

struct GrpcServer::Inside : std::enable_shared_from_this<GrpcServer::Inside> {
  class Line;
  using Acceptor = boost::asio::basic_socket_acceptor<boost::asio::generic::stream_protocol>;
  struct Door {
    Acceptor acceptor;
    bool over_network;
    std::string socket = {};  // its path, of one that has
    std::size_t turn = 0;     // whose loop is next
  };

  Settings const settings;
  Methods const& methods;
  std::vector<boost::asio::any_io_executor> const executors;
  std::vector<std::string> addresses = {};
  std::vector<std::shared_ptr<Door>> doors = {};
  std::atomic<std::size_t> at_work = 0;
  std::atomic<bool> stopping = false;
  std::atomic<Clock::rep> last_turned_away = 0;
  bool stopped = false;

  std::mutex mutex = {};
  std::condition_variable changed = {};
  std::set<std::shared_ptr<Line>> lines = {};
  std::size_t coroutines = 0;  // of doors and callers
  std::shared_ptr<Identity const> identity = {};
  std::shared_ptr<ByteStream::TlsContext> tls = {};

  Inside(Settings settings, Methods const& methods, std::vector<boost::asio::any_io_executor> executors)
      : settings(std::move(settings)), methods(methods), executors(std::move(executors)) {}

  void start();
  void listen(std::string const& address);
  void begin(boost::asio::any_io_executor const& executor, Task<void> task);
  Task<void> accept(std::shared_ptr<Door> door);
  Task<void> serve(ByteStream::Socket socket, bool over_network);
  std::shared_ptr<ByteStream::TlsContext> current_tls();
  void turn_callers_away();
  void each_line(std::function<void(Line&)> const& act);
  void ended_one();
  void stop();
};

// A caller's connection: its calls run where it is, each as a coroutine of its own.
class GrpcServer::Inside::Line final : public Http2 {
 public:
  Line(std::shared_ptr<Inside> inside, boost::asio::any_io_executor executor, bool believed)
      : Http2(Side::server, grpc_words::limits, std::move(executor)), inside_(std::move(inside)), believed_(believed) {}

  using Http2::executor;
  using Http2::speak;

 private:
  struct Answer final : Stream {
    std::string method;
    Call call;
    std::string unreadable;  // the name of a header
  };

  std::unique_ptr<Stream> opened() override { return std::make_unique<Answer>(); }

  void field(Stream& stream, std::string_view name, std::string_view value) override {
    auto& answer = static_cast<Answer&>(stream);
    if (name == ":path") {
      answer.method = value.substr(std::min<std::size_t>(value.size(), 1));
    } else if (name == grpc_words::timeout_header) {
      if (auto const left = grpc_words::parse_timeout(value))
        answer.call.deadline = std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now()) + *left;
      else
        answer.unreadable = name;
    } else if (!take_header(answer.call, name, value)) {
      answer.unreadable = name;
    }
  }

  void closed(Stream&, bool) override {}

  void whole(Stream& stream) override {
    auto& answer = static_cast<Answer&>(stream);
    if (++inside_->at_work > inside_->settings.concurrent_max)
      return turn_away(answer, "The server is busy; try again in a moment", Status::resource_exhausted);
    if (inside_->stopping)
      return turn_away(answer, "This part of the server is stopping; try again in a moment", Status::unavailable);
    if (!believed_)
      return refuse(answer.id, answer.method,
                    {Code::internal, "This is not available here", "the caller's certificate names nobody of us"});
    if (!answer.unreadable.empty())
      return refuse(answer.id, answer.method, {Code::invalid, "This request cannot be read", answer.unreadable});
    auto message = grpc_words::unframed(std::move(answer.body));
    if (!message) return refuse(answer.id, answer.method, {Code::invalid, "This request cannot be read"});
    auto const* method = inside_->methods.find(answer.method);
    if (method == nullptr)
      return refuse(answer.id, answer.method, {Code::internal, "This is not available here", "nobody answers it"},
                    Status::unimplemented);
    // Nobody listens to what is closed meanwhile; but cutting a change in two helps nobody.
    boost::asio::co_spawn(executor(), (*method)(answer.call, std::move(*message)),
                          [self = std::static_pointer_cast<Line>(shared_from_this()), id = answer.id,
                           name = answer.method](std::exception_ptr const& failure, std::string bytes) {
                            if (failure) return self->fail(id, error_of(failure));
                            self->answer(id, name, std::move(bytes));
                          });
  }

  void turn_away(Answer& answer, char const* say, Status status) {
    inside_->last_turned_away = Clock::now().time_since_epoch().count();
    fail(answer.id, {Code::unavailable, say}, status, true);
  }
  // What no handler has seen.
  void refuse(std::int32_t id, std::string const& method, Error const& error,
              std::optional<Status> status = std::nullopt) {
    log(LogLevel::warn, "a call of another role is refused",
        {{"method", method}, {"trouble", error.say}, {"detail", error.detail}});
    fail(id, error, status);
  }

  void answer(std::int32_t id, std::string const& method, std::string bytes) {
    if (bytes.size() > rpc_bytes_max)
      return refuse(id, method, {Code::internal, "Something went wrong on our side", "the answer is too large"});
    if (Stream* const stream = find(id))
      respond(*stream, {{":status", "200", true}, {"content-type", grpc_words::content_type, true}},
              grpc_words::framed(bytes), {{std::string(grpc_words::status_trailer), "0"}});
    inside_->ended_one();
  }

  void fail(std::int32_t id, Error const& error, std::optional<Status> status = std::nullopt, bool away = false) {
    if (Stream* const stream = find(id)) {
      auto const number = std::to_string(static_cast<int>(status.value_or(grpc_words::status_of(error.code))));
      auto const say = grpc_words::percent_encoded(std::string_view(error.say).substr(0, grpc_words::say_max));
      std::string const fields =
          error.fields.size() <= grpc_words::fields_max ? to_base64(error.fields) : std::string();
      std::vector<Field> head{{":status", "200", true},
                              {"content-type", grpc_words::content_type, true},
                              {grpc_words::status_trailer, number, true},
                              {grpc_words::message_trailer, say},
                              {grpc_words::code_trailer, name_of(error.code), true}};
      if (!fields.empty()) head.push_back({grpc_words::fields_trailer, fields});
      if (away) head.push_back({grpc_words::turned_away_trailer, "1", true});
      respond(*stream, head, {}, {});
    }
    inside_->ended_one();
  }

  std::shared_ptr<Inside> const inside_;
  bool const believed_;
};

std::shared_ptr<ByteStream::TlsContext> GrpcServer::Inside::current_tls() {
  auto now = settings.identities->now();
  std::lock_guard const lock(mutex);
  if (identity != now) {
    tls = server_tls(*now);
    identity = std::move(now);
  }
  return tls;
}

Task<void> GrpcServer::Inside::serve(ByteStream::Socket socket, bool over_network) {
  auto const executor = socket.get_executor();
  std::unique_ptr<ByteStream> bytes;
  if (!over_network) {
    bytes = plain(std::move(socket));
  } else {
    boost::system::error_code ignored;
    socket.set_option(boost::asio::ip::tcp::no_delay(true), ignored);
    bytes = co_await under_tls(std::move(socket), current_tls(), {});
  }
  if (!bytes) co_return;
  bool const believed = !over_network || shows_one_of_us(bytes->tls(), *settings.identities);
  if (!believed) log(LogLevel::warn, "a caller with a certificate of our authority is none of us");
  auto const line = std::make_shared<Line>(shared_from_this(), executor, believed);
  {
    std::lock_guard const lock(mutex);
    lines.insert(line);
  }
  co_await line->speak(std::move(bytes));
  std::lock_guard const lock(mutex);
  lines.erase(line);
}

Task<void> GrpcServer::Inside::accept(std::shared_ptr<Door> door) {
  while (door->acceptor.is_open()) {
    boost::system::error_code failure;
    auto socket = co_await door->acceptor.async_accept(executors[door->turn++ % executors.size()], into(failure));
    if (failure == boost::asio::error::operation_aborted) break;
    if (failure) {
      boost::asio::steady_timer pause(door->acceptor.get_executor(), full_pause);
      co_await pause.async_wait(into(failure));
      continue;
    }
    auto const executor = socket.get_executor();
    begin(executor, serve(std::move(socket), door->over_network));
  }
}

void GrpcServer::Inside::begin(boost::asio::any_io_executor const& executor, Task<void> task) {
  {
    std::lock_guard const lock(mutex);
    ++coroutines;
  }
  boost::asio::co_spawn(executor, std::move(task), [self = shared_from_this()](std::exception_ptr const& failure) {
    if (failure) log(LogLevel::error, "a connection between roles failed", {{"trouble", error_of(failure).detail}});
    std::lock_guard const lock(self->mutex);
    --self->coroutines;
    self->changed.notify_all();
  });
}

// Of the calls at work.
void GrpcServer::Inside::ended_one() {
  if (--at_work > 0 || !stopping) return;
  std::lock_guard const lock(mutex);
  changed.notify_all();
}

// Comes with the first of what a name stands for; all of it would be other machines.
void GrpcServer::Inside::listen(std::string const& address) {
  using boost::asio::ip::tcp;
  bool const network = is_tcp(address);
  Acceptor acceptor(executors.front());
  boost::system::error_code failure;
  std::string socket;
  ByteStream::Socket::endpoint_type at;
  if (network) {
    auto const [host, port] = tcp_parts(address);
    if (!settings.identities) throw Error{Code::invalid, tls_missing(address)};
    tcp::resolver resolver(executors.front());
    auto const found = resolver.resolve(host, port, tcp::resolver::passive, failure);
    if (!failure) at = found.begin()->endpoint();
  } else {
    socket = private_socket(address);
    // Binding wants no such file, but whoever answers there keeps it.
    if (answers(socket)) throw Error{Code::unavailable, "Another process already answers on " + socket};
    ::unlink(socket.c_str());
    at = boost::asio::local::stream_protocol::endpoint(socket);
  }
  if (!failure) acceptor.open(at.protocol(), failure);
  if (!failure && network) acceptor.set_option(boost::asio::socket_base::reuse_address(true), failure);
  if (!failure) acceptor.bind(at, failure);
  if (!failure) acceptor.listen(boost::asio::socket_base::max_listen_connections, failure);
  if (failure)
    throw Error{Code::unavailable,
                network ? "Roles cannot be answered on " + address + ": is it in use, or of another machine?"
                        : "The socket " + address + " between roles cannot be opened",
                failure.message()};
  addresses.push_back(network ? address.substr(0, address.rfind(':') + 1) + std::to_string(port_of(acceptor))
                              : address);
  doors.push_back(std::make_shared<Door>(Door{std::move(acceptor), network, std::move(socket)}));
}

void GrpcServer::Inside::start() {
  check(!executors.empty(), "calls run on an executor");
  for (std::string const& address : settings.addresses) listen(address);
  for (auto const& door : doors) begin(executors.front(), accept(door));
}

// Callers learn it from the answer to their next call, and ask elsewhere from then on. A call that was on its way when
// a connection is left is begun elsewhere, too, but only by those who know how; so that is done when none came for a
// while.
void GrpcServer::Inside::turn_callers_away() {
  auto const begun = Clock::now();
  auto const quiet_since = [&] { return std::max(begun, Clock::time_point(Clock::duration(last_turned_away.load()))); };
  bool const network = std::ranges::any_of(doors, [](auto const& door) { return door->over_network; });
  while (network && Clock::now() < std::min(quiet_since() + quiet, begun + turning_away_max))
    std::this_thread::sleep_for(std::chrono::milliseconds{10});
}

void GrpcServer::Inside::stop() {
  if (std::exchange(stopped, true)) return;
  stopping = true;
  turn_callers_away();
  for (auto const& door : doors) {
    if (!door->socket.empty()) ::unlink(door->socket.c_str());
    boost::asio::post(executors.front(), [door] {
      boost::system::error_code ignored;
      door->acceptor.close(ignored);
    });
  }
  doors.clear();  // their last holders are on the loops
  each_line([](Line& line) { line.leave(); });
  std::unique_lock lock(mutex);
  changed.wait(lock, [this] { return at_work == 0; });
  if (changed.wait_for(lock, parting_max, [this] { return coroutines == 0; })) return;
  lock.unlock();
  // Those who came meanwhile among them.
  for (bool left = true; left;) {
    each_line([](Line& line) { line.close(); });
    lock.lock();
    left = !changed.wait_for(lock, parting_max, [this] { return coroutines == 0; });
    lock.unlock();
  }
}

void GrpcServer::Inside::each_line(std::function<void(Line&)> const& act) {
  std::lock_guard const lock(mutex);
  for (auto const& line : lines) boost::asio::post(line->executor(), [line, act] { act(*line); });
}

GrpcServer::GrpcServer(Settings settings, Methods const& methods, std::vector<boost::asio::any_io_executor> executors)
    : inside_(std::make_shared<Inside>(std::move(settings), methods, std::move(executors))) {
  inside_->start();
}

GrpcServer::~GrpcServer() { stop(); }

std::vector<std::string> const& GrpcServer::addresses() const { return inside_->addresses; }

void GrpcServer::stop() { inside_->stop(); }

}  // namespace kith
