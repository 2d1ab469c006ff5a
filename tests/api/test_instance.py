"""What the community says of itself, and servers that are set up otherwise."""

import email
import re
import time

import pytest
import requests

from browser import Browser
from client import Client, check_dates_and_ids
from community import Community, PASSWORD
from server import Server


def test_version_is_what_clients_can_read(nobody):
    for path in ("/api/v1/instance", "/api/v2/instance"):
        version = nobody.get(path)["version"]
        assert re.match(r"4\.\d+\.\d+ ", version) and float(version[:3]) >= 4.3, "Ice Cubes reads three characters"
        assert "kith" in version


def test_instance_v2(nobody):
    instance = nobody.get("/api/v2/instance")
    check_dates_and_ids(instance)
    assert {"domain", "title", "version", "source_url", "description", "usage", "thumbnail", "languages",
            "configuration", "registrations", "contact", "rules", "api_versions"} <= set(instance)
    assert instance["configuration"]["urls"]["streaming"].startswith("ws://"), "plain HTTP announces ws"
    statuses = instance["configuration"]["statuses"]
    assert {"max_characters", "max_media_attachments", "characters_reserved_per_url"} <= set(statuses)
    assert statuses["characters_reserved_per_url"] == 23
    assert {"max_options", "max_characters_per_option", "min_expiration", "max_expiration"} <= set(
        instance["configuration"]["polls"])
    assert "public_key" in instance["configuration"]["vapid"]
    assert instance["registrations"]["enabled"] is True and "email" in instance["contact"]
    assert instance["api_versions"] == {"mastodon": 7}, "2: grouped notifications, 7: quotes; no more is claimed"


def test_instance_v1(nobody):
    instance = nobody.get("/api/v1/instance")
    assert {"uri", "title", "short_description", "description", "email", "version", "urls", "stats", "thumbnail",
            "languages", "registrations", "approval_required", "invites_enabled", "configuration", "contact_account",
            "rules"} <= set(instance)
    assert instance["urls"]["streaming_api"].startswith("ws://")
    assert instance["uri"] == nobody.base.split("//")[1]
    assert {"user_count", "status_count", "domain_count"} <= set(instance["stats"])


def test_nodeinfo_is_honest(nobody):
    links = nobody.get("/.well-known/nodeinfo")["links"]
    info = nobody.get(links[0]["href"])
    assert info["software"]["name"] == "kith" and info["metadata"]["upstream"]["name"] == "mastodon"
    assert info["version"] in links[0]["rel"] and info["openRegistrations"] is True
    assert {"users", "localPosts"} <= set(info["usage"])


def test_host_meta(nobody):
    answer = nobody.ask("GET", "/.well-known/host-meta")
    assert answer.status_code == 200 and "xml" in answer.headers["Content-Type"]


def test_openapi_describes_every_route(nobody):
    described = nobody.get("/api/openapi.json")
    assert described["openapi"].startswith("3.1")
    for path in ("/api/v1/statuses/{id}", "/api/v1/timelines/home", "/oauth/token", "/api/v1/newsfeed"):
        assert path in described["paths"], path


def test_front_page_says_what_this_is(nobody):
    page = nobody.ask("GET", "/").text
    assert "/signup" in page and "Tusky" in page and nobody.base in page and "<script" not in page


def test_empty_collections(ada):
    for path in ("/api/v1/custom_emojis", "/api/v1/announcements", "/api/v1/instance/rules"):
        assert ada.get(path) == []
    assert "content" in ada.get("/api/v1/instance/extended_description")


def test_metrics(nobody):
    answer = nobody.ask("GET", "/metrics")
    assert answer.headers["Content-Type"].startswith("text/plain") and "kith_http_requests_total" in answer.text


def test_an_endpoint_that_is_not_built_names_itself(nobody):
    for path in "/api/v1/nothing_like_it", "/api/v1/accounts/familiar_followers", "/api/v1/statuses/nothing/context":
        answer = nobody.ask("GET", path)
        assert answer.status_code == 404 and answer.json()["error"] == f"There is no endpoint GET {path}"
    assert nobody.ask("GET", "/api/v1/accounts/1x").json()["error"] == "Record not found"


def test_metrics_off_and_text_for_a_log():
    server = Server("quiet", KITH_METRICS="off", KITH_LOG_FORMAT="text", KITH_LOG_LEVEL="info").start()
    answer = requests.get(server.url + "/metrics", timeout=10)
    assert answer.status_code == 404 and answer.json()["error"] == "There is no endpoint GET /metrics"
    name = server.running[0][0]
    server.stop()
    lines = server.log(name).splitlines()
    assert any(" info serving " in line for line in lines) and not any(line.startswith("{") for line in lines), lines


def test_preferences(ada):
    assert {"posting:default:visibility", "posting:default:sensitive", "posting:default:language",
            "reading:expand:media", "reading:expand:spoilers"} <= set(ada.get("/api/v1/preferences"))


def test_health(nobody):
    assert nobody.ask("GET", "/health").text == "OK"
    assert nobody.get("/health/live") and nobody.get("/health/ready")


def test_tokens_made_by_the_operator(community):
    name = community.fresh_name("made")
    community.server.admin("account", "create", name, "--email", f"{name}@example.org", "--password", PASSWORD,
                           "--confirmed", "--role", "moderator")
    token = community.server.admin("token", "create", name).strip()
    assert Client(community.url, token).get("/api/v1/accounts/verify_credentials")["role"]["name"] == "Moderator"
    token = community.server.admin("token", "create", name, "--scopes", "read").strip()
    Client(community.url, token).post("/api/v1/statuses", expect=403, status="x")


# --- set up otherwise ---

@pytest.fixture(scope="module")
def careful():
    """Limits on, an e-mail address to be confirmed, rules, an administrator who answers for it."""
    server = Server("careful", KITH_RATE_LIMITS="on", KITH_CONFIRM_EMAIL="on", KITH_COMMUNITY_NAME="Careful & <kind>",
                    KITH_COMMUNITY_RULES="Be kind", KITH_COMMUNITY_CONTACT_EMAIL="admin@example.org").start()
    server.admin("account", "create", "root", "--email", "root@example.org", "--password", PASSWORD, "--confirmed",
                 "--role", "admin")
    yield server
    server.stop()


def test_contact_is_the_first_administrator(careful):
    nobody = Client(careful.url)
    def contact():
        return nobody.get("/api/v1/instance")["contact_account"]
    until = time.monotonic() + 5
    while contact() is None and time.monotonic() < until:
        time.sleep(0.2)
    assert contact()["acct"] == "root"
    instance = nobody.get("/api/v2/instance")
    assert instance["contact"]["account"]["acct"] == "root" and instance["contact"]["email"] == "admin@example.org"
    assert instance["title"] == "Careful & <kind>" and instance["rules"][0]["text"] == "Be kind"
    assert "Careful &amp; &lt;kind&gt;" in nobody.ask("GET", "/").text


def test_address_is_confirmed_by_mail(careful):
    community = Community(careful)
    person = Client(careful.url, community.app_token)
    form = {"username": "waiting", "email": "waiting@example.org", "password": PASSWORD, "agreement": "true"}
    token = person.post("/api/v1/accounts", **form)["access_token"]
    assert "confirm" in Client(careful.url, token).get("/api/v1/accounts/verify_credentials", expect=403)["error"]
    until = time.monotonic() + 10
    links = []
    while not links and time.monotonic() < until:
        mails = [email.message_from_bytes(path.read_bytes()) for path in (careful.data / "mail").rglob("*.eml")]
        text = "".join(part.get_payload(decode=True).decode() for mail in mails for part in mail.walk()
                       if part.get_content_type() == "text/plain")
        links = re.findall(r"http://[^\s\"<>]*/confirm\?code=[^\s\"<>]+", text)
        time.sleep(0.1)
    assert links, "a mail with the link"
    assert careful.url in links[0]
    assert "confirmed" in Browser().open(links[0]).text
    assert Client(careful.url, token).get("/api/v1/accounts/verify_credentials")["username"] == "waiting"


def test_guessing_passwords_is_throttled(careful):
    refused = None
    for _ in range(40):
        refused = requests.post(careful.url + "/login", data={"login": "root", "password": "wrong guess"}, timeout=20)
        assert refused.status_code < 500
        if refused.status_code == 429:
            break
    assert refused.status_code == 429 or "wait" in refused.text.lower() or "later" in refused.text.lower()


def test_429_says_when_and_in_json(careful):
    token = careful.admin("token", "create", "root").strip()
    root = Client(careful.url, token)
    for _ in range(320):
        answer = root.ask("GET", "/api/v1/markers")
        if answer.status_code == 429:
            break
    assert answer.status_code == 429 and answer.json()["error"] and int(answer.headers["Retry-After"]) >= 1
    assert answer.headers["X-RateLimit-Remaining"] == "0" and answer.headers["X-RateLimit-Limit"] == "300"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    # Another token of the same person has its own 300, within the person's 1,500.
    other = Client(careful.url, careful.admin("token", "create", "root").strip())
    assert other.ask("GET", "/api/v1/markers").status_code == 200


def test_deletes_have_a_limit_of_their_own(careful):
    careful.admin("account", "create", "deleter", "--confirmed")
    person = Client(careful.url, careful.admin("token", "create", "deleter").strip())
    answers = [person.ask("DELETE", "/api/v1/statuses/1") for _ in range(31)]
    assert [a.status_code for a in answers[:30]] == [404] * 30 and answers[30].status_code == 429
    assert answers[0].headers["X-RateLimit-Limit"] == "30"


def test_approval_and_closed_sign_up():
    server = Server("approval", KITH_SIGN_UP="approval").start()
    try:
        community = Community(server)
        form = {"username": "hopeful", "email": "hopeful@example.org", "password": PASSWORD, "agreement": "true"}
        token = Client(server.url, community.app_token).post("/api/v1/accounts", **form)["access_token"]
        hopeful = Client(server.url, token)
        hopeful.get("/api/v1/accounts/verify_credentials", expect=403)
        assert community.nobody.get("/api/v2/instance")["registrations"]["approval_required"] is True
        server.admin("account", "approve", "hopeful")
        hopeful.get("/api/v1/accounts/verify_credentials")
    finally:
        assert set(server.stop()) == {0}
    server = Server("closed", KITH_SIGN_UP="closed").start()
    try:
        community = Community(server)
        assert community.nobody.get("/api/v2/instance")["registrations"]["enabled"] is False
        Client(server.url, community.app_token).post("/api/v1/accounts", expect=403, **form)
        assert "no new members" in Browser().open(server.url + "/signup").text
    finally:
        assert set(server.stop()) == {0}


def test_everything_is_still_there_after_a_restart():
    server = Server("restarted").start()
    community = Community(server)
    ada, bob = community.friends("ada", "bob")
    post = ada.write("Kept", visibility="friends")
    bob.act("favourite", post)
    assert set(server.stop()) == {0}
    server.start()
    try:
        assert bob.home(limit=1)[0]["id"] == post["id"]
        assert ada.get(f"/api/v1/statuses/{post['id']}")["favourites_count"] == 1
        assert bob.to(ada)["following"]
    finally:
        server.stop()


def test_gateway_is_ready_only_with_its_core():
    server = Server("roles", shape="split")
    server.start_gateway()
    try:
        until = time.monotonic() + 10
        answer = None
        while answer is None and time.monotonic() < until:
            try:
                answer = requests.get(server.url + "/health/ready", timeout=5)
            except requests.ConnectionError:
                time.sleep(0.05)
        assert answer.status_code == 503 and "core" in answer.text
        assert requests.get(server.url + "/health/live", timeout=5).status_code == 200
        server.start_core()
        server.wait()
        ada = Community(server).person("ada")
        post = ada.write("Kept by the core")
        assert server.stop(only="core") == [0]
        refused = requests.get(server.url + "/api/v1/timelines/public", timeout=20)
        assert refused.status_code == 503 and refused.json()["error"]
        assert refused.headers["Access-Control-Allow-Origin"] == "*"
        assert requests.get(server.url + "/health/ready", timeout=5).status_code == 503
        server.start_core()
        server.wait()
        assert ada.home(limit=1)[0]["id"] == post["id"], "the gateway finds its core again"
    finally:
        server.stop()


def test_core_listens_to_nobody_but_its_owner():
    server = Server("private", shape="split").start()
    try:
        folder = server.data / "rpc"
        assert folder.stat().st_mode & 0o077 == 0
        assert all(path.is_socket() for path in folder.iterdir())
        assert f'"url":"{server.url}"' in server.log("gateway")
        assert '"what":"serving"' in server.log("core") and "http://" not in server.log("core"), "it serves no URL"
    finally:
        server.stop()
