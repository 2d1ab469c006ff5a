#pragma once

// Who is asking: sign-up, passwords, apps and grants (OAuth 2).
//
// A grant is one row: first a code, then a token; a browser's sign-in is a grant too. Whoever holds
// a secret holds "<grant id>_<43 random characters>": the id finds the row, the rest is compared with
// its hash in constant time. Nothing about a token is kept anywhere else, so what is revoked is
// refused on the next call. Any thread.

#include "base/live.h"
#include "ports/cache/cache.h"
#include "ports/clock/clock.h"
#include "ports/hash/passwords.h"
#include "ports/hash/tokens.h"
#include "ports/mail/mail.h"
#include "ports/random/random.h"
#include "ports/table/tables.h"
#include "ports/table/walk.h"
#include "services/auth/auth.kith.h"
#include "services/auth/owners.h"
#include "services/users/users.kith.h"

namespace kith::auth {

inline constexpr std::size_t password_min = 8;
inline constexpr std::size_t grants_max = 50;  // a person's devices; the oldest is revoked beyond
inline constexpr Duration code_lives = std::chrono::minutes{10};
inline constexpr Duration browser_lives = std::chrono::days{30};
inline constexpr Duration confirmation_lives = std::chrono::days{7};
// Wrong passwords: of one account, and from one address (a school behind one router has many people).
inline constexpr Duration guess_window = std::chrono::minutes{15};
inline constexpr std::uint64_t guesses_of_account_max = 10;
inline constexpr std::uint64_t guesses_from_address_max = 100;

enum class SignUpMode : std::uint8_t { open, approval, closed };

class Auth final : public AuthService {
 public:
  struct Settings {
    SignUpMode sign_up = SignUpMode::open;
    bool confirm_email = false;
    bool limit_guesses = true;
    bool lock_new_accounts = true;
    std::string community = "kith";
  };
  struct Needs {
    Tables& tables;
    Clock const& clock;
    Random& random;
    Passwords& passwords;
    LookupHash const& lookup;
    Cache& cache;
    Mail& mail;
    users::UsersService& users;     // whose accounts are changed
    users::UsersService& accounts;  // and read: every request asks here
    Settings settings;
  };
  explicit Auth(Needs needs) : needs_(std::move(needs)), settings_(std::move(needs_.settings)) {}

  // From now on. Any thread.
  void change(Settings settings) { settings_.set(std::move(settings)); }

  Task<Bearer> check(Call call, Token request) override;
  Task<AppSecret> register_(Call call, NewApp request) override;
  Task<AppSecret> find_app(Call call, AppRequest request) override;
  Task<SignedIn> sign_in(Call call, SignInRequest request) override;
  Task<void> sign_out(Call call, Browser request) override;
  Task<BrowserIs> who_is(Call call, Browser request) override;
  Task<AuthorizationCode> authorize(Call call, AuthorizeRequest request) override;
  Task<Issued> exchange(Call call, ExchangeRequest request) override;
  Task<void> revoke(Call call, RevokeRequest request) override;
  Task<SignedUp> sign_up(Call call, SignUpRequest request) override;
  Task<PasswordHash> hash_password(Call call, Password request) override;
  Task<SignedUp> confirm(Call call, ConfirmRequest request) override;
  Task<Issued> mint(Call call, MintToken request) override;
  Task<void> change_password(Call call, ChangePasswordRequest request) override;
  Task<keeper::RebuildPage> rebuild(Call call, keeper::RebuildRequest request) override;

 private:
  // The grant that a code, token or cookie belongs to; absent when it fits none.
  Task<Found<Grant>> find(std::string secret, std::string Grant::* hash);
  // In which state and role somebody is.
  Task<users::Stamp> stamp_of(Call call, AccountId account);
  // Stores a grant with a new secret under `hash`, and returns the secret.
  Task<std::string> store(Grant grant, std::string Grant::* hash);
  Task<void> revoke(Found<Grant> grant);
  // Makes place among a person's grants.
  Task<void> note(Grant const& grant);
  Task<Issued> issue(Grant grant);
  Task<Issued> redeem(ExchangeRequest request, App app);
  Task<std::optional<App>> app_of(std::string client_id, std::string secret, bool secret_given);
  Task<AccountId> account_of(Call call, std::string login);
  // How many wrong guesses stand against a name; counts one more when `failed`.
  Task<bool> too_many_guesses(std::string login, std::string address, bool failed);
  Task<void> send_confirmation(AccountId account, std::string email, std::string code, std::string base_url);

  // The walks of a rebuild; each returns where it goes on.
  Task<std::string> walk_grants(keeper::Walk& walk);
  Task<std::string> walk_grants_of(keeper::Walk& walk);

  Needs needs_;
  Live<Settings> settings_;
  Owners owners_;
};

// "<id>_<secret>": nothing when it is none.
std::optional<std::pair<std::uint64_t, std::string_view>> split_secret(std::string_view text);

}  // namespace kith::auth
