#include "services/users/users.h"

#include <algorithm>

#include "base/text.h"

namespace kith::users {
namespace {

// Three people editing one account in the same millisecond is one too many.
constexpr int attempts_max = 4;
constexpr char const* email_taken = "This e-mail address is taken";
constexpr Duration totals_kept_for = std::chrono::minutes{10};
constexpr Duration soon = std::chrono::seconds{5};

Person person_of(Account const& account, Version version) {
  Person person{.account = account.id, .version = version, .handle = account.handle};
  person.state = account.state;
  person.role = account.role;
  person.locked = account.locked;
  person.bot = account.bot;
  person.discoverable = account.discoverable;
  person.hide_ties = account.hide_ties;
  person.indexable = account.indexable;
  if (!account.profile.dark() && !account.profile.empty()) person.profile = decode<Profile>(account.profile.text());
  person.language = account.language;
  person.default_audience = account.default_audience;
  person.default_sensitive = account.default_sensitive;
  person.default_quotes = account.default_quotes;
  person.suspended_at = account.suspended_at;
  person.approved = account.approved;
  person.confirmed = account.confirmed;
  return person;
}

std::string within(std::string_view text, std::size_t most, char const* too_long) {
  std::string const shown = nfc(trim(text));
  if (!is_text(shown)) throw Error{Code::invalid, "This text is not valid UTF-8"};
  if (graphemes(shown) > most) throw Error{Code::invalid, too_long};
  return shown;
}

void edit_profile(ChangeProfile const& change, Account& account, Profile& profile) {
  if (change.display_name)
    profile.display_name = within(*change.display_name, display_name_max, "A display name has at most 60 characters");
  if (change.note) profile.note = within(*change.note, note_max, "A note about you has at most 1,000 characters");
  if (change.set_fields) {
    profile.fields.clear();
    for (Field const& field : change.fields) {
      Field kept{.name = within(field.name, field_max, "A profile field has at most 255 characters"),
                 .value = within(field.value, field_max, "A profile field has at most 255 characters")};
      if (!kept.name.empty() || !kept.value.empty()) profile.fields.push_back(std::move(kept));
    }
    if (profile.fields.size() > fields_max) throw Error{Code::invalid, "A profile has at most 8 fields"};
  }
  if (change.locked) account.locked = *change.locked;
  if (change.bot) account.bot = *change.bot;
  if (change.discoverable) account.discoverable = *change.discoverable;
  if (change.hide_ties) account.hide_ties = *change.hide_ties;
  if (change.indexable) account.indexable = *change.indexable;
  if (change.language) account.language = *change.language;
  if (change.default_audience) account.default_audience = *change.default_audience;
  if (change.default_sensitive) account.default_sensitive = *change.default_sensitive;
  if (change.default_quotes) account.default_quotes = *change.default_quotes;
}

State state_of(bool suspended, bool approved, bool confirmed) {
  if (suspended) return State::suspended;
  return approved && confirmed ? State::active : State::pending;
}

std::string handle_or_refuse(std::string_view handle) {
  auto key = handle_key(handle);
  if (!key) throw Error{Code::invalid, "A handle has 1 to 30 of the letters a to z, digits and _, and . or - inside"};
  return *key;
}

// As it was typed, in upper and lower case; but what only looks like these letters, or cannot be seen,
// nobody could type after them.
std::string shown_handle(std::string_view handle, std::string const& key) {
  if (handle.starts_with('@')) handle.remove_prefix(1);
  bool const plain = std::ranges::all_of(handle, [](char c) { return c > ' ' && c < '\x7F'; });
  return plain && handle.size() == key.size() ? std::string(handle) : key;
}

}  // namespace

Task<StampList> Users::stamps(Call, Accounts request) {
  std::vector<Account::Key> keys;
  keys.reserve(request.accounts.size());
  for (AccountId const id : request.accounts) keys.push_back({id});
  auto const rows = co_await needs_.tables.get_many<Account>(std::move(keys));
  StampList list;
  list.stamps.reserve(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    Stamp& stamp = list.stamps.emplace_back();
    stamp.account = request.accounts[i];
    if (!rows[i]) continue;
    stamp.version = rows[i].version();
    stamp.state = rows[i]->state;
    stamp.role = rows[i]->role;
    stamp.locked = rows[i]->locked;
    stamp.hide_ties = rows[i]->hide_ties;
  }
  co_return list;
}

Task<PersonList> Users::people(Call, Accounts request) {
  std::vector<Account::Key> keys;
  keys.reserve(request.accounts.size());
  for (AccountId const id : request.accounts) keys.push_back({id});
  auto const rows = co_await needs_.tables.get_many<Account>(std::move(keys));
  std::vector<Found<Account>> there;
  for (auto const& row : rows)
    if (row) there.push_back(row);
  auto const open = co_await needs_.tables.open_many(there);
  PersonList list;
  list.people.reserve(rows.size());
  std::size_t next = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    list.people.push_back(rows[i] ? person_of(open[next++], rows[i].version())
                                  : Person{.account = request.accounts[i]});
  }
  co_return list;
}

Task<std::vector<Found<Account>>> Users::named(std::string kind, std::vector<std::string> names) {
  std::vector<Name::Key> keys;
  keys.reserve(names.size());
  for (auto const& name : names) keys.push_back({kind, name});
  auto const rows = co_await needs_.tables.get_many<Name>(std::move(keys));
  std::vector<Account::Key> accounts;
  accounts.reserve(rows.size());
  for (auto const& row : rows) accounts.push_back({row ? row->account : AccountId{}});
  auto found = co_await needs_.tables.get_many<Account>(std::move(accounts));
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (!found[i]) continue;
    bool const back = kind == "handle" ? handle_key(found[i]->handle) == names[i] : found[i]->email_key == names[i];
    if (!back) found[i] = {};
  }
  co_return found;
}

Task<Accounts> Users::by_handle(Call, Handles request) {
  // What is no handle is looked up as one that nobody can have, so that every answer keeps its place.
  std::vector<std::string> names;
  names.reserve(request.handles.size());
  for (auto const& handle : request.handles) names.push_back(handle_key(handle).value_or("-"));
  auto const found = co_await named("handle", std::move(names));
  Accounts accounts;
  accounts.accounts.reserve(found.size());
  for (auto const& account : found) accounts.accounts.push_back(account ? account->id : AccountId{});
  co_return accounts;
}

Task<Created> Users::by_email(Call, EmailKey request) {
  if (request.email_key.empty()) co_return Created{};
  std::vector<std::string> names;
  names.push_back(std::move(request.email_key));
  auto const found = co_await named("email", std::move(names));
  co_return Created{found.front() ? found.front()->id : AccountId{}};
}

Task<Found<Name>> Users::free_or_own(std::string kind, std::string name, AccountId account, char const* taken) {
  auto const row = co_await needs_.tables.get<Name>({kind, name});
  if (row && row->account != account) {
    std::vector<std::string> names(1, name);
    auto const holder = co_await named(kind, std::move(names));
    Time const now = needs_.clock.now();
    bool const fresh = now < row->claimed_at + name_lapses_after;
    if (holder.front() || fresh || now < row->held_until) throw Error{Code::conflict, taken};
  }
  co_return row;
}

Task<void> Users::claim(std::string kind, std::string name, AccountId account, char const* taken) {
  Name const mine{.kind = kind, .name = name, .account = account, .claimed_at = needs_.clock.now()};
  for (int attempt = 1;; ++attempt) {
    auto const row = co_await free_or_own(kind, name, account, taken);
    Change change;
    change.replace(row, mine);
    auto const committed = co_await needs_.tables.commit(std::move(change));
    if (committed.done()) co_return;
    if (attempt == attempts_max) throw Error{Code::conflict, taken};
  }
}

Task<Created> Users::create(Call call, CreateAccount request) {
  std::string const key = handle_or_refuse(request.handle);
  AccountId const id = request.account ? request.account : needs_.tables.ids().mint_as<AccountId>();
  Profile const profile{.display_name =
                            within(request.display_name, display_name_max, "A display name has at most 60 characters")};
  // Looked at first: who mistyped the address may have the handle that was typed beside it.
  if (!request.email_key.empty()) co_await free_or_own("email", request.email_key, id, email_taken);
  co_await claim("handle", key, id, "This handle is taken");
  if (!request.email_key.empty()) co_await claim("email", request.email_key, id, email_taken);
  co_await needs_.keys.create(id);

  Account account{.id = id, .handle = shown_handle(request.handle, key)};
  account.state = state_of(false, request.approved, request.confirmed);
  account.role = request.role == 0 ? static_cast<std::uint32_t>(Role::user) : request.role;
  account.locked = request.locked;
  account.discoverable = true;
  account.indexable = true;
  account.profile = Sealed(encode(profile));
  account.language = request.language;
  account.approved = request.approved;
  account.confirmed = request.confirmed;
  account.email_key = request.email_key;
  Change change(call.operation);
  change.insert(account);
  change.emit(AccountChanged{.account = id});
  auto const committed = co_await needs_.tables.commit(std::move(change));
  if (committed.conflict()) throw Error{Code::conflict, "This account is there already"};
  co_return Created{id};
}

Task<Person> Users::update(AccountId id, std::function<void(Account&, Profile&)> edit) {
  for (int attempt = 1;; ++attempt) {
    auto const row = co_await needs_.tables.get<Account>({id});
    if (!row) throw Error{Code::not_found, "There is no such account"};
    Account account = co_await needs_.tables.open(row);
    Profile profile = person_of(account, row.version()).profile;
    edit(account, profile);
    account.profile = Sealed(encode(profile));
    Change change;
    change.replace(row, account);
    change.emit(AccountChanged{.account = id, .version = row.version() + 1});
    auto const committed = co_await needs_.tables.commit(std::move(change));
    if (committed.done()) co_return person_of(account, committed.version());
    if (attempt == attempts_max)
      throw Error{Code::conflict, "This account is being changed elsewhere; please try again"};
  }
}

Task<Person> Users::change(Call call, ChangeProfile request) {
  signed_in(call);
  co_return co_await update(call.viewer, [request = std::move(request)](Account& account, Profile& profile) {
    edit_profile(request, account, profile);
  });
}

Task<Person> Users::rename(Call call, ChangeHandle request) {
  signed_in(call);
  std::string const key = handle_or_refuse(request.handle);
  auto const account = co_await needs_.tables.get<Account>({call.viewer});
  if (!account) throw Error{Code::not_found, "There is no such account"};
  std::string const old = handle_key(account->handle).value_or("");
  if (old != key) {
    co_await claim("handle", key, call.viewer, "This handle is taken");
    // Reserved before it is given up: a crash between leaves it merely in use.
    auto const name = co_await needs_.tables.get<Name>({"handle", old});
    if (name && name->account == call.viewer) {
      Name held = *name;
      held.held_until = needs_.clock.now() + old_handle_held;
      Change change;
      change.replace(name, held);
      co_await needs_.tables.commit(std::move(change));
    }
  }
  co_return co_await update(
      call.viewer, [request, key](Account& changed, Profile&) { changed.handle = shown_handle(request.handle, key); });
}

Task<Person> Users::set_state(Call call, ChangeState request) {
  if (call.viewer && call.role != Role::moderator && call.role != Role::admin)
    throw Error{Code::forbidden, "Only moderators may do this"};
  if (call.viewer && request.role && call.role != Role::admin)
    throw Error{Code::forbidden, "Only administrators may change a role"};
  Time const now = needs_.clock.now();
  co_return co_await update(request.account, [request, now](Account& account, Profile&) {
    if (account.state == State::erasing) throw Error{Code::conflict, "This account is being erased"};
    bool const suspended = request.suspended.value_or(account.state == State::suspended);
    account.suspended_at = suspended ? (account.suspended_at == no_time ? now : account.suspended_at) : no_time;
    account.approved = request.approved.value_or(account.approved);
    account.confirmed = request.confirmed.value_or(account.confirmed);
    account.state = state_of(suspended, account.approved, account.confirmed);
    if (request.role) account.role = *request.role;
  });
}

Task<SettingValues> Users::settings(Call call, SettingKeys request) {
  std::vector<Setting::Key> keys;
  for (auto& key : request.keys) keys.push_back({call.viewer, std::move(key)});
  auto const rows = co_await needs_.tables.get_many<Setting>(std::move(keys));
  SettingValues values;
  for (auto const& row : rows) {
    if (!row) continue;
    Setting const setting = co_await needs_.tables.open(row);
    values.values.push_back({.key = setting.name,
                             .value = setting.value.text(),
                             .number = setting.number,
                             .updated_at = setting.updated_at,
                             .version = row.version()});
  }
  co_return values;
}

Task<SettingValue> Users::set_setting(Call call, SettingValue request) {
  signed_in(call);
  if (request.key.empty() || request.key.size() > 100 || request.value.size() > setting_bytes_max)
    throw Error{Code::invalid, "A setting has a key of at most 100 and a value of at most 10,000 bytes"};
  auto const row = co_await needs_.tables.get<Setting>({call.viewer, request.key});
  if (request.version != 0 && row.version() != request.version)
    throw Error{Code::conflict, "This was changed elsewhere; read it again"};
  if (!row) {
    Scan<Setting> const all{.partition = {call.viewer}, .limit = settings_max};
    auto const there = co_await needs_.tables.scan<Setting>(all);
    if (there.rows.size() >= settings_max) throw Error{Code::invalid, "There are too many settings already"};
  }
  Setting const setting{.account = call.viewer,
                        .name = request.key,
                        .value = Sealed(request.value),
                        .number = request.number,
                        .updated_at = needs_.clock.now()};
  Change change(call.operation);
  change.replace(row, setting);
  auto const committed = co_await needs_.tables.commit(std::move(change));
  if (committed.conflict()) throw Error{Code::conflict, "This was changed elsewhere; read it again"};
  request.updated_at = setting.updated_at;
  request.version = committed.version();
  co_return request;
}

// A walk over the truth rather than a counter that every sign-up would have to change; a million
// accounts are a second of work, at most every ten minutes.
Task<UserTotals> Users::totals(Call) {
  {
    std::lock_guard const lock(totals_mutex_);
    if (totals_counted_ != Duration::min() && needs_.clock.monotonic() < totals_counted_ + totals_kept_for)
      co_return totals_;
  }
  UserTotals totals;
  std::string cursor;
  do {
    auto [rows, next] = co_await needs_.tables.walk<Account>(std::move(cursor), scan_max);
    for (auto const& row : rows) {
      if (row->state != State::active) continue;
      ++totals.people;
      bool const admin = row->role == static_cast<std::uint32_t>(Role::admin);
      if (admin && (!totals.first_admin || row->id < totals.first_admin)) totals.first_admin = row->id;
    }
    cursor = std::move(next);
  } while (!cursor.empty());
  std::lock_guard const lock(totals_mutex_);
  totals_ = totals;
  // A community without anybody to answer for it is just being set up: look again soon.
  totals_counted_ = needs_.clock.monotonic() - (totals.first_admin ? Duration{0} : totals_kept_for - soon);
  co_return totals;
}

Task<AccountPage> Users::all(Call, AllAccounts request) {
  auto [rows, cursor] =
      co_await needs_.tables.walk<Account>(std::move(request.cursor), std::clamp<std::size_t>(request.limit, 1, 1'000));
  AccountPage page{.people = {}, .cursor = std::move(cursor)};
  auto const open = co_await needs_.tables.open_many(rows);
  for (std::size_t i = 0; i < rows.size(); ++i) page.people.push_back(person_of(open[i], rows[i].version()));
  co_return page;
}

}  // namespace kith::users
