// People vote and take their votes back. A vote is one row; the count beside it changes in the same
// commit; a reason is written before; the voter's own list follows by an idempotent handler.

#include <array>
#include <map>
#include <set>

#include "ports/table/contract_tables.h"
#include "tests/simulation/scenario.h"

namespace kith::simulation {
namespace {

using contract::note;
using contract::tally;
using contract::thing;

constexpr std::uint64_t people = 8, polls = 4;
constexpr Version for_ever = Version{1} << 62;  // a vote that ended never comes back under its id

RowKey vote_key(std::uint64_t poll, std::uint64_t voter) { return thing(poll, "vote", voter); }
RowKey mine_key(std::uint64_t voter, std::uint64_t cause) { return note(voter, cause); }
RowKey reason_key(std::uint64_t cause) { return note(1'000'000, cause); }

// The cause of a vote as the row's text.
std::string cause_value(std::uint64_t cause) { return contract::text_value(std::to_string(cause)); }
std::uint64_t cause_of(RowPtr const& row) { return row ? std::stoull(contract::value_of(row).substr(2)) : 0; }

struct VoteIntent {
  OperationId operation = 0;
  std::uint64_t poll = 0;
  std::uint64_t cause = 0;  // the vote that is made or taken back
  bool make = true;
  Version as_read = 0;
  EventId event = {};
};

struct Voter {
  std::uint64_t id = 0;
  std::optional<VoteIntent> intent = {};
  std::map<std::uint64_t, std::uint64_t> votes = {};  // poll → cause: what this person was told
};

class Ballots {
 public:
  explicit Ballots(World& world) : world_(world), end_(world.time.monotonic() + std::chrono::seconds{25}) {
    for (std::uint64_t id = 1; id <= people; ++id) persons_.push_back({.id = id});
  }

  void build() {
    world_.dispatch().add({"lists", "VoteChanged", 1, true, [this](Event event) { return follow(std::move(event)); }});
  }

  void live() {
    world_.start([this] { build(); });
    while (world_.time.monotonic() < end_) {
      for (Voter& person : persons_) world_.time.spawn(vote_on(person));
      world_.time.advance(std::chrono::seconds{1} + world_.random.wait(std::chrono::seconds{12}));
      if (world_.random.chance(200)) world_.time.set_back(world_.random.wait(std::chrono::minutes{1}));
      world_.crash();
    }
    world_.faults.calm();
    for (Voter& person : persons_)
      if (person.intent) world_.run(attempt(person));
    world_.settle();
    check_all();
    for (Voter& person : persons_) {
      world_.run(choose(person));
      world_.run(attempt(person));
      check_list(person);  // an answer waited for the echo: one's own write is there at once
    }
    world_.settle();
    check_all();
  }

 private:
  Task<void> vote_on(Voter& person) {
    while (world_.time.monotonic() < end_) {
      if (!person.intent) {
        co_await world_.faults.sleep(std::chrono::seconds{20});
        bool const chosen = co_await tried(choose(person));
        if (!chosen) continue;
      }
      co_await attempt(person);
    }
  }

  Task<bool> tried(Task<void> task) {
    try {
      co_await std::move(task);
      co_return true;
    } catch (Error const& error) {
      require(error.code == Code::unavailable || error.code == Code::unknown, error.say);
      co_return false;
    }
  }

  // Decides by what the person sees: a vote made shows at once, one taken back does not.
  Task<void> choose(Voter& person) {
    std::uint64_t const poll = 1 + world_.random.below(polls);
    std::vector<RowKey> keys(1, vote_key(poll, person.id));
    auto const rows = co_await world_.strict().get(std::move(keys));
    auto const told = person.votes.find(poll);
    require(cause_of(rows[0]) == (told == person.votes.end() ? 0 : told->second), "a person does not see her own vote");
    VoteIntent intent{
        .operation = world_.ids.mint(), .poll = poll, .make = !rows[0], .event = world_.ids.mint_as<EventId>()};
    intent.cause = rows[0] ? cause_of(rows[0]) : world_.ids.mint();
    intent.as_read = contract::version_of(rows[0]);
    person.intent = intent;
  }

  // Repeats until it is known how it ended, as a client with an idempotency key does.
  Task<void> attempt(Voter& person) {
    while (!co_await tried(commit(person))) co_await world_.faults.sleep(std::chrono::milliseconds{500});
  }

  Task<void> commit(Voter& person) {
    VoteIntent const intent = *person.intent;
    RowKey const key = vote_key(intent.poll, person.id);
    Commit change;
    change.operation = intent.operation;
    if (intent.make) {
      change.first.push_back({reason_key(intent.cause), contract::text_value("because"), 1});
      change.checks.push_back({key, std::nullopt});
      change.puts.push_back({key, cause_value(intent.cause)});
    } else {
      change.checks.push_back({key, intent.as_read});
      change.erases.push_back(key);
    }
    change.adds.push_back({tally(intent.poll, 1), contract::yes_field, intent.make ? 1 : -1});
    change.events.push_back({.id = intent.event,
                             .kind = "VoteChanged",
                             .key = std::to_string(intent.poll),
                             .body = std::to_string(person.id) + ' ' + std::to_string(intent.cause)});
    std::vector<Event> events = change.events;
    Outcome const outcome = co_await world_.strict().commit(std::move(change));
    require(outcome.done, "a vote conflicts with nobody's");
    require(outcome.sums.at(0) >= 0, "a count fell below zero");
    co_await world_.dispatch().echo(std::move(events));
    if (intent.make)
      person.votes[intent.poll] = intent.cause;
    else
      person.votes.erase(intent.poll);
    world_.trace.note(intent.make ? "voted" : "took back", {person.id, intent.poll, intent.cause});
    person.intent.reset();
  }

  // Makes the voter's list equal to the truth about one vote.
  Task<void> follow(Event event) {
    std::uint64_t const poll = std::stoull(event.key), voter = std::stoull(event.body);
    std::uint64_t const cause = std::stoull(event.body.substr(event.body.find(' ')));
    std::vector<RowKey> keys(1, vote_key(poll, voter));
    auto const rows = co_await world_.strict().get(std::move(keys));
    if (cause_of(rows[0]) == cause) {
      std::vector<WidePut> puts{{mine_key(voter, cause), contract::text_value(event.key), 1}};
      co_await world_.wide().put(std::move(puts));
    } else {
      std::vector<WideErase> erases{{mine_key(voter, cause), for_ever}};
      co_await world_.wide().erase(std::move(erases));
    }
  }

  void check_list(Voter const& person) {
    std::set<std::uint64_t> listed, told;
    Range range{&contract::notes, mine_key(person.id, 0).partition};
    for (auto const& row : world_.run(world_.true_wide().scan(range)).rows)
      listed.insert(std::stoull(contract::value_of(row.row).substr(2)));
    for (auto const& [poll, cause] : person.votes) told.insert(poll);
    require(listed == told, "a person's list of votes differs from her votes");
  }

  void check_all() {
    for (std::uint64_t poll = 1; poll <= polls; ++poll) {
      std::int64_t votes = 0;
      for (Voter const& person : persons_) {
        std::vector<RowKey> keys{vote_key(poll, person.id)};
        auto const row = world_.run(world_.true_strict().get(keys)).at(0);
        auto const told = person.votes.find(poll);
        require(cause_of(row) == (told == person.votes.end() ? 0 : told->second),
                "an acknowledged vote is lost, doubled or undone");
        if (!row) continue;
        ++votes;
        std::vector<RowKey> reasons{reason_key(cause_of(row))};
        require(world_.run(world_.true_wide().get(reasons)).at(0) != nullptr,
                "a vote names a reason that is not there");
      }
      std::vector<RowKey> keys{tally(poll, 1)};
      auto const row = world_.run(world_.true_strict().get(keys)).at(0);
      std::string value = row ? contract::value_of(row) : std::string();
      require(add_to_field(value, contract::yes_field, 0) == votes, "a count differs from its rows");
    }
    for (Voter const& person : persons_) check_list(person);
  }

  World& world_;
  Duration const end_;
  std::vector<Voter> persons_;
};

}  // namespace

void live_ballots(World& world) { Ballots(world).live(); }

}  // namespace kith::simulation
