// kith admin: accounts and tokens, beside a running server or without one.

#include <cstdio>

#include "app/address.h"
#include "app/command.h"
#include "app/running.h"
#include "base/error.h"
#include "base/run.h"

namespace kith {
namespace {

constexpr std::string_view default_scopes = "read write follow push";
constexpr std::string_view unconfirmed = "; it waits for the confirmation of its e-mail address";

void say(std::string_view line) {
  std::fwrite(line.data(), 1, line.size(), stdout);
  std::fputc('\n', stdout);
}

std::string one_word(Typed const& typed, char const* what) {
  if (typed.words().size() != 1) throw Error{Code::invalid, std::string("Name exactly one ") + what};
  std::string const& word = typed.words().front();
  return word.starts_with('@') ? word.substr(1) : word;
}

AccountId account_of(Services& services, std::string const& name) {
  users::Handles one;
  one.handles.push_back(name);
  auto const found = run(services.users.by_handle(Call{}, one));
  if (!found.accounts.front()) throw Error{Code::not_found, "There is no account @" + name};
  return found.accounts.front();
}

std::uint32_t role_of(std::string const& word) {
  if (word == "user") return static_cast<std::uint32_t>(Role::user);
  if (word == "moderator") return static_cast<std::uint32_t>(Role::moderator);
  if (word == "admin") return static_cast<std::uint32_t>(Role::admin);
  throw Error{Code::invalid, "--role must be user, moderator or admin"};
}

int create_account(Typed const& typed) {
  auth::SignUpRequest request{.handle = one_word(typed, "account"), .by_admin = true};
  request.email = typed.text("--email");
  request.password = typed.text("--password");
  request.role = role_of(typed.text("--role", "user"));
  request.confirmed = typed.has("--confirmed");
  Settings const settings = settings_of(typed).settings;
  request.base_url = base_url_of(settings);
  Reached reached(settings, Reached::Missing::made);
  auto const made = run(reached.services().auth.sign_up(Call{}, request));
  say("@" + request.handle + " is account " + to_string(made.account) + (made.pending ? std::string(unconfirmed) : ""));
  return 0;
}

int change_state(users::ChangeState change, std::string_view done, Typed const& typed) {
  std::string const name = one_word(typed, "account");
  Reached reached(settings_of(typed).settings);
  Services services = reached.services();
  change.account = account_of(services, name);
  auto const person = run(services.users.set_state(Call{}, change));
  bool const waits = change.approved && person.state == users::State::pending;
  say("@" + name + " " + std::string(done) + (waits ? std::string(unconfirmed) : ""));
  return 0;
}

int create_token(Typed const& typed) {
  bool const all = typed.has("--all");
  std::string const scopes = typed.text("--scopes", default_scopes);
  if (all && !typed.words().empty()) throw Error{Code::invalid, "Name exactly one account, or --all"};
  std::string const name = all ? std::string() : one_word(typed, "account, or --all");
  Reached reached(settings_of(typed).settings);
  Services services = reached.services();
  if (!all) {
    auth::MintToken const request{account_of(services, name), scopes};
    say(run(services.auth.mint(Call{}, request)).access_token);
    return 0;
  }
  users::AllAccounts page{.limit = 500};
  do {
    auto const accounts = run(services.users.all(Call{}, page));
    for (auto const& person : accounts.people) {
      if (person.state != users::State::active) continue;
      auth::MintToken const request{person.account, scopes};
      say(person.handle + "\t" + run(services.auth.mint(Call{}, request)).access_token);
    }
    page.cursor = accounts.cursor;
  } while (!page.cursor.empty());
  return 0;
}

Command state_command(std::string_view name, std::string_view summary, users::ChangeState change,
                      std::string_view done) {
  return {{.name = name, .words = "NAME", .summary = summary, .options = {data_option, settings_option}},
          [change, done](Typed const& typed) { return change_state(change, done, typed); }};
}

}  // namespace

std::vector<Command> admin_commands() {
  CommandDoc create{.name = "admin account create", .words = "NAME", .summary = "Makes an account."};
  create.options = {data_option,
                    settings_option,
                    {"--email", "ADDRESS", "e-mail address"},
                    {"--password", "TEXT", "at least 8 characters; without one only tokens log in"},
                    {"--confirmed", "", "usable at once, without the mail"},
                    {"--role", "ROLE", "user, moderator or admin; user"}};
  CommandDoc token{.name = "admin token create", .words = "NAME | --all"};
  token.summary = "Prints a token for an account, or \"name<TAB>token\" lines for all.";
  token.options = {data_option,
                   settings_option,
                   {"--all", "", "for every account"},
                   {"--scopes", "WORDS", "\"read write follow push\" when not given"}};
  return {{create, &create_account},
          state_command("admin account approve", "Lets a waiting account in.", {.approved = true}, "is approved"),
          state_command("admin account suspend", "Hides an account and refuses its tokens.", {.suspended = true},
                        "is suspended"),
          state_command("admin account unsuspend", "Takes a suspension back.", {.suspended = false},
                        "is no longer suspended"),
          {token, &create_token}};
}

}  // namespace kith
