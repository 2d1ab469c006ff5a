#include "services/auth/auth.h"

#include <gtest/gtest.h>

#include "ports/cache/line_for_tests.h"
#include "ports/cache/memory.h"
#include "ports/hash/cheap.h"
#include "ports/random/engines.h"
#include "ports/table/distant_for_tests.h"
#include "ports/table/test_world.h"
#include "services/users/users.h"

namespace kith::auth {
namespace {

constexpr char const* verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
constexpr char const* challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

class Letters final : public Mail {
 public:
  Task<void> send(Letter mail) override {
    sent.push_back(std::move(mail));
    co_return;
  }
  std::vector<Letter> sent;
};

class AuthTest : public testing::Test {
 protected:
  AuthTest() {
    world.start([this] {
      cache.emplace(world.time, MemoryCache::Limits{});
      line.emplace(*cache);
      users.emplace(users::Users::Needs{world.tables(), world.keys, world.time});
      auth.emplace(
          Auth::Needs{world.tables(), world.time, random, passwords, lookup, *line, letters, *users, *users, settings});
    });
  }
  void with(Auth::Settings wanted) {
    settings = wanted;
    world.restart();
  }
  static SignUpRequest ada() {
    return {.handle = "ada", .email = "Ada@example.org", .password = "correct horse", .agreement = true};
  }
  SignedIn sign_in(std::string login, std::string password, std::string address = "127.0.0.1") {
    SignInRequest const request{
        .login = std::move(login), .password = std::move(password), .address = std::move(address)};
    return world.run(auth->sign_in({}, request));
  }
  AppSecret app(std::string scopes = "read write follow push") {
    NewApp request{.name = "Tusky", .scopes = std::move(scopes)};
    request.redirect_uris = {"urn:ietf:wg:oauth:2.0:oob", "oauth2redirect://tusky/"};
    return world.run(auth->register_({}, request));
  }
  AuthorizationCode code(AppSecret const& app, SignedIn const& who, std::string with_challenge = challenge) {
    AuthorizeRequest const request{.client_id = app.client_id,
                                   .redirect_uri = "oauth2redirect://tusky/",
                                   .scopes = "read write",
                                   .challenge = std::move(with_challenge),
                                   .cookie = who.cookie,
                                   .csrf = who.csrf};
    return world.run(auth->authorize({}, request));
  }
  ExchangeRequest exchange_of(AppSecret const& app, AuthorizationCode const& code) {
    return {.grant_type = "authorization_code",
            .code = code.code,
            .redirect_uri = "oauth2redirect://tusky/",
            .verifier = verifier,
            .client_id = app.client_id,
            .client_secret = app.client_secret};
  }
  Issued exchange(ExchangeRequest request) { return world.run(auth->exchange({}, std::move(request))); }
  Bearer check(std::string token) {
    Token const request{std::move(token)};
    return world.run(auth->check({}, request));
  }

  TestWorld world;
  SeededRandom random{7};
  CheapPasswords passwords{random};
  LookupHash lookup{{}};
  Letters letters;
  Auth::Settings settings;
  std::optional<MemoryCache> cache;
  std::optional<CacheLine> line;
  std::optional<users::Users> users;
  std::optional<Auth> auth;
};

TEST_F(AuthTest, WhoSignsUpCanSignInByHandleAndByEmail) {
  world.run(auth->sign_up({}, ada()));
  EXPECT_TRUE(sign_in("ada", "correct horse").account);
  EXPECT_TRUE(sign_in("@Ada", "correct horse").account);
  EXPECT_TRUE(sign_in("ada@EXAMPLE.org", "correct horse").account);
  EXPECT_NE(sign_in("ada", "wrong horse").problem, "");
  EXPECT_EQ(sign_in("nobody", "correct horse").problem, sign_in("ada", "wrong horse").problem);
}

TEST_F(AuthTest, ABadSignUpNamesTheField) {
  auto const field_of = [&](SignUpRequest request) -> std::string {
    try {
      world.run(auth->sign_up({}, request));
    } catch (Error const& error) {
      EXPECT_EQ(error.code, Code::invalid);
      return error.fields.substr(0, error.fields.find(':'));
    }
    return "";
  };
  SignUpRequest request = ada();
  request.handle = "a b";
  EXPECT_EQ(field_of(request), "{\"username\"");
  request = ada();
  request.email = "ada";
  EXPECT_EQ(field_of(request), "{\"email\"");
  request = ada();
  request.password = "short";
  EXPECT_EQ(field_of(request), "{\"password\"");
  request = ada();
  request.agreement = false;
  EXPECT_EQ(field_of(request), "{\"agreement\"");
  EXPECT_EQ(field_of(ada()), "");
  request = ada();
  request.email = "other@example.org";
  EXPECT_EQ(field_of(request), "{\"username\"");
  request = ada();
  request.handle = "ada2";
  EXPECT_EQ(field_of(request), "{\"email\"");
}

TEST_F(AuthTest, ClosedMeansClosed) {
  with({.sign_up = SignUpMode::closed});
  EXPECT_THROW(world.run(auth->sign_up({}, ada())), Error);
}

TEST_F(AuthTest, ApprovalAndConfirmationComeBeforeSignIn) {
  with({.sign_up = SignUpMode::approval, .confirm_email = true});
  SignedUp const up = world.run(auth->sign_up({}, ada()));
  EXPECT_TRUE(up.pending);
  EXPECT_NE(sign_in("ada", "correct horse").problem, "");
  ASSERT_EQ(letters.sent.size(), 1u);
  std::string const& text = letters.sent.front().text;
  auto const begin = text.find("code=") + 5;
  ConfirmRequest const confirm{text.substr(begin, text.find('\n', begin) - begin)};
  EXPECT_TRUE(world.run(auth->confirm({}, confirm)).pending);
  world.run(users->set_state({}, {.account = up.account, .approved = true}));
  EXPECT_TRUE(sign_in("ada", "correct horse").account);
  ConfirmRequest const wrong{to_string(up.account) + "_nonsense"};
  EXPECT_THROW(world.run(auth->confirm({}, wrong)), Error);
}

TEST_F(AuthTest, GuessingIsStoppedPerAccount) {
  world.run(auth->sign_up({}, ada()));
  for (std::uint64_t i = 0; i < guesses_of_account_max; ++i) sign_in("ada", "guess", "10.0.0." + std::to_string(i));
  EXPECT_FALSE(sign_in("ada", "correct horse").account);
  world.advance(guess_window * 2);
  EXPECT_TRUE(sign_in("ada", "correct horse").account);
}

TEST_F(AuthTest, NobodyGuessesWhileNobodyCounts) {
  world.run(auth->sign_up({}, ada()));
  line->cut = true;
  EXPECT_THROW(sign_in("ada", "correct horse"), Error);
  line->cut = false;
  EXPECT_TRUE(sign_in("ada", "correct horse").account);
}

TEST_F(AuthTest, ACodeBecomesATokenOnceAndASecondUseEndsIt) {
  world.run(auth->sign_up({}, ada()));
  auto const tusky = app();
  auto const granted = code(tusky, sign_in("ada", "correct horse"));
  ASSERT_EQ(granted.problem, "");
  Issued const issued = exchange(exchange_of(tusky, granted));
  ASSERT_EQ(issued.problem, "");
  EXPECT_TRUE(check(issued.access_token).valid);
  EXPECT_EQ(check(issued.access_token).scopes, "read write");
  EXPECT_EQ(exchange(exchange_of(tusky, granted)).problem, "invalid_grant");
  EXPECT_FALSE(check(issued.access_token).valid);
}

TEST_F(AuthTest, WrongVerifierRedirectSecretOrAppIsRefused) {
  world.run(auth->sign_up({}, ada()));
  auto const tusky = app();
  auto const granted = code(tusky, sign_in("ada", "correct horse"));
  auto request = exchange_of(tusky, granted);
  request.verifier = "wrong";
  EXPECT_EQ(exchange(request).problem, "invalid_grant");
  request = exchange_of(tusky, granted);
  request.redirect_uri = "urn:ietf:wg:oauth:2.0:oob";
  EXPECT_EQ(exchange(request).problem, "invalid_grant");
  request = exchange_of(tusky, granted);
  request.client_secret = "wrong";
  EXPECT_EQ(exchange(request).problem, "invalid_client");
  EXPECT_EQ(exchange(exchange_of(app(), granted)).problem, "invalid_grant");
  request = exchange_of(tusky, granted);
  request.client_secret.clear();  // a public client proves itself by the verifier
  EXPECT_EQ(exchange(request).problem, "");
}

TEST_F(AuthTest, ACodeWithoutChallengeNeedsTheSecretAndLapses) {
  world.run(auth->sign_up({}, ada()));
  auto const tusky = app();
  auto const who = sign_in("ada", "correct horse");
  auto request = exchange_of(tusky, code(tusky, who, ""));
  request.client_secret.clear();
  EXPECT_EQ(exchange(request).problem, "invalid_grant");
  auto const late = exchange_of(tusky, code(tusky, who));
  world.advance(code_lives + std::chrono::seconds{1});
  EXPECT_EQ(exchange(late).problem, "invalid_grant");
}

TEST_F(AuthTest, AnAppGetsNoMoreThanItRegisteredFor) {
  world.run(auth->sign_up({}, ada()));
  EXPECT_EQ(code(app("read"), sign_in("ada", "correct horse")).problem, "invalid_scope");
  auto who = sign_in("ada", "correct horse");
  who.csrf = "forged";
  EXPECT_EQ(code(app(), who).problem, "access_denied");
}

TEST_F(AuthTest, AnAppsOwnTokenBelongsToNobody) {
  auto const tusky = app();
  Issued const issued = exchange({.grant_type = "client_credentials",
                                  .client_id = tusky.client_id,
                                  .client_secret = tusky.client_secret,
                                  .scopes = "read"});
  EXPECT_TRUE(check(issued.access_token).valid);
  EXPECT_FALSE(check(issued.access_token).account);
}

TEST_F(AuthTest, RevokedMeansRefusedOnTheNextCall) {
  auto const up = world.run(auth->sign_up({}, ada()));
  auto const tusky = app();
  Issued const issued = exchange(exchange_of(tusky, code(tusky, sign_in("ada", "correct horse"))));
  RevokeRequest const foreign{.token = issued.access_token, .client_id = app().client_id};
  EXPECT_THROW(world.run(auth->revoke({}, foreign)), Error);
  RevokeRequest const own{
      .token = issued.access_token, .client_id = tusky.client_id, .client_secret = tusky.client_secret};
  world.run(auth->revoke({}, own));
  EXPECT_FALSE(check(issued.access_token).valid);
  EXPECT_TRUE(up.account);
}

TEST_F(AuthTest, ABrowsersCookieIsNoToken) {
  world.run(auth->sign_up({}, ada()));
  auto const who = sign_in("ada", "correct horse");
  EXPECT_FALSE(check(who.cookie).valid);
  Browser const browser{who.cookie};
  EXPECT_EQ(world.run(auth->who_is({}, browser)).account, who.account);
  world.run(auth->sign_out({}, browser));
  EXPECT_FALSE(world.run(auth->who_is({}, browser)).account);
}

// Where tables are apart, a token that was met costs one journey: it says whose grant it names, and nothing else.
TEST_F(AuthTest, ATokenThatWasMetIsCheckedInOneJourneyAndEndsAtOnce) {
  DistantStrict strict(world.strict(), world.time, std::chrono::milliseconds{1});
  DistantWide wide(world.wide(), world.time, std::chrono::milliseconds{1});
  Tables tables{{strict, wide, world.keys, world.ids, world.dispatch()}};
  users::Users accounts({tables, world.keys, world.time});
  Auth far({tables, world.time, random, passwords, lookup, *line, letters, *users, accounts, settings});
  auto const up = world.run(auth->sign_up({}, ada()));
  auto const tusky = app();
  Token const token{exchange(exchange_of(tusky, code(tusky, sign_in("ada", "correct horse")))).access_token};
  auto const journeys = [&](Token const& of, bool valid, users::State state = users::State::active) {
    Duration const before = world.time.monotonic();
    Bearer const bearer = world.run(far.check({}, of));
    EXPECT_EQ(bearer.valid, valid);
    if (valid) EXPECT_EQ(bearer.account, up.account);
    if (valid) EXPECT_EQ(bearer.state, static_cast<std::uint32_t>(state));
    return (world.time.monotonic() - before) / std::chrono::milliseconds{1};
  };
  EXPECT_EQ(journeys(token, true), 2);
  EXPECT_EQ(journeys(token, true), 1);
  Token const guessed{token.token.substr(0, token.token.find('_') + 1) + "guessed"};
  EXPECT_EQ(journeys(guessed, false), 1);
  users::ChangeState const suspend{.account = up.account, .suspended = true};
  world.run(users->set_state({}, suspend));
  EXPECT_EQ(journeys(token, true, users::State::suspended), 1);
  RevokeRequest const revoke{.token = token.token, .client_id = tusky.client_id, .client_secret = tusky.client_secret};
  world.run(auth->revoke({}, revoke));
  EXPECT_EQ(journeys(token, false), 1);
}

TEST_F(AuthTest, NonsenseIsNoToken) {
  for (char const* wrong : {"", "_", "1_", "1_x", "x_y", "99999999999999999999_a", "é"})
    EXPECT_FALSE(check(wrong).valid);
}

TEST_F(AuthTest, TheOldestOfTooManyGrantsIsRevoked) {
  auto const up = world.run(auth->sign_up({}, ada()));
  MintToken const request{.account = up.account, .scopes = "read"};
  std::string const first = world.run(auth->mint({}, request)).access_token;
  for (std::size_t i = 0; i < grants_max; ++i) world.run(auth->mint({}, request));
  EXPECT_FALSE(check(first).valid);
}

TEST_F(AuthTest, BadAppsAreRefused) {
  for (char const* uri : {"javascript:alert(1)", "data:text/html,x", "tusky", "https://x.example/#f", "http://a b"}) {
    NewApp request{.name = "x", .scopes = "read"};
    request.redirect_uris = {uri};
    EXPECT_THROW(world.run(auth->register_({}, request)), Error) << uri;
  }
}

TEST_F(AuthTest, ANewPasswordEndsTheOldOneAndItsBrowsers) {
  world.run(auth->sign_up({}, ada()));
  auto const who = sign_in("ada", "correct horse");
  Call const call{.viewer = who.account};
  EXPECT_THROW(world.run(auth->change_password(call, {.old_password = "no", .new_password = "battery staple"})), Error);
  world.run(auth->change_password(call, {.old_password = "correct horse", .new_password = "battery staple"}));
  Browser const browser{who.cookie};
  EXPECT_FALSE(world.run(auth->who_is({}, browser)).account);
  EXPECT_TRUE(sign_in("ada", "battery staple").account);
  EXPECT_FALSE(sign_in("ada", "correct horse").account);
}

}  // namespace
}  // namespace kith::auth
