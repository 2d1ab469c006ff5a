#include "services/auth/api_pages.h"

#include <functional>
#include <memory>

#include "gateway/pages/page.h"
#include "gateway/text/render.h"

namespace kith::auth {
namespace {

constexpr std::string_view cookie_name = "kith_session";
constexpr std::string_view out_of_band = "urn:ietf:wg:oauth:2.0:oob";

struct Pages {
  AuthService& auth;
  users::UsersService& users;
  Live<AuthPages> const& settings;
};
using PagesPtr = std::shared_ptr<Pages const>;

// What an app asks for, carried from page to page.
struct Asked {
  std::string client_id, redirect_uri, scopes, state, challenge, method, response_type;
  bool force_login = false;
};

Asked asked(Request const& request) {
  Asked asked;
  asked.client_id = request.maybe_text("client_id").value_or("");
  asked.redirect_uri = request.maybe_text("redirect_uri").value_or("");
  asked.scopes = request.maybe_text("scope").value_or("read");
  asked.state = request.maybe_text("state").value_or("");
  asked.challenge = request.maybe_text("code_challenge").value_or("");
  asked.method = request.maybe_text("code_challenge_method").value_or("");
  asked.response_type = request.maybe_text("response_type").value_or("code");
  asked.force_login = request.flag("force_login");
  return asked;
}

std::string fields(Asked const& asked) {
  return hidden("client_id", asked.client_id) + hidden("redirect_uri", asked.redirect_uri) +
         hidden("scope", asked.scopes) + hidden("state", asked.state) + hidden("code_challenge", asked.challenge) +
         hidden("code_challenge_method", asked.method) + hidden("response_type", asked.response_type);
}

std::string cookie_of(std::string_view value, bool secure, long seconds) {
  return std::string(cookie_name) + "=" + std::string(value) +
         "; Path=/; HttpOnly; SameSite=Lax; Max-Age=" + std::to_string(seconds) + (secure ? "; Secure" : "");
}

// Nothing of these pages is kept by a browser or anything between.
Response fresh(Response response) {
  response.headers.set("Cache-Control", "no-store");
  return response;
}

Response login_page(Pages const& pages, Asked const* asked, std::string_view login, std::string_view say) {
  std::string body = "<h1>Log in to " + escaped(pages.settings->community) + "</h1>" + problem(say);
  body += "<form method=\"post\" action=\"/login\">";
  if (asked != nullptr) body += fields(*asked);
  body += input("Handle or e-mail address", "login", "text", login,
                "autocomplete=\"username\" autocapitalize=\"none\" required autofocus");
  body += input("Password", "password", "password", {}, "autocomplete=\"current-password\" required");
  body += "<button>Log in</button></form><p class=\"soft\">New here? <a href=\"/signup\">Sign up</a>.</p>";
  return fresh(page("Log in", body, say.empty() ? 200 : 422));
}

Response refused_page(std::string_view say) {
  return fresh(page("Not possible", "<h1>This does not work</h1>" + problem(say), 400));
}

std::string with_query(std::string uri, std::string_view name, std::string_view value) {
  uri += uri.find('?') == std::string::npos ? '?' : '&';
  uri += name;
  uri += '=';
  uri += text::percent_encoded(value);
  return uri;
}

// What each scope means to a person.
std::string meaning_of(std::string_view scopes) {
  std::string out = "<ul>";
  auto const line = [&](std::string_view what) { out += "<li>" + std::string(what) + "</li>"; };
  auto const asks = [&](std::string_view scope) {
    for (std::size_t at = 0; (at = scopes.find(scope, at)) != std::string_view::npos; at += scope.size())
      if ((at == 0 || scopes[at - 1] == ' ')) return true;
    return false;
  };
  if (asks("read")) line("read what you can read: your feed, profile and notifications");
  if (asks("write")) line("post, react and change things in your name");
  if (asks("follow")) line("follow, befriend, mute and block people for you");
  if (asks("push")) line("send you notifications");
  if (asks("profile")) line("see who you are");
  if (asks("admin")) line("do what your role in this community allows");
  return out + "</ul>";
}

Task<BrowserIs> who(Pages const& pages, Request const& request) {
  Browser browser{std::string(request.cookie(cookie_name))};
  if (browser.cookie.empty()) co_return BrowserIs{};
  co_return co_await pages.auth.who_is(Call{}, std::move(browser));
}

Task<std::string> handle_of(Pages const& pages, AccountId account) {
  users::Accounts one;
  one.accounts.push_back(account);
  auto const people = co_await pages.users.people(Call{}, std::move(one));
  co_return people.people.front().handle;
}

Task<Response> consent_page(Pages const& pages, Asked asked, BrowserIs browser) {
  AppRequest const wanted{.client_id = asked.client_id};
  auto const app = co_await pages.auth.find_app(Call{}, wanted);
  if (!app.id) co_return refused_page("This app is not known here; it must register again (invalid_client)");
  bool registered = false;
  for (auto const& uri : app.redirect_uris) registered = registered || uri == asked.redirect_uri;
  if (!registered) co_return refused_page("The app did not register this redirect URI");
  if (asked.response_type != "code") co_return refused_page("Only response_type=code is served here");
  if (!asked.challenge.empty() && asked.method != "S256")
    co_return refused_page("The code challenge method must be S256");
  if (!browser.account) co_return login_page(pages, &asked, {}, {});
  std::string const handle = co_await handle_of(pages, browser.account);
  std::string body = "<h1>" + isolated(app.name) + " asks to act for you</h1><p>You are logged in as <strong>@" +
                     escaped(handle) + "</strong>. If you allow it, the app may</p>" + meaning_of(asked.scopes);
  body += "<form method=\"post\" action=\"/oauth/authorize\">" + fields(asked) + hidden("csrf", browser.csrf);
  body += "<button name=\"answer\" value=\"allow\">Allow</button>";
  body += "<button class=\"quiet\" name=\"answer\" value=\"deny\">Deny</button></form>";
  body += "<form method=\"post\" action=\"/logout\">" + fields(asked) + hidden("csrf", browser.csrf) +
          "<button class=\"quiet\">Log in as somebody else</button></form>";
  co_return fresh(page("Allow " + app.name + "?", body));
}

Task<Response> authorize_page(PagesPtr pages, Request request) {
  Asked const wanted = asked(request);
  auto browser = co_await who(*pages, request);
  if (wanted.force_login) browser = {};
  co_return co_await consent_page(*pages, wanted, std::move(browser));
}

Task<Response> authorize(PagesPtr pages, Request request) {
  Asked const wanted = asked(request);
  std::string const cookie(request.cookie(cookie_name));
  if (request.maybe_text("answer").value_or("") != "allow") {
    // Only to an address that the app registered is anybody sent.
    AppRequest const known{.client_id = wanted.client_id};
    auto const app = co_await pages->auth.find_app(Call{}, known);
    bool registered = false;
    for (auto const& uri : app.redirect_uris) registered = registered || uri == wanted.redirect_uri;
    if (!registered || wanted.redirect_uri == out_of_band)
      co_return fresh(page("Denied", "<h1>Denied</h1><p>The app may not act for you.</p>"));
    std::string back = with_query(wanted.redirect_uri, "error", "access_denied");
    if (!wanted.state.empty()) back = with_query(std::move(back), "state", wanted.state);
    co_return fresh(Response::redirect(std::move(back), 303));
  }
  AuthorizeRequest grant{.client_id = wanted.client_id, .redirect_uri = wanted.redirect_uri, .scopes = wanted.scopes};
  grant.challenge = wanted.challenge;
  grant.cookie = cookie;
  grant.csrf = request.maybe_text("csrf").value_or("");
  auto const code = co_await pages->auth.authorize(request.call(), std::move(grant));
  if (code.problem == "access_denied") co_return login_page(*pages, &wanted, {}, code.say);
  if (!code.problem.empty()) co_return refused_page(code.say);
  if (wanted.redirect_uri == out_of_band)
    co_return fresh(
        page("Your code", "<h1>Your code</h1><p>Copy this code into the app. It is good for ten minutes.</p><p><code>" +
                              escaped(code.code) + "</code></p>"));
  std::string to = with_query(wanted.redirect_uri, "code", code.code);
  if (!wanted.state.empty()) to = with_query(std::move(to), "state", wanted.state);
  co_return fresh(Response::redirect(std::move(to), 303));
}

Task<Response> log_in_page(PagesPtr pages, Request request) {
  auto const browser = co_await who(*pages, request);
  if (browser.account) co_return Response::redirect("/", 303);
  co_return login_page(*pages, nullptr, {}, {});
}

Task<Response> log_in(PagesPtr pages, Request request) {
  Asked const wanted = asked(request);
  SignInRequest sign_in{.login = request.maybe_text("login").value_or("")};
  std::string const login = sign_in.login;
  sign_in.password = request.maybe_text("password").value_or("");
  sign_in.address = std::string(request.client());
  auto const in = co_await pages->auth.sign_in(request.call(), std::move(sign_in));
  if (!in.problem.empty())
    co_return login_page(*pages, wanted.client_id.empty() ? nullptr : &wanted, login, in.problem);
  Response response = wanted.client_id.empty()
                          ? Response::redirect("/", 303)
                          : co_await consent_page(*pages, wanted, {.account = in.account, .csrf = in.csrf});
  response.headers.add("Set-Cookie", cookie_of(in.cookie, request.secure(), 30 * 86'400));
  co_return fresh(std::move(response));
}

Task<Response> log_out(PagesPtr pages, Request request) {
  Asked const wanted = asked(request);
  auto const browser = co_await who(*pages, request);
  // Without the token of the form nobody is logged out by a foreign page.
  if (browser.account && browser.csrf == request.maybe_text("csrf").value_or("")) {
    Browser gone{std::string(request.cookie(cookie_name))};
    co_await pages->auth.sign_out(request.call(), std::move(gone));
  }
  Response response = wanted.client_id.empty() ? Response::redirect("/", 303) : login_page(*pages, &wanted, {}, {});
  response.headers.add("Set-Cookie", cookie_of("", request.secure(), 0));
  co_return fresh(std::move(response));
}

Response sign_up_form(Pages const& pages, SignUpRequest const& typed, std::string_view say) {
  std::string body = "<h1>Join " + escaped(pages.settings->community) + "</h1>" + problem(say);
  if (!pages.settings->sign_up_open)
    return fresh(page("Sign up", body + "<p>This community takes no new members at the moment.</p>"));
  if (pages.settings->approval) body += "<p>The people who run this community look at each new account.</p>";
  body += "<form method=\"post\" action=\"/signup\">";
  body += input("Handle", "username", "text", typed.handle,
                "autocomplete=\"username\" autocapitalize=\"none\" maxlength=\"30\" required");
  body += input("E-mail address", "email", "email", typed.email, "autocomplete=\"email\" required");
  body += input("Password, at least 8 characters", "password", "password", {},
                "autocomplete=\"new-password\" minlength=\"8\" required");
  body += "<label class=\"tick\"><input type=\"checkbox\" name=\"agreement\" value=\"1\" required>";
  body += "<span>I agree to the <a href=\"/#rules\">rules</a></span></label><button>Sign up</button></form>";
  return fresh(page("Sign up", body, say.empty() ? 200 : 422));
}

Task<Response> sign_up_page(PagesPtr pages, Request) { co_return sign_up_form(*pages, {}, {}); }

Task<Response> take_sign_up(PagesPtr pages, Request request) {
  SignUpRequest typed{.handle = request.maybe_text("username").value_or("")};
  typed.email = request.maybe_text("email").value_or("");
  typed.password = request.maybe_text("password").value_or("");
  typed.agreement = request.flag("agreement");
  typed.base_url = pages->settings->base_url;
  SignedUp up;
  std::string refused;
  try {
    up = co_await pages->auth.sign_up(request.call(), typed);
  } catch (Error const& error) {
    // The form comes back with what was typed, so nothing is lost; anything else is the edge's.
    if (error.code != Code::invalid && error.code != Code::forbidden) throw;
    refused = error.say;
  }
  if (!refused.empty()) co_return sign_up_form(*pages, typed, refused);
  std::string body = "<h1>Welcome, @" + escaped(typed.handle) + "</h1>";
  body += up.pending ? "<p>One step is left: open the link in the mail we sent you, or wait until your account is "
                       "approved. Then you can log in with any app.</p>"
                     : "<p>Your account is ready. Log in with any app that works with Mastodon; the server is <code>" +
                           escaped(pages->settings->base_url) + "</code>.</p>";
  co_return fresh(page("Welcome", body));
}

Task<Response> confirm(PagesPtr pages, Request request) {
  ConfirmRequest code{request.maybe_text("code").value_or("")};
  auto const up = co_await pages->auth.confirm(request.call(), std::move(code));
  std::string const left = up.pending ? "Your account now waits for approval." : "You can log in now.";
  co_return fresh(page("Confirmed", "<h1>Thank you</h1><p>Your address is confirmed. " + left + "</p>"));
}

}  // namespace

void auth_pages(Router& router, AuthService& auth, users::UsersService& users, Live<AuthPages> const& settings) {
  auto const pages = std::make_shared<Pages const>(Pages{auth, users, settings});
  using std::bind_front;
  auto const get = [&](std::string_view path, std::string_view summary, auto handler) {
    router.add({.path = path, .access = Access::none, .summary = summary}, bind_front(handler, pages));
  };
  auto const post = [&](std::string_view path, LimitClass limit, std::string_view summary, auto handler) {
    router.add({.method = Method::post, .path = path, .access = Access::none, .limit = limit, .summary = summary},
               bind_front(handler, pages));
  };
  get("/oauth/authorize", "Page: may this app act for you?", authorize_page);
  post("/oauth/authorize", LimitClass::log_in, "The answer of that page", authorize);
  get("/login", "Page: log in", log_in_page);
  post("/login", LimitClass::log_in, "Logs a browser in", log_in);
  post("/logout", LimitClass::general, "Logs a browser out", log_out);
  get("/signup", "Page: sign up", sign_up_page);
  post("/signup", LimitClass::sign_up, "Signs up on the page", take_sign_up);
  get("/confirm", "Page: confirms an e-mail address", confirm);
}

}  // namespace kith::auth
