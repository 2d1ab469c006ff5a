"""Log-in through the HTML pages, and OAuth as strict as clients expect it."""

import base64
import hashlib
import urllib.parse

import pytest

from browser import Browser, code_for
from client import Client, ask
from community import OUT_OF_BAND, PASSWORD, SCOPES

OWN_SCHEME = "icecubesapp://"
WEB = "https://app.example/callback"


class App(Client):
    def __init__(self, community, redirect_uris=OUT_OF_BAND, scopes=SCOPES, **form):
        super().__init__(community.url)
        self.made = self.post("/api/v1/apps", client_name="Test app", redirect_uris=redirect_uris, scopes=scopes,
                              **form)
        self.id, self.secret = self.made["client_id"], self.made["client_secret"]

    def address(self, redirect_uri=OUT_OF_BAND, scope=SCOPES, **more):
        query = {"client_id": self.id, "redirect_uri": redirect_uri, "scope": scope, "response_type": "code", **more}
        return f"{self.base}/oauth/authorize?" + urllib.parse.urlencode(query)

    def exchange(self, code, expect=200, **more):
        form = {"grant_type": "authorization_code", "code": code, "client_id": self.id, "client_secret": self.secret,
                "redirect_uri": OUT_OF_BAND} | more
        form = {name: value for name, value in form.items() if value is not None}
        return self.post("/oauth/token", expect, **form)

    def token_of(self, person, **more):
        return self.exchange(code_for(self.address(**more), person.email))["access_token"]


@pytest.fixture
def app(community):
    return App(community)


def me(community, token, expect=200):
    return Client(community.url, token).get("/api/v1/accounts/verify_credentials", expect)


def query_of(address):
    return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(address).query))


# --- apps ---

def test_registered_app_has_every_key(app):
    made = app.made
    assert made["name"] == "Test app" and made["redirect_uri"] == OUT_OF_BAND
    assert made["redirect_uris"] == [OUT_OF_BAND] and made["scopes"] == SCOPES.split()
    assert isinstance(made["id"], str) and made["client_secret_expires_at"] == 0
    assert "website" in made and "vapid_key" in made


@pytest.mark.parametrize("form", [
    {"json": {"client_name": "J", "redirect_uris": [OUT_OF_BAND, WEB], "scopes": "read"}},
    {"json": {"client_name": "J", "redirect_uris": f"{OUT_OF_BAND}\n{WEB}", "scopes": "read"}},
    {"data": {"client_name": "J", "redirect_uris": f"{OUT_OF_BAND}\r\n{WEB}", "scopes": "read"}},
    {"data": {"client_name": "J", "redirect_uris[]": [OUT_OF_BAND, WEB], "scopes": "read"}},
    {"files": {"client_name": (None, "J"), "redirect_uris": (None, f"{OUT_OF_BAND}\n{WEB}"), "scopes": (None, "read")}},
], ids=["json array", "json lines", "form lines", "form array", "multipart"])
def test_redirect_uris_come_in_every_form(nobody, form):
    assert nobody.call("POST", "/api/v1/apps", **form)["redirect_uris"] == [OUT_OF_BAND, WEB]


@pytest.mark.parametrize("form", [
    {"client_name": "", "redirect_uris": OUT_OF_BAND},
    {"client_name": "No address", "redirect_uris": ""},
    {"client_name": "Script", "redirect_uris": "javascript:alert(1)"},
    {"client_name": "Relative", "redirect_uris": "/callback"},
    {"client_name": "Scope", "redirect_uris": OUT_OF_BAND, "scopes": "everything"},
])
def test_wrong_app_is_refused(nobody, form):
    nobody.post("/api/v1/apps", expect=422, **form)


def test_apps_own_token_reads_its_app_and_nobody(community, app):
    token = app.post("/oauth/token", grant_type="client_credentials", client_id=app.id, client_secret=app.secret,
                     scope="read")
    assert token["token_type"] == "Bearer" and token["scope"] == "read" and isinstance(token["created_at"], int)
    as_app = Client(community.url, token["access_token"])
    assert as_app.get("/api/v1/apps/verify_credentials")["name"] == "Test app"
    assert "client_secret" not in as_app.get("/api/v1/apps/verify_credentials")
    as_app.get("/api/v1/accounts/verify_credentials", expect=403)
    as_app.get("/api/v1/timelines/public")


def test_persons_token_reads_its_app_too(community, app, ada):
    assert Client(community.url, app.token_of(ada)).get("/api/v1/apps/verify_credentials")["name"] == "Test app"


# --- the pages ---

@pytest.mark.parametrize("field", ["name", "email"])
def test_one_field_takes_handle_or_address(app, ada, field):
    assert code_for(app.address(), getattr(ada, field))


def test_wrong_password_says_so_and_keeps_the_handle(app, ada):
    browser = Browser().open(app.address()).log_in(ada.name, "not it at all")
    assert browser.answer.status_code == 422 and not browser.code
    assert browser.page.find("input", attrs={"name": "login"})["value"] == ada.name
    assert browser.log_in(ada.name).allow().code


def test_unknown_person_is_refused_in_the_same_words(app, ada):
    wrong = Browser().open(app.address()).log_in(ada.name, "not it at all").text
    unknown = Browser().open(app.address()).log_in("nobody_of_that_name", "not it at all").text
    assert wrong == unknown


def test_pages_have_no_script_and_are_kept_nowhere(app, ada):
    for browser in (Browser().open(app.address()), Browser().open(app.address()).log_in(ada.name)):
        assert not browser.page.find_all("script")
        assert "no-store" in browser.answer.headers["Cache-Control"]
        assert browser.answer.headers["X-Frame-Options"] == "DENY"
        assert "frame-ancestors 'none'" in browser.answer.headers["Content-Security-Policy"]


def test_cookie_is_no_scripts_business(app, ada):
    browser = Browser().open(app.address())
    browser.log_in(ada.name)
    cookie = browser.answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie


def test_browser_that_is_logged_in_is_only_asked_for_consent(app, ada):
    browser = Browser().open(app.address()).log_in(ada.name)
    assert browser.allow().code
    again = browser.open(app.address())
    assert again.form("/login") is None and f"@{ada.name}" in again.text
    assert again.allow().code


def test_what_apps_add_to_the_question_does_no_harm(app, ada):
    browser = Browser().open(app.address(lang="de", force_login="false", prompt="login", nonce="1"))
    assert browser.log_in(ada.name).allow().code


def test_force_login_asks_for_the_password_again(app, ada):
    browser = Browser().open(app.address()).log_in(ada.name)
    browser.open(app.address(force_login="true"))
    assert browser.form("/login") is not None and browser.form("/oauth/authorize") is None
    assert browser.log_in(ada.name).allow().code


def test_somebody_else_can_log_in_instead(community, app, ada):
    bob = community.person("bob")
    browser = Browser().open(app.address()).log_in(ada.name)
    browser.send("/logout")
    assert browser.form("/login") is not None
    token = app.exchange(browser.log_in(bob.name).allow().code)["access_token"]
    assert me(community, token)["username"] == bob.name


@pytest.mark.parametrize("uri", [OWN_SCHEME, WEB, "oauth2redirect://com.keylesspalace.tusky/"])
def test_own_schemes_and_addresses_get_code_and_state(community, ada, uri):
    app = App(community, redirect_uris=uri)
    browser = Browser().open(app.address(uri, state="a b&c=ü")).log_in(ada.name).allow()
    assert browser.went_to.startswith(uri)
    answer = query_of(browser.went_to)
    assert answer["state"] == "a b&c=ü"
    assert app.exchange(answer["code"], redirect_uri=uri)["access_token"]


def test_deny_tells_the_app(community, ada):
    app = App(community, redirect_uris=WEB)
    browser = Browser().open(app.address(WEB, state="s")).log_in(ada.name).send("/oauth/authorize", button="deny")
    assert query_of(browser.went_to) == {"error": "access_denied", "state": "s"}


def test_deny_out_of_band_shows_a_page(app, ada):
    browser = Browser().open(app.address()).log_in(ada.name).send("/oauth/authorize", button="deny")
    assert browser.answer.status_code == 200 and browser.code is None


def test_consent_without_its_forms_secret_gives_nothing(community, app, ada):
    browser = Browser().open(app.address()).log_in(ada.name)
    browser.send("/oauth/authorize", button="allow", csrf="forged")
    assert browser.code is None


@pytest.mark.parametrize("address", [
    lambda app: app.address("https://evil.example/"),
    lambda app: app.address(OUT_OF_BAND).replace(app.id, "unknown"),
    lambda app: app.address(code_challenge="x" * 43, code_challenge_method="plain"),
    lambda app: app.address().replace("response_type=code", "response_type=token"),
], ids=["foreign redirect", "unknown app", "plain challenge", "implicit grant"])
def test_wrong_question_is_answered_here_and_sends_nobody_away(app, address):
    answer = ask("GET", address(app))
    assert answer.status_code == 400 and "Location" not in answer.headers
    assert answer.headers["Content-Type"].startswith("text/html")


def test_scopes_beyond_the_registered_ones_are_refused(community, ada):
    app = App(community, scopes="read")
    browser = Browser().open(app.address(scope="read write"))
    if browser.form("/login"):
        browser.log_in(ada.name)
    if browser.form("/oauth/authorize"):
        browser.allow()
    assert browser.code is None


def test_narrower_scopes_are_kept_to(community, app, ada):
    token = app.token_of(ada, scope="read:statuses")
    as_ada = Client(community.url, token)
    as_ada.get("/api/v1/timelines/home")
    assert "scope" in as_ada.post("/api/v1/statuses", expect=403, status="no")["error"]
    as_ada.get("/api/v1/notifications", expect=403)


# --- code to token ---

def test_token_has_every_key(app, ada):
    token = app.exchange(code_for(app.address(), ada.name))
    assert token["token_type"] == "Bearer" and token["scope"] == SCOPES and isinstance(token["created_at"], int)


@pytest.mark.parametrize("encode", ["json", "data", "files"])
def test_token_is_given_to_every_encoding(app, ada, encode):
    form = {"grant_type": "authorization_code", "code": code_for(app.address(), ada.name), "client_id": app.id,
            "client_secret": app.secret, "redirect_uri": OUT_OF_BAND}
    if encode == "files":
        form = {name: (None, value) for name, value in form.items()}
    assert app.call("POST", "/oauth/token", **{encode: form})["access_token"]


def test_client_may_stand_in_the_header(app, ada):
    form = {"grant_type": "authorization_code", "code": code_for(app.address(), ada.name),
            "redirect_uri": OUT_OF_BAND}
    assert app.call("POST", "/oauth/token", data=form, auth=(app.id, app.secret))["access_token"]


def challenge_of(verifier):
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def test_pkce(community, app, ada):
    verifier = "v" * 50
    address = app.address(code_challenge=challenge_of(verifier), code_challenge_method="S256")
    token = app.exchange(code_for(address, ada.name), code_verifier=verifier, client_secret=None)
    assert me(community, token["access_token"])["username"] == ada.name
    for wrong in ("w" * 50, None):
        refused = app.exchange(code_for(address, ada.name), expect=400, code_verifier=wrong)
        assert refused["error"] == "invalid_grant" and refused["error_description"]


def test_pkce_is_announced(nobody):
    told = nobody.get("/.well-known/oauth-authorization-server")
    assert told["code_challenge_methods_supported"] == ["S256"]
    assert told["authorization_endpoint"] == nobody.base + "/oauth/authorize"
    assert told["token_endpoint"] == nobody.base + "/oauth/token"
    assert told["revocation_endpoint"] == nobody.base + "/oauth/revoke"
    assert {"read", "write", "follow", "push"} <= set(told["scopes_supported"])


def test_code_used_twice_is_refused_and_ends_its_token(community, app, ada):
    code = code_for(app.address(), ada.name)
    token = app.exchange(code)["access_token"]
    assert app.exchange(code, expect=400)["error"] == "invalid_grant"
    me(community, token, expect=401)


def test_code_of_another_app_or_redirect_or_nothing(community, app, ada):
    other = App(community, redirect_uris=f"{OUT_OF_BAND}\n{WEB}")
    code = code_for(app.address(), ada.name)
    assert other.exchange(code, expect=400)["error"] == "invalid_grant"
    code = code_for(other.address(), ada.name)
    assert other.exchange(code, expect=400, redirect_uri=WEB)["error"] == "invalid_grant"
    assert app.exchange("no such code", expect=400)["error"] == "invalid_grant"


def test_unknown_client_is_invalid_client(app):
    form = {"grant_type": "client_credentials", "client_secret": app.secret}
    for client in ({"client_id": "unknown"}, {"client_id": "999"}, {}, {"client_id": app.id, "client_secret": "x"}):
        refused = app.post("/oauth/token", expect=401, **(form | client))
        assert refused["error"] == "invalid_client", "Elk registers anew on this"


@pytest.mark.parametrize("grant", ["password", "implicit", "refresh_token", "", None])
def test_other_grants_are_gone(app, ada, grant):
    form = {"client_id": app.id, "client_secret": app.secret, "username": ada.email, "password": PASSWORD}
    if grant is not None:
        form["grant_type"] = grant
    refused = app.post("/oauth/token", expect=400, **form)
    assert refused["error"] in ("unsupported_grant_type", "invalid_request")


def test_revoked_token_is_401_on_the_next_call(community, app, ada):
    token = app.token_of(ada)
    me(community, token)
    app.post("/oauth/revoke", token=token, client_id=app.id, client_secret=app.secret)
    me(community, token, expect=401)
    # A second time, and of a token that never was, there is nothing to say.
    app.post("/oauth/revoke", token=token, client_id=app.id, client_secret=app.secret)


def test_token_is_not_revoked_by_another_app(community, app, ada):
    token = app.token_of(ada)
    other = App(community)
    other.ask("POST", "/oauth/revoke", data={"token": token, "client_id": other.id, "client_secret": other.secret})
    me(community, token)


def test_token_may_stand_in_the_query_and_the_form(community, ada, nobody):
    nobody.get("/api/v1/accounts/verify_credentials", access_token=ada.token)
    nobody.post("/api/v1/statuses", status="By form", access_token=ada.token)


def test_missing_and_wrong_tokens_are_401(nobody):
    answer = nobody.ask("GET", "/api/v1/timelines/home")
    assert answer.status_code == 401 and answer.json()["error"] == "The access token is missing"
    for token in ("wrong", "x" * 4000, "ü", ""):
        headers = {"Authorization": f"Bearer {token}".encode()}
        assert nobody.ask("GET", "/api/v1/timelines/home", headers=headers).status_code == 401
    # Also where nobody needs one: a client must learn that its token is gone.
    assert nobody.ask("GET", "/api/v1/timelines/public", headers={"Authorization": "Bearer wrong"}).status_code == 401


# --- sign-up ---

def sign_up(community, expect=200, **form):
    name = community.fresh_name("s")
    form = {"username": name, "email": f"{name}@example.org", "password": PASSWORD, "agreement": "true"} | form
    return name, Client(community.url, community.app_token).post("/api/v1/accounts", expect, **form)


def test_sign_up_in_an_app_is_usable_at_once(community):
    name, token = sign_up(community)
    assert me(community, token["access_token"])["username"] == name
    assert token["token_type"] == "Bearer" and token["created_at"]


@pytest.mark.parametrize("form,field", [
    ({"username": ""}, "username"), ({"username": "with blank"}, "username"), ({"username": "x" * 31}, "username"),
    ({"email": "nonsense"}, "email"), ({"password": "short"}, "password"), ({"agreement": "false"}, "agreement"),
])
def test_sign_up_names_what_is_wrong(community, form, field):
    _, refused = sign_up(community, expect=422, **form)
    assert field in refused["details"] and refused["details"][field][0]["error"].startswith("ERR_"), refused


def test_taken_handle_and_address_are_refused(community, ada):
    _, refused = sign_up(community, expect=422, username=ada.name.upper())
    assert refused["details"]["username"][0]["error"] == "ERR_TAKEN"
    _, refused = sign_up(community, expect=422, email=ada.email)
    assert "email" in refused["details"]


def test_sign_up_needs_the_apps_token(community, ada):
    form = {"username": "nope", "email": "nope@example.org", "password": PASSWORD, "agreement": "true"}
    community.nobody.post("/api/v1/accounts", expect=401, **form)
    ada.post("/api/v1/accounts", expect=403, **form)


def test_sign_up_on_the_page(community, app):
    name = community.fresh_name("page")
    browser = Browser().open(community.url + "/signup")
    browser.send("/signup", username=name, email=f"{name}@example.org", password="long enough", agreement="1")
    assert browser.answer.status_code == 200 and name in browser.text
    assert code_for(app.address(), name, "long enough")


def test_page_of_sign_up_keeps_what_was_typed(community, ada):
    browser = Browser().open(community.url + "/signup")
    browser.send("/signup", username=ada.name, email="other@example.org", password="long enough", agreement="1")
    assert browser.answer.status_code == 422
    assert browser.page.find("input", attrs={"name": "email"})["value"] == "other@example.org"


def test_new_password_logs_browsers_out_and_old_one_is_gone(community, app, ada):
    browser = Browser().open(app.address()).log_in(ada.name)
    ada.post("/api/v1/profile/password", expect=403, current_password="wrong one", password="another long one")
    ada.post("/api/v1/profile/password", current_password=PASSWORD, password="another long one")
    assert browser.open(app.address()).form("/login") is not None
    assert Browser().open(app.address()).log_in(ada.name).answer.status_code == 422
    assert code_for(app.address(), ada.name, "another long one")


def test_suspended_person_is_shut_out_at_once(community, app, ada):
    token = app.token_of(ada)
    community.server.admin("account", "suspend", ada.name)
    me(community, token, expect=403)
    assert Browser().open(app.address()).log_in(ada.name).form("/oauth/authorize") is None
    community.server.admin("account", "unsuspend", ada.name)
    me(community, token)
