#include "services/auth/api.h"

#include <functional>

#include "base/base64.h"
#include "base/json.h"
#include "gateway/text/render.h"
#include "gateway/views/token.h"
#include "services/auth/api_pages.h"

namespace kith::auth {
namespace {

// What refuses whoever did not come by a valid client is 401; the rest of OAuth's words are 400.
Response refused(std::string_view problem, std::string_view say) {
  return Response::oauth_error(problem == "invalid_client" ? 401 : 400, problem, say);
}

std::vector<std::string> split_words(std::string_view text, char mark) {
  std::vector<std::string> words;
  while (!text.empty()) {
    auto const end = std::min(text.find(mark), text.size());
    if (end > 0) words.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return words;
}

views::Application view_of(AppSecret const& app) {
  views::Application view{.id = app.id.value, .name = app.name, .website = app.website};
  view.scopes = split_words(app.scopes, ' ');
  view.redirect_uris = app.redirect_uris;
  view.client_id = app.client_id;
  view.client_secret = app.client_secret;
  return view;
}

// Client id and secret may stand in the form or in HTTP's basic authorization.
struct Client {
  std::string id;
  std::string secret;
};

Client client_of(Request const& request) {
  Client client{request.maybe_text("client_id").value_or(""), request.maybe_text("client_secret").value_or("")};
  std::string_view const header = request.header("authorization");
  if (client.id.empty() && header.size() > 6 && (header.starts_with("Basic ") || header.starts_with("basic "))) {
    std::string const both = from_base64(header.substr(6));
    auto const mark = both.find(':');
    if (mark != std::string::npos) client = {both.substr(0, mark), both.substr(mark + 1)};
  }
  return client;
}

Task<Response> register_app(AuthService& auth, Request request) {
  NewApp app{.name = request.maybe_text("client_name").value_or("")};
  app.website = request.maybe_text("website").value_or("");
  for (auto const& uris : request.texts("redirect_uris"))
    for (auto& uri : split_words(uris, '\n')) {
      while (!uri.empty() && (uri.back() == '\r' || uri.back() == ' ')) uri.pop_back();
      app.redirect_uris.push_back(std::move(uri));
    }
  for (auto const& words : request.texts("scopes")) app.scopes += (app.scopes.empty() ? "" : " ") + words;
  auto const made = co_await auth.register_(request.call(), std::move(app));
  std::string out;
  views::append_credential_application(out, view_of(made));
  co_return Response::json(std::move(out));
}

Task<Response> verify_app(AuthService& auth, Request request) {
  AppRequest const wanted{.id = AppId{request.token().app}};
  auto const app = co_await auth.find_app(request.call(), wanted);
  if (!app.id) throw Error{Code::not_found, "This token belongs to no app"};
  std::string out;
  views::append_application(out, view_of(app));
  co_return Response::json(std::move(out));
}

Response issued(Issued const& token) {
  if (!token.problem.empty()) return refused(token.problem, token.say);
  std::string out;
  views::append_token(out, {token.access_token, token.scope, token.created_at});
  return Response::json(std::move(out)).with("Cache-Control", "no-store");
}

Task<Response> token(AuthService& auth, Request request) {
  Client const client = client_of(request);
  ExchangeRequest exchange{.grant_type = request.maybe_text("grant_type").value_or("")};
  exchange.code = request.maybe_text("code").value_or("");
  exchange.redirect_uri = request.maybe_text("redirect_uri").value_or("");
  exchange.verifier = request.maybe_text("code_verifier").value_or("");
  exchange.client_id = client.id;
  exchange.client_secret = client.secret;
  for (auto const& words : request.texts("scope")) exchange.scopes += (exchange.scopes.empty() ? "" : " ") + words;
  co_return issued(co_await auth.exchange(request.call(), std::move(exchange)));
}

Task<Response> revoke(AuthService& auth, Request request) {
  Client const client = client_of(request);
  RevokeRequest gone{.token = request.maybe_text("token").value_or("")};
  gone.client_id = client.id;
  gone.client_secret = client.secret;
  co_await auth.revoke(request.call(), std::move(gone));
  co_return Response::nothing();
}

// Sign-up inside an app, with the app's own token; the answer is a person's token.
Task<Response> sign_up(AuthService& auth, std::string base_url, Request request) {
  if (request.call().viewer) throw Error{Code::forbidden, "Only an app's own token can sign somebody up"};
  SignUpRequest sign_up{.handle = request.maybe_text("username").value_or("")};
  sign_up.email = request.maybe_text("email").value_or("");
  sign_up.password = request.maybe_text("password").value_or("");
  sign_up.language = request.maybe_text("locale").value_or("");
  sign_up.agreement = request.flag("agreement");
  sign_up.app = AppId{request.token().app};
  sign_up.scopes = request.token().scopes;
  sign_up.base_url = std::move(base_url);
  auto const up = co_await auth.sign_up(request.call(), std::move(sign_up));
  std::string out;
  views::append_token(out, {up.access_token, up.scope, up.created_at});
  co_return Response::json(std::move(out)).with("Cache-Control", "no-store");
}

Task<Response> change_password(AuthService& auth, Request request) {
  ChangePasswordRequest change{request.text("current_password"), request.text("password")};
  co_await auth.change_password(request.call(), std::move(change));
  co_return Response::nothing();
}

Task<Response> metadata(std::string base_url, Request) {
  std::vector<std::string> const scopes = {"read", "write", "follow", "push", "profile"};
  std::string out;
  views::append_oauth_metadata(out, base_url, scopes);
  co_return Response::json(std::move(out));
}

}  // namespace

Task<TokenFacts> check_token(AuthService& auth, std::string token) {
  Token const asked{std::move(token)};
  auto const bearer = co_await auth.check(Call{}, asked);
  if (!bearer.valid) throw Error{Code::unauthenticated, "The access token is invalid"};
  if (bearer.account) {
    auto const state = static_cast<users::State>(bearer.state);
    if (state == users::State::suspended) throw Error{Code::forbidden, "Your account is suspended"};
    if (state == users::State::pending)
      throw Error{Code::forbidden, "Your account is not yet usable: confirm your e-mail address or wait for approval"};
  }
  co_return TokenFacts{.account = bearer.account,
                       .role = static_cast<Role>(bearer.role),
                       .app = bearer.app.value,
                       .grant = bearer.grant.value,
                       .scopes = bearer.scopes};
}

void auth_api(Router& router, AuthService& auth, users::UsersService& users, Live<AuthPages> const& pages) {
  using std::bind_front;
  using std::ref;
  router.add({.method = Method::post,
              .path = "/api/v1/apps",
              .access = Access::none,
              .limit = LimitClass::sign_up,
              .summary = "Registers an app",
              .params = {{"client_name", "string", "at most 60 characters", required},
                         {"redirect_uris", "string", "one a line, or a list", required},
                         {"scopes", "string", "apart by blanks; read when empty"},
                         {"website", "string", "of the app"}}},
             bind_front(register_app, ref(auth)));
  router.add({.path = "/api/v1/apps/verify_credentials", .access = Access::app, .summary = "The app of this token"},
             bind_front(verify_app, ref(auth)));
  router.add({.method = Method::post,
              .path = "/oauth/token",
              .access = Access::none,
              .limit = LimitClass::log_in,
              .oauth_errors = true,
              .summary = "A token for a code, or an app's own",
              .params = {{"grant_type", "string", "authorization_code or client_credentials", required},
                         {"client_id", "string", "of the app", required},
                         {"client_secret", "string", "of the app; not with PKCE"},
                         {"code", "string", "from the log-in"},
                         {"code_verifier", "string", "PKCE, method S256"},
                         {"redirect_uri", "string", "as at the log-in"},
                         {"scope", "string", "of client_credentials"}}},
             bind_front(token, ref(auth)));
  router.add({.method = Method::post,
              .path = "/oauth/revoke",
              .access = Access::none,
              .limit = LimitClass::log_in,
              .oauth_errors = true,
              .summary = "Ends a token",
              .params = {{"token", "string", "to end", required},
                         {"client_id", "string", "of the app", required},
                         {"client_secret", "string", "of the app"}}},
             bind_front(revoke, ref(auth)));
  router.add({.path = "/.well-known/oauth-authorization-server",
              .access = Access::none,
              .summary = "What this OAuth server can do"},
             bind_front(metadata, pages->base_url));
  router.add({.method = Method::post,
              .path = "/api/v1/accounts",
              .access = Access::app,
              .scope = "write:accounts",
              .limit = LimitClass::sign_up,
              .summary = "Signs up",
              .params = {{"username", "string", "the handle", required},
                         {"email", "string", "address", required},
                         {"password", "string", "at least 8 characters", required},
                         {"agreement", "boolean", "to the rules", required},
                         {"locale", "string", "language"}}},
             bind_front(sign_up, ref(auth), pages->base_url));
  router.add({.method = Method::post,
              .path = "/api/v1/profile/password",
              .scope = "write:accounts",
              .limit = LimitClass::log_in,
              .summary = "Changes your password and logs your browsers out",
              .params = {{"current_password", "string", "the old one", required},
                         {"password", "string", "the new one, at least 8 characters", required}}},
             bind_front(change_password, ref(auth)));
  auth_pages(router, auth, users, pages);
}

}  // namespace kith::auth
