"""Five roles as processes: what an operator gets wrong, what is said while a part is away, and restarts."""

import itertools
import subprocess
import threading
import time

import pytest
import requests

from certificates import Authority
from community import Community
from server import PROGRAM, ROLLING, SHAPE, Server

pytestmark = pytest.mark.skipif(SHAPE != "roles" or ROLLING, reason="needs the engines and five roles of its own")


def refused(server, *words, **settings):
    """The one sentence with which a start is refused."""
    done = subprocess.run([PROGRAM, "serve", "--data", str(server.folder / "refused"), "--listen", "127.0.0.1:0", *words],
                          capture_output=True, text=True, timeout=60, check=False, stdin=subprocess.DEVNULL,
                          env=server.environment | settings)
    lines = [line for line in done.stderr.splitlines() if line.startswith("kith: ")]
    assert done.returncode in (1, 2) and len(lines) == 1, done.stderr
    return lines[0].removeprefix("kith: ")


@pytest.fixture(scope="module")
def apart():
    server = Server("apart").start()
    yield server
    server.stop()


def test_what_is_wrong_with_a_role_names_the_setting(apart):
    assert "did you mean 'timeline'?" in refused(apart, "--roles", "timelin")
    said = refused(apart, "--roles", "timeline", KITH_RPC_SOCIAL="")
    assert said == "roles is 'timeline', but rpc_social names no process that does social"
    listen = {"KITH_RPC_LISTEN": "tcp:127.0.0.1:0"}
    said = refused(apart, "--roles", "timeline", **listen, **apart.authority.issue("timeline", days=-1))
    assert said.startswith("rpc_certificate: the certificate in ") and " expired on " in said
    said = refused(apart, "--roles", "timeline", **listen, **apart.authority.issue("social"))
    assert "does not name timeline.kith.internal" in said and "rpc_domain" in said
    foreign = Authority(apart.folder / "foreign", "somebody else")
    said = refused(apart, "--roles", "timeline", **listen, **apart.authority.issue("timeline") |
                   {"KITH_RPC_AUTHORITY": str(foreign.certificate)})
    assert said.startswith("rpc_authority: ") and "was not issued by an authority" in said
    said = refused(apart, "--roles", "timeline", KITH_RPC_KEY="/nowhere.key")
    assert said == "rpc_key: the file /nowhere.key cannot be read"


def test_readiness_tells_what_is_away(apart):
    ada = Community(apart).person("ada")
    assert requests.get(apart.url + "/health/ready", timeout=5).json() == {"status": "ready"}
    apart.stop(only="notifications1")
    try:
        answer = requests.get(apart.url + "/health/ready", timeout=20)
        assert answer.status_code == 200 and answer.json() == {"status": "degraded", "without": ["notifications"]}
        post = ada.write("The others go on")
        assert ada.home(limit=1)[0]["id"] == post["id"]
        apart.stop(only="social1")
        answer = requests.get(apart.url + "/health/ready", timeout=20)
        assert answer.status_code == 503 and "social" in answer.json()["error"]
    finally:
        for name in ("social1", "notifications1"):
            if name not in [running for running, _ in apart.running]:
                apart.start_role(name)
    apart.wait()
    assert ada.home(limit=1)[0]["id"] == post["id"]


def test_fsck_waits_for_the_events_of_every_role(apart):
    ben, cleo = Community(apart).people("ben", "cleo")
    apart.kill("notifications1")  # what it has to follow is given to others only when it is missed
    ben.do("follow", cleo)
    apart.start_role("notifications1", until_serving=True)
    done = subprocess.run([PROGRAM, "fsck", "notifications", "--data", str(apart.data)], capture_output=True, text=True,
                          timeout=120, check=False, env=apart.environment)
    assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr
    assert [each["type"] for each in cleo.get("/api/v1/notifications")] == ["follow_request"]


def test_rolling_restarts_fail_no_request():
    server = Server("rolling", copies=2).start()
    failures, written, over = [], [], threading.Event()

    def use(person):
        headers = {"Authorization": f"Bearer {person.token}"}
        for number in itertools.count():
            if over.is_set():
                return
            try:
                post = requests.post(server.url + "/api/v1/statuses", timeout=20, headers=headers,
                                     data={"status": f"{person.name} {number}"})
                home = requests.get(server.url + "/api/v1/timelines/home", timeout=20, headers=headers)
                seen = requests.get(server.url + "/api/v1/notifications", timeout=20, headers=headers)
                failures.extend((each.status_code, each.text[:200]) for each in (post, home, seen)
                                if each.status_code != 200)
                if post.status_code == 200:
                    written.append((person, post.json()["id"]))
            except requests.RequestException as failure:
                failures.append((0, str(failure)))

    try:
        community = Community(server)
        people = [community.person(name) for name in ("ada", "bob", "cem")]
        threads = [threading.Thread(target=use, args=(person,)) for person in people]
        for thread in threads:
            thread.start()
        for name in list(server.ports):
            before = len(written)
            server.restart(name)
            deadline = time.monotonic() + 60
            while len(written) < before + 5 and time.monotonic() < deadline:
                time.sleep(0.05)
        over.set()
        for thread in threads:
            thread.join()
        assert failures == []
        for person in people:
            mine = [each for who, each in written if who is person]
            assert len(mine) == len(set(mine))
            pages = person.pages(f"/api/v1/accounts/{person.id}/statuses", limit=40)
            listed = {status["id"] for page in pages for status in page}
            assert listed == set(mine)
    finally:
        over.set()
        server.stop()
