#pragma once

// Accounts: who there is, under which handle, in which state.
//
// A handle or e-mail is claimed by a row that names the account before the account exists; it counts
// only while the account names it back, so a crash between the two leaves a name that lapses after
// ten minutes, never a double. Any thread.

#include <mutex>

#include "ports/clock/clock.h"
#include "ports/secrets/keys.h"
#include "ports/table/tables.h"
#include "ports/table/walk.h"
#include "services/users/users.kith.h"

namespace kith::users {

inline constexpr std::size_t display_name_max = 60;  // graphemes; lists and notifications show it on one line
inline constexpr std::size_t note_max = 1'000;
inline constexpr std::size_t fields_max = 8;  // apps draw them as a table below the note
inline constexpr std::size_t field_max = 255;
inline constexpr std::size_t settings_max = 200;  // keys a person
inline constexpr std::size_t setting_bytes_max = 10'000;
inline constexpr Duration name_lapses_after = std::chrono::minutes{10};
inline constexpr Duration old_handle_held = std::chrono::days{90};

class Users final : public UsersService {
 public:
  struct Needs {
    Tables& tables;
    Keys& keys;
    Clock const& clock;
  };
  explicit Users(Needs needs) : needs_(needs) {}

  Task<StampList> stamps(Call call, Accounts request) override;
  Task<PersonList> people(Call call, Accounts request) override;
  Task<Accounts> by_handle(Call call, Handles request) override;
  Task<Created> by_email(Call call, EmailKey request) override;
  Task<Created> create(Call call, CreateAccount request) override;
  Task<Person> change(Call call, ChangeProfile request) override;
  Task<Person> rename(Call call, ChangeHandle request) override;
  Task<Person> set_state(Call call, ChangeState request) override;
  Task<SettingValues> settings(Call call, SettingKeys request) override;
  Task<SettingValue> set_setting(Call call, SettingValue request) override;
  Task<UserTotals> totals(Call call) override;
  Task<AccountPage> all(Call call, AllAccounts request) override;
  Task<keeper::RebuildPage> rebuild(Call call, keeper::RebuildRequest request) override;

 private:
  // Who a name leads to: the account it names, if that names it back.
  Task<std::vector<Found<Account>>> named(std::string kind, std::vector<std::string> names);
  // The row of a name that the account may claim; conflict, with this sentence, when somebody has it.
  Task<Found<Name>> free_or_own(std::string kind, std::string name, AccountId account, char const* taken);
  // Claims the name for the account; conflict when somebody else has it.
  Task<void> claim(std::string kind, std::string name, AccountId account, char const* taken);
  Task<Person> update(AccountId account, std::function<void(Account&, Profile&)> edit);

  // The walks of a rebuild; each returns where it goes on.
  Task<std::string> walk_accounts(keeper::Walk& walk);
  Task<std::string> walk_names(keeper::Walk& walk);

  Needs needs_;
  std::mutex totals_mutex_;
  UserTotals totals_;
  Duration totals_counted_ = Duration::min();
};

}  // namespace kith::users
