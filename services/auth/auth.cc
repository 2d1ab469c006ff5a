#include "services/auth/auth.h"

#include <algorithm>
#include <tuple>

#include "base/all.h"
#include "base/text.h"
#include "services/auth/scopes.h"

namespace kith::auth {
namespace {

constexpr std::size_t app_name_max = 60;
constexpr std::size_t uri_max = 2'000;
constexpr std::size_t uris_max = 20;
constexpr std::string_view out_of_band = "urn:ietf:wg:oauth:2.0:oob";

// A place to send a code to: an absolute address of any scheme an app may own, but none that a
// browser would run.
bool is_redirect_uri(std::string_view uri) {
  if (uri == out_of_band) return true;
  auto const colon = uri.find(':');
  if (colon == std::string_view::npos || colon == 0 || uri.size() > uri_max || uri.size() == colon + 1) return false;
  for (char const c : uri)
    if (static_cast<unsigned char>(c) <= ' ' || c == '<' || c == '>' || c == '"' || c == '\\' || c == 0x7F)
      return false;
  std::string const scheme = fold(uri.substr(0, colon));
  for (std::string_view const refused : {"javascript", "data", "vbscript", "file", "blob", "about", "mailto"})
    if (scheme == refused) return false;
  return uri.find('#') == std::string_view::npos;
}

AppSecret shown(App const& app) {
  return {.id = app.id,
          .client_id = to_string(app.id),
          .name = app.name,
          .website = app.website,
          .redirect_uris = app.redirect_uris,
          .scopes = app.scopes};
}

bool expired(Grant const& grant, Time now) { return grant.expires_at_ != no_time && grant.expires_at_ <= now; }

}  // namespace

std::optional<std::pair<std::uint64_t, std::string_view>> split_secret(std::string_view text) {
  auto const mark = text.find('_');
  if (mark == std::string_view::npos || text.size() > 100) return std::nullopt;
  auto const id = parse_id(text.substr(0, mark));
  if (!id) return std::nullopt;
  return std::pair(*id, text.substr(mark + 1));
}

Task<Found<Grant>> Auth::find(std::string secret, std::string Grant::* hash) {
  auto const parts = split_secret(secret);
  if (!parts) co_return Found<Grant>();
  auto const grant = co_await needs_.tables.get<Grant>({GrantId{parts->first}});
  if (!grant || ((*grant).*hash).empty() || expired(*grant, needs_.clock.now())) co_return Found<Grant>();
  if (!same(token_hash(parts->second), (*grant).*hash)) co_return Found<Grant>();
  co_return grant;
}

Task<users::Stamp> Auth::stamp_of(Call call, AccountId account) {
  users::Accounts one;
  one.accounts.push_back(account);
  auto const stamps = co_await needs_.accounts.stamps(call, std::move(one));
  co_return stamps.stamps.front();
}

Task<Bearer> Auth::check(Call call, Token request) {
  Bearer bearer;
  auto const parts = needs_.tables.apart() ? split_secret(request.token) : std::nullopt;
  AccountId const met = parts ? owners_.of(GrantId{parts->first}) : AccountId{};
  Found<Grant> grant;
  users::Stamp stamp;
  if (met)
    std::tie(grant, stamp) = co_await all(find(std::move(request.token), &Grant::token_hash), stamp_of(call, met));
  else
    grant = co_await find(std::move(request.token), &Grant::token_hash);
  if (!grant || grant->state != GrantState::active || grant->browser) co_return bearer;
  bearer.grant = grant->grant;
  bearer.account = grant->account;
  bearer.app = grant->app;
  bearer.scopes = grant->scopes;
  bearer.valid = true;
  if (!grant->account) co_return bearer;
  if (!met) {
    stamp = co_await stamp_of(call, grant->account);
    if (parts) owners_.note(grant->grant, grant->account);
  }
  bearer.valid = stamp.version != 0 && stamp.state != users::State::erasing;
  bearer.role = stamp.role;
  bearer.state = static_cast<std::uint32_t>(stamp.state);
  co_return bearer;
}

Task<AppSecret> Auth::register_(Call call, NewApp request) {
  App app{.id = needs_.tables.ids().mint_as<AppId>()};
  app.name = std::string(trim(request.name));
  if (app.name.empty() || !is_text(app.name)) throw Error{Code::invalid, "An app needs a name (client_name)"};
  if (graphemes(app.name) > app_name_max) throw Error{Code::invalid, "An app's name has at most 60 characters"};
  app.website = request.website;
  if (!app.website.empty() &&
      ((!app.website.starts_with("https://") && !app.website.starts_with("http://")) || !is_redirect_uri(app.website)))
    throw Error{Code::invalid, "An app's website is an address that begins with https:// or http://"};
  for (std::string const& uri : request.redirect_uris) {
    if (uri.empty()) continue;
    if (!is_redirect_uri(uri))
      throw Error{Code::invalid, "A redirect URI must be an absolute address, or urn:ietf:wg:oauth:2.0:oob"};
    app.redirect_uris.push_back(uri);
  }
  if (app.redirect_uris.empty() || app.redirect_uris.size() > uris_max)
    throw Error{Code::invalid, "An app has 1 to 20 redirect URIs (redirect_uris)"};
  auto const scopes = known_scopes(request.scopes);
  if (!scopes)
    throw Error{Code::invalid, "One of the scopes is unknown; known are read, write, follow, push and their parts"};
  app.scopes = *scopes;
  std::string const secret = random_token(needs_.random);
  app.secret_hash = token_hash(secret);
  Change change(call.operation);
  change.insert(app);
  co_await needs_.tables.commit(std::move(change));
  AppSecret answer = shown(app);
  answer.client_secret = secret;
  co_return answer;
}

Task<std::optional<App>> Auth::app_of(std::string client_id, std::string secret, bool secret_given) {
  auto const id = parse_id(client_id);
  if (!id) co_return std::nullopt;
  auto const app = co_await needs_.tables.get<App>({AppId{*id}});
  if (!app || (secret_given && !same(token_hash(secret), app->secret_hash))) co_return std::nullopt;
  co_return *app;
}

Task<AppSecret> Auth::find_app(Call, AppRequest request) {
  if (request.id) {
    auto const app = co_await needs_.tables.get<App>({request.id});
    co_return app ? shown(*app) : AppSecret{};
  }
  auto const app =
      co_await app_of(std::move(request.client_id), std::move(request.client_secret), request.secret_given);
  co_return app ? shown(*app) : AppSecret{};
}

Task<AccountId> Auth::account_of(Call call, std::string login) {
  if (login.find('@') != std::string::npos && !login.starts_with('@')) {
    users::EmailKey const key{needs_.lookup.of("email", fold(trim(login)))};
    co_return (co_await needs_.accounts.by_email(call, key)).account;
  }
  users::Handles one;
  one.handles.push_back(std::move(login));
  co_return (co_await needs_.accounts.by_handle(call, std::move(one))).accounts.front();
}

// Throws Error{unavailable} when nobody knows how often others guessed: many processes that each count alone allow as
// many times more.
Task<bool> Auth::too_many_guesses(std::string login, std::string address, bool failed) {
  if (!settings_->limit_guesses) co_return false;
  std::uint64_t const amount = failed ? 1 : 0;
  auto const of_account = co_await needs_.cache.count("guess/account/" + token_hash(fold(login)), amount, guess_window);
  auto const from = co_await needs_.cache.count("guess/address/" + address, amount, guess_window);
  if (of_account.alone || from.alone)
    throw Error{Code::unavailable, "Nobody can log in just now; please try again in a minute",
                "attempts to log in are counted by the cache (engines_cache), which does not answer"};
  co_return of_account.count >= guesses_of_account_max || from.count >= guesses_from_address_max;
}

Task<SignedIn> Auth::sign_in(Call call, SignInRequest request) {
  SignedIn answer;
  std::string const login(trim(request.login));
  bool const throttled = co_await too_many_guesses(login, request.address, false);
  if (throttled) {
    answer.problem = "Too many attempts; please wait a quarter of an hour and try again";
    co_return answer;
  }
  AccountId const account = co_await account_of(call, login);
  auto const credential = co_await needs_.tables.get<Credential>({account});
  // An unknown person takes as long as a wrong password.
  bool const right = co_await needs_.passwords.verify(credential ? credential->password_hash : std::string(),
                                                      std::move(request.password));
  if (!right) {
    co_await too_many_guesses(login, request.address, true);
    answer.problem = "The handle or e-mail address and the password do not fit together";
    co_return answer;
  }
  users::Accounts one;
  one.accounts.push_back(account);
  auto const stamp = (co_await needs_.accounts.stamps(call, std::move(one))).stamps.front();
  if (stamp.state == users::State::suspended || stamp.state == users::State::erasing) {
    answer.problem = "This account is suspended";
    co_return answer;
  }
  if (stamp.state == users::State::pending) {
    answer.problem = credential->confirmed ? "This account waits for the approval of the people who run this community"
                                           : "Please confirm your e-mail address first; the link is in your mail";
    co_return answer;
  }
  Time const now = needs_.clock.now();
  Grant grant{.grant = needs_.tables.ids().mint_as<GrantId>(), .account = account, .state = GrantState::active};
  grant.browser = true;
  grant.created_at = now;
  grant.expires_at_ = now + browser_lives;
  co_await note(grant);
  answer.account = account;
  answer.cookie = co_await store(grant, &Grant::token_hash);
  answer.csrf = token_hash("csrf" + answer.cookie);
  co_return answer;
}

Task<BrowserIs> Auth::who_is(Call call, Browser request) {
  BrowserIs who;
  auto const grant = co_await find(request.cookie, &Grant::token_hash);
  if (!grant || !grant->browser || grant->state != GrantState::active) co_return who;
  users::Accounts one;
  one.accounts.push_back(grant->account);
  auto const stamp = (co_await needs_.accounts.stamps(call, std::move(one))).stamps.front();
  if (stamp.state != users::State::active) co_return who;
  who.account = grant->account;
  who.role = stamp.role;
  // Bound to the cookie, so it needs no place of its own.
  who.csrf = token_hash("csrf" + request.cookie);
  co_return who;
}

Task<void> Auth::sign_out(Call, Browser request) {
  auto const grant = co_await find(std::move(request.cookie), &Grant::token_hash);
  if (grant && grant->browser) co_await revoke(grant);
}

}  // namespace kith::auth
