#include "ports/rpc/grpc/line.h"

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <charconv>
#include <optional>
#include <utility>

#include "base/base64.h"
#include "base/into.h"
#include "ports/rpc/headers.h"

namespace kith {
namespace {

using Clock = std::chrono::steady_clock;
using Status = grpc_words::Status;

// A machine with much to do takes its time.
constexpr auto connect_max = std::chrono::seconds{10};

}  // namespace

struct GrpcLine::Asked final : Stream {
  std::shared_ptr<GrpcEnd> end = std::make_shared<GrpcEnd>();
  std::move_only_function<void()> resume;  // null: its caller has heard
  std::optional<std::multimap<Instant, std::int32_t>::iterator> late;
  bool told = false;  // how it ended
  bool turned_away = false;
};

GrpcLine::GrpcLine(boost::asio::any_io_executor const& executor)
    : Http2(Side::client, grpc_words::limits, executor), late_(executor) {}

std::shared_ptr<GrpcLine> GrpcLine::open(boost::asio::any_io_executor executor, Way way, std::function<void()> ended) {
  std::shared_ptr<GrpcLine> line(new GrpcLine(executor));
  boost::asio::co_spawn(executor, line->run(std::move(way)),
                        [line, ended = std::move(ended)](std::exception_ptr const&) {
                          line->close();
                          line->late_.cancel();
                          for (auto* const timer : line->waiting_) timer->cancel();
                          ended();
                        });
  return line;
}

void GrpcLine::soon(std::shared_ptr<GrpcLine> line, void (GrpcLine::*act)()) {
  auto const executor = line->executor();
  boost::asio::post(executor, [line = std::move(line), act] { (*line.*act)(); });
}

Task<void> GrpcLine::run(Way way) {
  boost::system::error_code failure;
  auto const socket = std::make_shared<ByteStream::Socket>(executor());
  boost::asio::steady_timer late(executor(), connect_max);
  late.async_wait([socket](boost::system::error_code over) {
    boost::system::error_code ignored;
    if (!over) socket->close(ignored);
  });
  co_await socket->async_connect(way.to, into(failure));
  if (failure) {
    trouble_ = "cannot connect: " + failure.message();
    co_return;
  }
  late.cancel();
  std::unique_ptr<ByteStream> bytes;
  if (way.tls) {
    socket->set_option(boost::asio::ip::tcp::no_delay(true), failure);
    bytes = co_await under_tls(std::move(*socket), std::move(way.tls), std::move(way.name));
    trouble_ = "no agreement over TLS";
    if (!bytes) co_return;
  } else {
    bytes = plain(std::move(*socket));
  }
  trouble_ = "the line broke";
  co_await speak(std::move(bytes));
}

Task<void> GrpcLine::connected(Instant until) {
  auto const self = shared_from_this();
  if (!is_connecting()) co_return;
  boost::asio::steady_timer timer(executor(), until);
  waiting_.push_back(&timer);
  boost::system::error_code ignored;
  co_await timer.async_wait(into(ignored));
  std::erase(waiting_, &timer);
}

void GrpcLine::accepted() {
  was_accepted_ = true;
  for (auto* const timer : waiting_) timer->cancel();
}

Task<GrpcEnd> GrpcLine::call(Call call, std::string_view method, std::string message, Instant until) {
  auto const self = std::static_pointer_cast<GrpcLine>(shared_from_this());
  auto asked = std::make_unique<Asked>();
  auto const end = asked->end;
  if (!is_ready()) {
    end->message = trouble_;
    co_return std::move(*end);
  }
  std::string const path = "/" + std::string(method);
  std::string const timeout = grpc_words::timeout_text(std::chrono::duration_cast<Duration>(until - Clock::now()));
  std::vector<Field> head{{":method", "POST", true},
                          {":scheme", "http", true},
                          {":path", path, true},
                          {":authority", "kith", true},
                          {"te", "trailers", true},
                          {"content-type", grpc_words::content_type, true},
                          {grpc_words::timeout_header, timeout}};
  auto const said = headers_of(call);
  for (auto const& [name, value] : said) head.push_back({name, value});
  co_await boost::asio::async_initiate<decltype(boost::asio::use_awaitable), void()>(
      [&](auto handler) {
        auto slot = boost::asio::get_associated_cancellation_slot(handler);
        asked->resume = [handler = std::move(handler)]() mutable { boost::asio::post(std::move(handler)); };
        auto* const begun = static_cast<Asked*>(request(std::move(asked), head, grpc_words::framed(message)));
        if (begun == nullptr) return;
        begun->late = ends_.emplace(until, begun->id);
        watch_time();
        if (slot.is_connected())
          slot.assign([weak = std::weak_ptr(self), id = begun->id](boost::asio::cancellation_type) {
            if (auto const line = weak.lock()) line->stop(id, GrpcEnd::How::given_up, "its caller gave up");
          });
      },
      boost::asio::use_awaitable);
  co_return std::move(*end);
}

void GrpcLine::stop(std::int32_t id, GrpcEnd::How how, std::string_view why) {
  Stream* const stream = find(id);
  if (stream == nullptr) return;
  reset(*stream);
  // The other end may not even take what would tell it so.
  finish(static_cast<Asked&>(*stream), how, why);
}

void GrpcLine::finish(Asked& asked, GrpcEnd::How how, std::string_view why) {
  if (!asked.resume) return;
  asked.end->how = how;
  if (!why.empty()) asked.end->message = why;
  std::exchange(asked.resume, nullptr)();
}

void GrpcLine::watch_time() {
  if (ends_.empty() || ends_.begin()->first >= late_set_to_) return;
  late_set_to_ = ends_.begin()->first;
  late_.expires_at(late_set_to_);
  late_.async_wait([weak = weak_from_this()](boost::system::error_code over) {
    auto const me = std::static_pointer_cast<GrpcLine>(weak.lock());
    if (over || !me) return;
    me->late_set_to_ = Instant::max();
    auto const now = Clock::now();
    std::vector<std::int32_t> late;
    for (auto const& [until, id] : me->ends_) {
      if (until > now) break;
      late.push_back(id);
    }
    for (std::int32_t const id : late) {
      auto& asked = static_cast<Asked&>(*me->find(id));
      me->ends_.erase(*std::exchange(asked.late, std::nullopt));
      me->stop(id, GrpcEnd::How::late, "no answer in time");
    }
    me->watch_time();
  });
}

void GrpcLine::give_up() {
  given_up_ = true;
  close();
}

std::unique_ptr<Http2::Stream> GrpcLine::opened() { return std::make_unique<Asked>(); }

void GrpcLine::field(Stream& stream, std::string_view name, std::string_view value) {
  auto& asked = static_cast<Asked&>(stream);
  GrpcEnd& end = *asked.end;
  if (name == grpc_words::status_trailer) {
    int number = static_cast<int>(Status::unknown);
    std::from_chars(value.data(), value.data() + value.size(), number);
    end.status = static_cast<Status>(number);
    asked.told = true;
  } else if (name == grpc_words::message_trailer) {
    end.message = grpc_words::percent_decoded(value);
  } else if (name == grpc_words::code_trailer) {
    end.code = value;
  } else if (name == grpc_words::fields_trailer) {
    end.fields = from_base64(value);
  } else if (name == grpc_words::turned_away_trailer) {
    asked.turned_away = true;
  }
}

void GrpcLine::closed(Stream& stream, bool refused) {
  using How = GrpcEnd::How;
  auto& asked = static_cast<Asked&>(stream);
  if (asked.late) ends_.erase(*std::exchange(asked.late, std::nullopt));
  if (!asked.whole || !asked.told)
    return finish(asked, refused ? How::unsent : given_up_ ? How::given_up : How::lost, trouble_);
  if (asked.end->status == Status::ok) {
    auto message = grpc_words::unframed(std::move(asked.body));
    if (!message) return finish(asked, How::lost, "its answer cannot be read");
    asked.end->answer = std::move(*message);
  }
  finish(asked, asked.turned_away ? How::turned_away : How::answered, {});
}

}  // namespace kith
