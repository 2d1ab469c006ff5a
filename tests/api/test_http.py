"""HTTP itself: headers, encodings, errors, other origins, and whatever else may come in."""

import json
import socket

import pytest
import requests

from client import Client, ids, session
from server import ROLLING

ORIGIN = {"Origin": "https://elk.example"}
PUBLIC = ["/api/v1/instance", "/api/v2/instance", "/api/v1/timelines/public", "/.well-known/host-meta",
          "/.well-known/nodeinfo", "/nodeinfo/2.0", "/.well-known/oauth-authorization-server", "/api/v1/custom_emojis"]


def raw(community, text):
    """Bytes in, the whole answer out: for what no HTTP library would send."""
    host, port = community.url.split("//")[1].split(":")
    with socket.create_connection((host, int(port)), timeout=20) as line:
        line.sendall(text)
        line.settimeout(20)
        out = b""
        while chunk := line.recv(65536):
            out += chunk
        return out


# --- headers ---

def test_exactly_one_date_header(community, ada):
    for path in ("/api/v1/instance", "/api/v1/statuses/1", "/nowhere", "/", "/api/v1/timelines/home"):
        answer = raw(community, f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        head = answer.split(b"\r\n\r\n")[0].lower()
        assert head.count(b"\r\ndate:") == 1, "two break Mastodon.py's arithmetic"
        assert head.count(b"\r\ncontent-type:") == 1 and head.count(b"\r\ncontent-length:") == 1


@pytest.mark.parametrize("path", PUBLIC)
def test_other_origins_may_read(nobody, path):
    answer = nobody.ask("GET", path, headers=ORIGIN)
    assert answer.status_code == 200 and answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in answer.headers
    exposed = answer.headers["Access-Control-Expose-Headers"]
    for name in ("Link", "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset", "X-Request-Id"):
        assert name in exposed


def test_other_origins_may_read_pictures(nobody, ada):
    for picture in (ada.account["avatar"], ada.account["header"]):
        answer = nobody.ask("GET", picture, headers=ORIGIN)
        assert answer.headers["Content-Type"] == "image/png" and answer.headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize("method,path,status", [
    ("GET", "/api/v1/timelines/home", 401), ("GET", "/api/v1/statuses/1", 404), ("GET", "/api/v1/nothing", 404),
    ("GET", "/api/v1/timelines/public?max_id=x", 422), ("POST", "/oauth/token", 401),
    ("GET", "/.well-known/webfinger", 404), ("PUT", "/api/v1/timelines/public", 405), ("POST", "/oauth/revoke", None),
    ("GET", "/api/v1/streaming/user", 404)])
def test_other_origins_may_read_errors(nobody, method, path, status):
    answer = nobody.ask(method, path, headers=ORIGIN)
    assert answer.status_code == (status or answer.status_code)
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Content-Type"].startswith("application/json")


@pytest.mark.parametrize("path", ["/api/v1/statuses", "/api/v1/statuses/1/favourite", "/oauth/token", "/oauth/revoke",
                                  "/api/v1/lists/1/accounts", "/.well-known/nodeinfo", "/api/v1/not_there"])
def test_preflight(nobody, path):
    answer = nobody.ask("OPTIONS", path, headers=ORIGIN | {
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type,idempotency-key"})
    assert answer.status_code in (200, 204)
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    allowed = answer.headers["Access-Control-Allow-Headers"].lower()
    for name in ("authorization", "content-type", "idempotency-key"):
        assert name in allowed
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        assert method in answer.headers["Access-Control-Allow-Methods"]


def test_pages_for_people_are_not_for_other_origins(nobody):
    for path in ("/", "/login", "/signup", "/about", "/privacy-policy", "/tags/x"):
        answer = nobody.ask("GET", path, headers=ORIGIN)
        assert answer.status_code == 200 and "Access-Control-Allow-Origin" not in answer.headers
        assert answer.headers["Content-Type"].startswith("text/html") and b"<script" not in answer.content


@pytest.mark.parametrize("path,status", [("/api/v1/instance", 200), ("/", 200), ("/api/v1/statuses/1", 404),
                                         ("/api/v1/timelines/home", 401)])
def test_head_has_the_head_of_get_and_no_body(community, path, status):
    get = Client(community.url).ask("GET", path)
    answer = raw(community, f"HEAD {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    head, body = answer.split(b"\r\n\r\n", 1)
    assert int(head.split()[1]) == status == get.status_code and body == b""
    assert f"content-length: {len(get.content)}".encode() in head.lower() or path == "/api/v1/instance"


def test_request_ids_differ(nobody):
    seen = {nobody.ask("GET", "/api/v1/instance").headers["X-Request-Id"] for _ in range(3)}
    assert len(seen) == 3


def test_rate_limit_headers(ada, nobody):
    for who in (ada, nobody):
        headers = who.ask("GET", "/api/v1/timelines/public").headers
        assert int(headers["X-RateLimit-Limit"]) == 300 and 0 <= int(headers["X-RateLimit-Remaining"]) <= 300
        assert headers["X-RateLimit-Reset"].endswith("Z") and "T" in headers["X-RateLimit-Reset"]


def test_what_is_personal_is_kept_nowhere(ada):
    assert "no-store" in ada.ask("GET", "/api/v1/timelines/home").headers["Cache-Control"]


# --- content types and errors ---

def test_every_answer_of_the_api_is_json(ada):
    post = ada.write("x")
    for method, path in [("POST", "/api/v1/notifications/clear"), ("DELETE", f"/api/v1/statuses/{post['id']}"),
                         ("GET", "/api/v1/nothing"), ("GET", "/api/v1/announcements"), ("GET", "/api/v1/custom_emojis"),
                         ("GET", "/api/openapi.json"), ("GET", "/health/live"), ("GET", "/health/ready")]:
        answer = ada.ask(method, path)
        assert answer.headers["Content-Type"].split(";")[0] == "application/json", path
        assert answer.status_code != 204 and answer.json() is not None


def test_missing_endpoint_is_named(nobody, ada):
    for method, path in (("GET", "/api/v1/polls/1"), ("POST", "/api/v1/statuses/1/translate"), ("GET", "/api/v1/trends/tags")):
        refused = nobody.call(method, path, expect=404)
        assert method in refused["error"] and path in refused["error"]
    for path in ("/api/v1/streaming", "/api/v1/streaming/user", "/api/v1/streaming/health"):
        assert "treaming" in nobody.get(path, expect=404)["error"]


def test_wrong_method_is_405_with_allow(nobody):
    answer = nobody.ask("DELETE", "/api/v1/timelines/public")
    assert answer.status_code == 405 and "GET" in answer.headers["Allow"]


def test_upload_is_refused_clearly(ada, nobody):
    picture = {"file": ("a.jpg", b"\xff\xd8" + b"x" * 3_000_000, "image/jpeg")}
    for path in ("/api/v2/media", "/api/v1/media"):
        assert "picture" in ada.call("POST", path, expect=422, files=picture)["error"].lower()
        nobody.call("POST", path, expect=401)
    avatar = ada.call("PATCH", "/api/v1/accounts/update_credentials", expect=422, files={"avatar": picture["file"]})
    assert "picture" in avatar["error"].lower()
    refused = ada.call("POST", "/api/v1/statuses", expect=422, data={"status": "x", "media_ids[]": "5"})
    assert "picture" in refused["error"].lower()


# --- bodies ---

@pytest.mark.parametrize("form", [
    {"data": {"status": "ü & <x>", "sensitive": "true"}},
    {"json": {"status": "ü & <x>", "sensitive": True}},
    {"json": {"status": "ü & <x>", "sensitive": "true"}},
    {"files": {"status": (None, "ü & <x>"), "sensitive": (None, "1")}},
    {"data": {"status": "ü & <x>", "sensitive": "on"}},
    {"params": {"status": "ü & <x>", "sensitive": "1"}},
], ids=["form", "json", "json strings", "multipart", "on", "query"])
def test_every_encoding_of_a_write(ada, form):
    post = ada.call("POST", "/api/v1/statuses", **form)
    assert post["content"] == "<p>ü &amp; &lt;x&gt;</p>" and post["sensitive"] is True


@pytest.mark.parametrize("word,flag", [("false", False), ("0", False), ("off", False), ("f", False), ("", False),
                                       ("true", True), ("1", True), ("on", True), ("t", True)])
def test_booleans_as_strings_inside_json(ada, word, flag):
    assert ada.call("POST", "/api/v1/statuses", json={"status": "x", "sensitive": word})["sensitive"] is flag


@pytest.mark.parametrize("form", [
    {"params": [("id[]", 0), ("id[]", 1)]}, {"params": [("id", 0), ("id", 1)]}, {"params": [("id[0]", 0), ("id[1]", 1)]},
    {"json": {"id": [0, 1]}}], ids=["brackets", "repeated", "numbered", "json"])
def test_several_ids_in_every_form(ada, form):
    posts = [ada.write("a")["id"], ada.write("b")["id"]]

    def filled(value):
        if isinstance(value, dict):
            return {key: [posts[n] for n in inner] for key, inner in value.items()}
        return [(key, posts[n]) for key, n in value]

    form = {key: filled(value) for key, value in form.items()}
    assert ids(ada.call("GET", "/api/v1/statuses", **form)) == posts


def test_ids_as_json_numbers(ada):
    post = ada.write("x")
    assert ada.call("POST", "/api/v1/statuses", json={"status": "y", "in_reply_to_id": int(post["id"])})[
        "in_reply_to_id"] == post["id"]


def test_json_null_is_nothing(ada):
    nothing = {"in_reply_to_id": None, "media_ids": None, "poll": None, "spoiler_text": None, "sensitive": None,
               "language": None, "scheduled_at": None, "visibility": None}
    assert ada.call("POST", "/api/v1/statuses", json={"status": "x"} | nothing)["in_reply_to_id"] is None
    empty = {"media_ids": [], "spoiler_text": "", "in_reply_to_id": "", "language": "", "visibility": ""}
    assert ada.call("POST", "/api/v1/statuses", json={"status": "x"} | empty)["media_attachments"] == []


# --- hostile input ---

BODIES = {
    "broken json": (b'{"status":', "application/json"),
    "deep json": (b'{"a":' * 5000 + b"1" + b"}" * 5000, "application/json"),
    "deep list": (b'{"status":' + b"[" * 5000 + b"]" * 5000 + b"}", "application/json"),
    "json of another kind": (b'["status"]', "application/json"),
    "json text": (b'"status"', "application/json"),
    "nul in json": (b'{"status":"a\\u0000b"}', "application/json"),
    "lone surrogate": (b'{"status":"\\ud800"}', "application/json"),
    "invalid utf-8 json": (b'{"status":"\xff\xfe"}', "application/json"),
    "invalid utf-8 form": (b"status=%ff%fe", "application/x-www-form-urlencoded"),
    "nul in form": (b"status=a%00b", "application/x-www-form-urlencoded"),
    "bad percent": (b"status=%zz", "application/x-www-form-urlencoded"),
    "deep form": (b"a" + b"[b]" * 500 + b"=1", "application/x-www-form-urlencoded"),
    "many fields": (b"&".join(b"a%d=1" % n for n in range(20000)), "application/x-www-form-urlencoded"),
    "status is a map": (b"status[a]=1", "application/x-www-form-urlencoded"),
    "status is a list": (b'{"status":["a","b"]}', "application/json"),
    "status is a number": (b'{"status":1e400}', "application/json"),
    "huge number": (b'{"status":"x","in_reply_to_id":99999999999999999999999}', "application/json"),
    "multipart without boundary": (b"x", "multipart/form-data"),
    "multipart cut short": (b'--b\r\nContent-Disposition: form-data; name="status"\r\n\r\nx', "multipart/form-data; boundary=b"),
    "unknown type": (b"status=x", "application/xml"),
    "empty json": (b"", "application/json"),
    "file for a text": (b'--b\r\nContent-Disposition: form-data; name="status"; filename="x"\r\n\r\nx\r\n--b--\r\n',
                        "multipart/form-data; boundary=b"),
}


@pytest.mark.parametrize("name", BODIES)
def test_hostile_bodies_are_refused_never_500(ada, name):
    body, kind = BODIES[name]
    answer = ada.ask("POST", "/api/v1/statuses", data=body, headers={"Content-Type": kind})
    if name not in ("status is a number",):
        assert 400 <= answer.status_code < 500, answer.text
        assert answer.json()["error"]


HOSTILE = ["x" * 100_000, "\u0000", "\u202e" * 50, "🧑‍🚀" * 1000, "-1", "18446744073709551616", "9" * 400, "' OR 1=1 --",
           "../../etc/passwd", "%s%n%x", "\r\nX: y", "NaN", "null", "[]", "{}", "a\u0301" * 900]


def hostile_values():
    return pytest.mark.parametrize("value", HOSTILE, ids=range(len(HOSTILE)))


@hostile_values()
def test_hostile_values_in_every_field(ada, value):
    post = ada.write("x")
    forms = [
        ("POST", "/api/v1/statuses", ["status", "visibility", "spoiler_text", "language", "in_reply_to_id", "sensitive",
                                      "quoted_status_id", "scheduled_at", "audience[rule]", "audience[list]",
                                      "audience[except][]", "reply_policy", "media_ids[]", "poll[options][]"]),
        ("PATCH", "/api/v1/accounts/update_credentials", ["display_name", "note", "locked", "source[privacy]",
                                                          "source[language]", "fields_attributes[0][name]", "avatar"]),
        ("PUT", f"/api/v1/statuses/{post['id']}", ["status", "spoiler_text", "language"]),
        ("POST", "/api/v1/lists", ["title", "replies_policy", "exclusive"]),
        ("POST", f"/api/v1/accounts/{ada.id}/note", ["comment"]),
        ("POST", f"/api/v1/accounts/{ada.id}/mute", ["duration", "notifications"]),
        ("POST", "/api/v1/markers", ["home[last_read_id]"]),
        ("POST", f"/api/v1/statuses/{post['id']}/react", ["kind"]),
        ("POST", "/api/v1/apps", ["client_name", "redirect_uris", "scopes", "website"]),
        ("POST", "/oauth/token", ["grant_type", "code", "client_id", "client_secret", "redirect_uri", "scope"]),
        ("POST", "/oauth/revoke", ["token", "client_id"]),
        ("POST", "/login", ["login", "password"]),
    ]
    for method, path, fields in forms:
        for field in fields:
            form = {"status": "x", "title": "x", field: value}
            ada.ask(method, path, json=nested(form) if "[" in field else form)
            ada.ask(method, path, data=form)
    for path in ("/api/v1/timelines/home", "/api/v1/notifications", "/api/v1/bookmarks", "/api/v2/search"):
        for field in ("max_id", "min_id", "since_id", "limit", "q", "types[]", "offset"):
            if len(value) < 2000:
                ada.ask("GET", path, params={field: value})
    assert ada.get(f"/api/v1/accounts/{ada.id}")["id"] == ada.id


def nested(form):
    """{"a[b]": 1} as JSON apps send it."""
    out = {}
    for name, value in form.items():
        first, *rest = name.replace("]", "").split("[")
        for part in reversed(rest):
            value = [value] if part == "" else {part: value}
        out[first] = value
    return out


@hostile_values()
def test_hostile_values_in_every_path(ada, value):
    part = requests.utils.quote(value[:1000], safe="")
    for path in ("accounts/{}", "statuses/{}", "lists/{}", "tags/{}", "timelines/tag/{}", "timelines/list/{}",
                 "notifications/{}", "scheduled_statuses/{}", "statuses/{}/context", "accounts/{}/statuses"):
        answer = ada.ask("GET", "/api/v1/" + path.format(part))
        assert answer.status_code in (200, 400, 404, 422), (path, answer.status_code)
    for path in ("avatars", "headers"):
        assert ada.ask("GET", f"/{path}/{part}").status_code in (400, 404)


@pytest.mark.parametrize("text", [
    b"GARBAGE\r\n\r\n", b"GET / HTTP/9.9\r\nHost: x\r\n\r\n", b"GET /api/v1/instance HTTP/1.1\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", b"GET /%zz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    b"GET /%00 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    b"POST /api/v1/statuses HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"POST /api/v1/statuses HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
    b"POST /api/v1/statuses HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999\r\n\r\n",
    b"GET /" + b"x" * 70_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"x" * 70_000 + b"\r\n\r\n",
], ids=["garbage", "version", "no host", "two hosts", "percent", "nul", "smuggling", "negative length", "huge length",
        "long path", "long header"])
def test_malformed_requests_are_refused_as_json(community, text):
    try:
        answer = raw(community, text)
    except ConnectionError:
        return  # refused before everything was sent
    status = int(answer.split()[1])
    assert 400 <= status < 500 or status == 505, answer[:200]
    assert b"application/json" in answer


def test_too_large_body_is_413(ada):
    try:
        answer = ada.ask("POST", "/api/v1/statuses", data=b"status=" + b"x" * 20_000_000,
                         headers={"Content-Type": "application/x-www-form-urlencoded"})
    except requests.ConnectionError:
        return  # closed while it was still being sent
    assert answer.status_code == 413 and answer.json()["error"]


@pytest.mark.skipif(ROLLING, reason="a gateway that stops ends its connections")
def test_connection_is_kept(community):
    host, port = community.url.split("//")[1].split(":")
    with socket.create_connection((host, int(port)), timeout=20) as line:
        for _ in range(3):
            line.sendall(b"GET /api/v1/custom_emojis HTTP/1.1\r\nHost: x\r\n\r\n")
            answer = b""
            while not answer.endswith(b"[]"):
                answer += line.recv(65536)
            assert answer.startswith(b"HTTP/1.1 200")
