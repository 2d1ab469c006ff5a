#include "ports/cache/redis/servers.h"

#include <algorithm>

#include "base/all.h"
#include "base/error.h"
#include "base/into.h"
#include "ports/cache/redis/scripts.h"

namespace kith::redis {
namespace {

using std::chrono::steady_clock;

// A map that does not help is not asked for again at once.
constexpr std::chrono::milliseconds refresh_every{200};

// At the start somebody waits who wants to know.
constexpr std::chrono::milliseconds start_patience{2'000};

// Answers of a server that will soon give another one, or whose place somebody else has taken.
bool is_passing(Value const& value) {
  return value.fails("TRYAGAIN") || value.fails("CLUSTERDOWN") || value.fails("LOADING") || value.fails("MASTERDOWN") ||
         value.fails("READONLY") || value.fails("BUSY");
}

Task<void> pause(boost::asio::any_io_executor loop, Deadline until) {
  boost::asio::steady_timer timer(loop, until);
  boost::system::error_code ignored;
  co_await timer.async_wait(into(ignored));
}

// The answer to one command.
Task<Value> said(Connection& connection, std::string command, Deadline deadline, std::string& why) {
  auto const answer = std::make_shared<Value>();
  Ended const ended = co_await connection.exchange(
      std::move(command), 1, [answer](std::size_t, Value&& value) { *answer = std::move(value); }, deadline);
  why = ended.why;
  co_return std::move(*answer);
}

std::string slots_command() {
  std::string command;
  append_command(command, {"CLUSTER", "SLOTS"});
  return command;
}

}  // namespace

Servers::Servers(boost::asio::any_io_executor loop, RedisOptions const& options)
    : loop(std::move(loop)), options_(options) {}

Task<void> Servers::open() {
  if (options_.servers.empty())
    throw Error{Code::unavailable, "The cache is on Redis, but redis_servers names no server"};
  std::vector<Address> seeds;
  for (auto const& server : options_.servers) seeds.push_back(read_address(server));
  reach_ = {
      .tls = seeds.front().tls, .user = seeds.front().user, .password_file = options_.password_file, .context = {}};
  if (reach_.tls) reach_.context = client_tls({options_.tls_authority, options_.tls_certificate, options_.tls_key});
  std::string failure;
  bool open = false;
  for (Address const& seed : seeds) {
    if (seed.tls != reach_.tls || seed.user != reach_.user)
      throw Error{Code::unavailable, "redis_servers must reach all servers in the same way, with one user"};
    if (open) continue;
    auto const deadline = steady_clock::now() + std::max(options_.deadline, start_patience);
    std::shared_ptr<Connection> connection;
    try {
      connection = co_await connect(loop, seed.place, reach_, deadline);
    } catch (Error const& error) {
      if (failure.empty()) failure = error.say;
    }
    if (!connection) continue;
    open = true;
    Value const* const mode = connection->greeting().find("mode");
    bool const cluster = mode != nullptr && mode->text == "cluster";
    if (!cluster && seeds.size() > 1) {
      connection->close("it is not fit");
      throw Error{Code::unavailable, "redis_servers names several servers, but " + seed.place.text() +
                                         " is none of a Cluster: name one server, or those of one Cluster"};
    }
    if (cluster) {
      std::string why;
      Value const told = co_await said(*connection, slots_command(), deadline, why);
      slots_.resize(slots_max);
      use(read_map(told, seed.place.host));
    }
    if (nodes_.empty()) node_at(seed.place);
    connection->close("it has answered");
  }
  if (!open) throw Error{Code::unavailable, failure};
  // Whether they also do what they will be asked for, an operator wants to hear now.
  bool serves = false;
  auto const nodes = nodes_;
  for (auto const& [place, node] : nodes) {
    auto const connection = co_await node->connection(steady_clock::now() + start_patience);
    serves = serves || connection != nullptr;
    if (!connection) failure = node->failure();
  }
  if (!serves) throw Error{Code::unavailable, failure};
}

void Servers::close() {
  closing_ = true;
  for (auto const& [place, node] : nodes_) node->close();
}

Place Servers::place(std::size_t turn) const {
  auto at = nodes_.begin();
  std::advance(at, turn % nodes_.size());
  return at->first;
}

Deadline Servers::heard() const {
  Deadline least = Deadline::max();
  for (auto const& [place, node] : nodes_)
    if (node->connected()) least = std::min(least, node->heard());
  return least == Deadline::max() ? Deadline{} : least;
}

std::shared_ptr<Node> Servers::node_at(Place const& place) {
  auto& node = nodes_[place];
  if (!node) node = std::make_shared<Node>(Node::Needs{loop, counts, hooks}, place, reach_, options_.deadline);
  return node;
}

std::shared_ptr<Node> Servers::node_of(Command const& command) {
  if (command.asked_there) return command.asked_there;
  if (!slots_.empty() && slots_[command.slot]) return slots_[command.slot];
  return nodes_.begin()->second;  // it says who has it
}

void Servers::use(std::vector<SlotRange> const& map) {
  if (map.empty()) return;
  std::map<Place, std::shared_ptr<Node>> left;
  for (auto const& range : map) {
    auto const node = left[range.place] = node_at(range.place);
    for (std::size_t slot = range.first; slot <= range.last; ++slot) slots_[slot] = node;
  }
  std::swap(nodes_, left);
  for (auto const& [place, node] : left)
    if (!nodes_.contains(place)) node->close();
}

void Servers::refresh_soon() {
  if (slots_.empty() || refreshing_ || closing_ || steady_clock::now() < refreshed_ + refresh_every) return;
  refreshing_ = true;
  boost::asio::co_spawn(loop, refresh(), [this](std::exception_ptr) {
    refreshing_ = false;
    refreshed_ = steady_clock::now();
  });
}

Task<void> Servers::refresh() {
  std::vector<std::shared_ptr<Node>> nodes;
  for (auto const& [place, node] : nodes_) nodes.push_back(node);
  for (auto const& node : nodes) {
    auto const deadline = steady_clock::now() + options_.deadline;
    auto const connection = co_await node->connection(deadline);
    if (!connection) continue;
    std::string why;
    Value const told = co_await said(*connection, slots_command(), deadline, why);
    auto const map = read_map(told, node->place().host);
    if (map.empty()) continue;
    if (!closing_) use(map);
    co_return;
  }
}

Observation Servers::begin(Verb const& verb, std::size_t commands) {
  Span span = Span::child(SpanKind::client, verb.name);
  if (span) {
    span.text("db.system.name", "redis");
    if (commands > 1) span.number("db.operation.batch.size", static_cast<std::int64_t>(commands));
  }
  return {verb.numbers ? &*verb.numbers : nullptr, std::move(span)};
}

void Servers::end(Observation& observation, bool answered) {
  if (answered)
    observation.done();
  else
    observation.failed(Error{Code::unavailable, "Redis has not answered"});
}

Task<void> Servers::call(Verb const& verb, std::shared_ptr<Batch> batch) {
  Observation observation = begin(verb, batch->commands.size());
  co_await there(ask(batch));
  end(observation, batch->unanswered == 0);
}

Task<void> Servers::ask(std::shared_ptr<Batch> batch) {
  Deadline const deadline = steady_clock::now() + options_.deadline;
  for (int attempt = 1; !closing_; ++attempt) {
    std::map<std::shared_ptr<Node>, std::vector<std::size_t>> parts;
    for (std::size_t i = 0; i < batch->commands.size(); ++i)
      if (!batch->commands[i].over) parts[node_of(batch->commands[i])].push_back(i);
    if (parts.empty()) break;
    auto const redirects = counts.redirects.load();
    std::vector<Task<void>> asking;
    auto const any = parts.begin()->first;
    for (auto& [node, which] : parts) asking.push_back(ask_node(node, batch, std::move(which), deadline));
    co_await all(std::move(asking));
    bool const told_where = counts.redirects != redirects || batch->unknown_script;
    auto const hopeful = [&](Command const& one) { return !one.over && (told_where || !node_of(one)->refusing()); };
    if (attempt == attempts_max || std::ranges::none_of(batch->commands, hopeful)) break;
    ++counts.retries;
    if (told_where) continue;
    auto const until = steady_clock::now() + any->jittered(Breaker::Pause{5 << attempt});
    if (until >= deadline) break;
    co_await pause(loop, until);
  }
  batch->over = true;
  batch->unanswered +=
      static_cast<std::size_t>(std::ranges::count_if(batch->commands, [](Command const& one) { return !one.over; }));
  counts.unanswered += batch->unanswered;
}

Task<void> Servers::ask_node(std::shared_ptr<Node> node, std::shared_ptr<Batch> batch, std::vector<std::size_t> which,
                             Deadline deadline) {
  auto const connection = co_await node->connection(deadline);
  if (!connection) {
    refresh_soon();  // somebody else may have its slots by now
    co_return;
  }
  std::string bytes;
  std::vector<std::size_t> answers;  // whose each is; `none`: nobody's
  constexpr std::size_t none = static_cast<std::size_t>(-1);
  if (batch->unknown_script) answers.resize(append_scripts(bytes), none);
  for (std::size_t const i : which) {
    Command& command = batch->commands[i];
    if (command.asked_there) {
      append_command(bytes, {"ASKING"});
      answers.push_back(none);
      command.asked_there = nullptr;
    }
    bytes += command.bytes;
    answers.push_back(i);
  }
  auto const count = answers.size();
  auto const take = [this, node, batch, answers = std::move(answers)](std::size_t at, Value&& value) {
    if (std::size_t const i = answers[at]; i != none)
      batch->commands[i].over = answered(*node, *batch, i, std::move(value));
  };
  Ended const ended = co_await connection->exchange(std::move(bytes), count, take, deadline);
  node->ended(*connection, ended);
  if (ended.whole) co_return;
  for (std::size_t const i : which) {
    Command& command = batch->commands[i];
    if (!ended.sent || command.repeatable || command.over) continue;
    command.over = true;
    ++batch->unanswered;
  }
  refresh_soon();
}

// False: it is to be asked again.
bool Servers::answered(Node const& node, Batch& batch, std::size_t i, Value&& value) {
  if (batch.over || batch.commands[i].over) return true;
  if (!value.is(Value::Kind::error)) {
    batch.take(i, std::move(value));
    return true;
  }
  if (value.fails("NOSCRIPT")) {
    batch.unknown_script = true;
    return false;
  }
  auto const redirect = read_redirect(value.text, node.place().host);
  if (redirect.place.port != 0 && !slots_.empty() && !closing_) {
    ++counts.redirects;
    auto const there = node_at(redirect.place);
    if (redirect.ask)
      batch.commands[i].asked_there = there;
    else
      slots_[redirect.slot] = there;
    if (!redirect.ask) refresh_soon();
    return false;
  }
  if (is_passing(value)) {
    refresh_soon();
    return false;
  }
  batch.take(i, std::move(value));
  return true;
}

}  // namespace kith::redis
