"""People and what they do, made through the public API alone."""

import itertools
import time

from client import Client, ask

SCOPES = "read write follow push"
OUT_OF_BAND = "urn:ietf:wg:oauth:2.0:oob"
PASSWORD = "correct horse battery"
_number = itertools.count(1)


class Person(Client):
    def __init__(self, base, name, token):
        super().__init__(base, token)
        self.name = name
        self.email = f"{name}@example.org"
        self.account = self.get("/api/v1/accounts/verify_credentials")
        self.id = self.account["id"]

    def __repr__(self):
        return self.name

    def write(self, text="Hello", **form):
        return self.post("/api/v1/statuses", status=text, **form)

    def home(self, **params):
        return self.get("/api/v1/timelines/home", **params)

    def to(self, other):
        return self.get("/api/v1/accounts/relationships", **{"id[]": other.id})[0]

    def do(self, verb, other, **form):
        """follow, block, befriend ...: the relationship after it."""
        return self.post(f"/api/v1/accounts/{other.id}/{verb}", **form)

    def act(self, verb, status, **form):
        """favourite, reblog, pin ...: the status after it."""
        return self.post(f"/api/v1/statuses/{status['id']}/{verb}", **form)

    def open_up(self):
        """From now on a follow needs no asking."""
        self.patch("/api/v1/accounts/update_credentials", locked="false")
        return self


class Community:
    """A running server and the app through which people come."""

    def __init__(self, server):
        self.server = server
        self.url = server.url
        self.nobody = Client(self.url)
        self.app = self.nobody.post("/api/v1/apps", client_name="suite", redirect_uris=OUT_OF_BAND, scopes=SCOPES)
        self.app_token = self.nobody.post("/oauth/token", grant_type="client_credentials",
                                          client_id=self.app["client_id"], client_secret=self.app["client_secret"],
                                          redirect_uri=OUT_OF_BAND, scope=SCOPES)["access_token"]

    def fresh_name(self, stem="p"):
        return f"{stem}{next(_number)}"

    def person(self, stem="p"):
        name = self.fresh_name(stem)
        token = Client(self.url, self.app_token).post("/api/v1/accounts", username=name, email=f"{name}@example.org",
                                                      password=PASSWORD, agreement="true", locale="en")
        return Person(self.url, name, token["access_token"])

    def people(self, *stems):
        return [self.person(stem) for stem in stems]

    def friends(self, *stems):
        """People who are all friends of the first."""
        people = self.people(*stems)
        for other in people[1:]:
            befriend(people[0], other)
        return people


def befriend(one, other):
    one.do("follow", other)
    tie = other.post(f"/api/v1/follow_requests/{one.id}/authorize")
    assert tie["following"] and tie["followed_by"], tie


def follow(one, other):
    """A plain follow; the other one must be open."""
    tie = one.do("follow", other)
    assert tie["following"] and not tie["followed_by"], tie


def wait_until(true, seconds=20):
    """For what follows by events; never for what must be seen at once."""
    until = time.monotonic() + seconds
    while not true() and time.monotonic() < until:
        time.sleep(0.02)
    assert true()
