// Codes and tokens: from "may this app act for you" to a token, and its end.

#include <algorithm>

#include "services/auth/auth.h"
#include "services/auth/scopes.h"

namespace kith::auth {
namespace {

constexpr std::size_t challenge_size = 43;  // SHA-256 as base64url

Issued refused(char const* problem, char const* say) { return {.problem = problem, .say = say}; }
AuthorizationCode refused_code(char const* problem, char const* say) { return {.problem = problem, .say = say}; }

bool has(std::vector<std::string> const& list, std::string const& text) {
  return std::ranges::find(list, text) != list.end();
}

}  // namespace

Task<std::string> Auth::store(Grant grant, std::string Grant::* hash) {
  std::string const secret = random_token(needs_.random);
  grant.*hash = token_hash(secret);
  Change change;
  change.insert(grant);
  auto const committed = co_await needs_.tables.commit(std::move(change));
  if (committed.conflict()) throw Error{Code::unavailable, "Please try again", "a new grant id was taken"};
  co_return to_string(grant.grant) + '_' + secret;
}

// Written before the grant itself: a crash between leaves a row that names nothing.
Task<void> Auth::note(Grant const& grant) {
  if (!grant.account) co_return;
  AccountId const account = grant.account;
  Change change;
  change.put(GrantOf{.account = account, .grant = grant.grant, .app = grant.app});
  co_await needs_.tables.commit(std::move(change));
  Scan<GrantOf> const all{.partition = {account}, .limit = grants_max * 2};
  auto const grants = co_await needs_.tables.scan<GrantOf>(all);
  for (std::size_t i = grants_max; i < grants.rows.size(); ++i) {
    auto const old = co_await needs_.tables.get<Grant>({grants.rows[i]->grant});
    if (old) co_await revoke(old);
    Change forget;
    forget.erase<GrantOf>(grants.rows[i]->key());
    co_await needs_.tables.commit(std::move(forget));
  }
}

Task<void> Auth::revoke(Found<Grant> grant) {
  while (grant && grant->state != GrantState::revoked) {
    Grant gone = *grant;
    gone.state = GrantState::revoked;
    Change change;
    change.replace(grant, gone);
    auto const committed = co_await needs_.tables.commit(std::move(change));
    if (committed.done()) {
      if (!gone.account) co_return;
      Change forget;
      forget.erase<GrantOf>({gone.account, gone.grant});
      co_await needs_.tables.commit(std::move(forget));
      co_return;
    }
    grant = committed.as_is<Grant>();
  }
}

Task<AuthorizationCode> Auth::authorize(Call call, AuthorizeRequest request) {
  Browser const browser{request.cookie};
  auto const who = co_await who_is(call, browser);
  if (!who.account || !same(who.csrf, request.csrf)) co_return refused_code("access_denied", "Please log in again");
  auto const app = co_await app_of(request.client_id, {}, false);
  if (!app) co_return refused_code("invalid_client", "This app is not known here; it must register again");
  if (!has(app->redirect_uris, request.redirect_uri))
    co_return refused_code("invalid_redirect_uri", "The app did not register this redirect URI");
  auto const scopes = known_scopes(request.scopes);
  if (!scopes || !within(*scopes, app->scopes))
    co_return refused_code("invalid_scope", "The app asks for more than it registered for");
  if (!request.challenge.empty() && request.challenge.size() != challenge_size)
    co_return refused_code("invalid_request", "The code challenge must be of the method S256");
  Time const now = needs_.clock.now();
  Grant grant{.grant = needs_.tables.ids().mint_as<GrantId>(), .account = who.account, .app = app->id};
  grant.scopes = *scopes;
  grant.state = GrantState::code;
  grant.challenge = request.challenge;
  grant.redirect_uri = request.redirect_uri;
  grant.created_at = now;
  grant.expires_at_ = now + code_lives;
  co_await note(grant);
  AuthorizationCode answer;
  answer.code = co_await store(grant, &Grant::code_hash);
  co_return answer;
}

Task<Issued> Auth::exchange(Call, ExchangeRequest request) {
  auto const app = co_await app_of(request.client_id, request.client_secret, !request.client_secret.empty());
  if (!app) co_return refused("invalid_client", "The client id or secret is wrong, or the app must register again");
  if (request.grant_type == "authorization_code") co_return co_await redeem(std::move(request), *app);
  if (request.grant_type != "client_credentials")
    co_return refused("unsupported_grant_type", "The grant types here are authorization_code and client_credentials");
  if (request.client_secret.empty()) co_return refused("invalid_client", "The client secret is missing");
  auto const scopes = known_scopes(request.scopes);
  if (!scopes || !within(*scopes, app->scopes))
    co_return refused("invalid_scope", "The app asks for more than it registered for");
  Grant grant{.grant = needs_.tables.ids().mint_as<GrantId>(), .app = app->id, .scopes = *scopes};
  co_return co_await issue(std::move(grant));
}

Task<Issued> Auth::redeem(ExchangeRequest request, App app) {
  auto const grant = co_await find(request.code, &Grant::code_hash);
  if (!grant || grant->app != app.id) co_return refused("invalid_grant", "This code is not valid (any more)");
  if (grant->state != GrantState::code) {
    // A code used twice was stolen by one of the two: its token ends too.
    co_await revoke(grant);
    co_return refused("invalid_grant", "This code was used before; please log in again");
  }
  if (grant->redirect_uri != request.redirect_uri)
    co_return refused("invalid_grant", "The redirect URI is not the one the code was asked for");
  bool const proved = grant->challenge.empty() ? !request.client_secret.empty()
                                               : same(sha256_base64url(request.verifier), grant->challenge);
  if (!proved) co_return refused("invalid_grant", "The code verifier or client secret does not fit");
  std::string const secret = random_token(needs_.random);
  Grant active = *grant;
  active.state = GrantState::active;
  active.token_hash = token_hash(secret);
  active.expires_at_ = no_time;
  Change change;
  change.replace(grant, active);
  auto const committed = co_await needs_.tables.commit(std::move(change));
  if (committed.conflict()) {
    co_await revoke(committed.as_is<Grant>());
    co_return refused("invalid_grant", "This code was used before; please log in again");
  }
  co_return Issued{.access_token = to_string(active.grant) + '_' + secret,
                   .scope = active.scopes,
                   .created_at = needs_.clock.now(),
                   .account = active.account};
}

Task<Issued> Auth::issue(Grant grant) {
  grant.state = GrantState::active;
  grant.created_at = needs_.clock.now();
  Issued issued{.scope = grant.scopes, .created_at = grant.created_at, .account = grant.account};
  co_await note(grant);
  issued.access_token = co_await store(std::move(grant), &Grant::token_hash);
  co_return issued;
}

Task<Issued> Auth::mint(Call, MintToken request) {
  auto const scopes = known_scopes(request.scopes);
  if (!scopes)
    throw Error{Code::invalid, "One of the scopes is unknown; known are read, write, follow, push and their parts"};
  Grant grant{.grant = needs_.tables.ids().mint_as<GrantId>(), .account = request.account, .scopes = *scopes};
  co_return co_await issue(std::move(grant));
}

Task<void> Auth::revoke(Call, RevokeRequest request) {
  auto const grant = co_await find(std::move(request.token), &Grant::token_hash);
  if (!grant) co_return;  // as OAuth wants it: what is not there is revoked
  auto const app = co_await app_of(request.client_id, request.client_secret, !request.client_secret.empty());
  if (!app || (grant->app && grant->app != app->id))
    throw Error{Code::forbidden, "You are not authorized to revoke this token"};
  co_await revoke(grant);
}

}  // namespace kith::auth
