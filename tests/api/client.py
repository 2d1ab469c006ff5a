"""Plain HTTP as apps speak it: every answer is looked at for what all answers promise."""

import re

import requests

DATE = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")  # three digits and Z, else Ice Cubes shows "now"
ID = re.compile(r"^\d{1,19}$")
TIMEOUT_SECONDS = 30

session = requests.Session()
session.mount("http://", requests.adapters.HTTPAdapter(pool_connections=8, pool_maxsize=32))
session.trust_env = False


def ask(method, url, token=None, **more):
    """One request on a shared connection, and what holds for all: no cookie is kept, no redirect followed."""
    headers = dict(more.pop("headers", {}))
    if token:
        headers["Authorization"] = f"Bearer {token}"
    more.setdefault("allow_redirects", False)
    answer = session.request(method, url, headers=headers, timeout=TIMEOUT_SECONDS, **more)
    session.cookies.clear()
    assert answer.status_code < 500, f"{method} {url}: {answer.status_code} {answer.text[:300]}"
    return answer


class Client:
    """Somebody who asks: with a token, or nobody without one."""

    def __init__(self, base, token=None):
        self.base = base
        self.token = token

    def ask(self, method, path, **more):
        url = path if path.startswith("http") else self.base + path
        return ask(method, url, self.token, **more)

    def call(self, method, path, expect=200, **more):
        """The JSON of an answer that has the expected status."""
        answer = self.ask(method, path, **more)
        assert answer.status_code == expect, f"{method} {path}: {answer.status_code} {answer.text[:500]}"
        assert answer.headers["Content-Type"].split(";")[0] == "application/json", answer.headers
        body = answer.json()
        if expect >= 400:
            assert body["error"], body
        return body

    def get(self, path, expect=200, **params):
        return self.call("GET", path, expect, params=params or None)

    def post(self, path, expect=200, **form):
        return self.call("POST", path, expect, data=form or None)

    def put(self, path, expect=200, **form):
        return self.call("PUT", path, expect, data=form or None)

    def patch(self, path, expect=200, **form):
        return self.call("PATCH", path, expect, data=form or None)

    def delete(self, path, expect=200, **form):
        return self.call("DELETE", path, expect, data=form or None)

    def pages(self, path, most=50, **params):
        """Every page from the newest to the end, by `next` alone, as masto.js goes."""
        pages = []
        answer = self.ask("GET", path, params=params)
        while True:
            assert answer.status_code == 200, answer.text
            pages.append(answer.json())
            links = links_of(answer)
            if "next" not in links:
                return pages
            assert len(pages) < most, "the pages do not end"
            answer = self.ask("GET", links["next"])


def links_of(answer):
    """The Link header as masto.js and Ice Cubes read it."""
    header = answer.headers.get("Link")
    if header is None:
        return {}
    links = {}
    for part in header.split(", "):
        url, rel = re.fullmatch(r'<([^<>, ]+)>; rel="(next|prev)"', part).groups()
        assert url.startswith("http"), f"masto.js throws on a relative URL: {url}"
        assert re.search(r"[?&](max_id|min_id)=[0-9]+(&|$)", url), f"Ice Cubes reads max_id=[0-9]+: {url}"
        links[rel] = url
    return links


def ids(items):
    return [item["id"] for item in items]


def check_dates_and_ids(value, name=""):
    """Walks an answer: every date has three fraction digits and Z, every id is decimal digits in a string."""
    if isinstance(value, dict):
        for key, inner in value.items():
            check_dates_and_ids(inner, key)
    elif isinstance(value, list):
        for inner in value:
            check_dates_and_ids(inner, name)
    elif value is not None and (name.endswith("_at") or name == "expires_at"):
        if name == "last_status_at":
            assert re.fullmatch(r"\d{4}-\d\d-\d\d", value), f"{name}: {value}"
        elif not isinstance(value, int):
            assert DATE.match(value), f"{name}: {value}"
    elif value is not None and (name == "id" or name.endswith("_id")) and name not in ("client_id", "application_id"):
        assert isinstance(value, str) and ID.match(value), f"{name}: {value!r}"
