"""Five roles as processes: what an operator gets wrong, what is said while a part is away, and restarts."""

import collections
import itertools
import os
import pathlib
import subprocess
import threading
import time

import grpc
import pytest
import requests

from certificates import Authority
from community import Community, befriend
from server import PROGRAM, ROLES, ROLLING, SHAPE, Server, free_port

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
    said = refused(apart, "--roles", "timeline", KITH_BASE_URL="")
    assert said == ("roles is 'timeline', but base_url does not say how people reach the community: set it, the same for "
                    "every process")
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


def test_any_grpc_client_is_understood(apart):
    """As operators use to look into a process: over mutual TLS, with gRPC's own library."""
    files = apart.authority.issue("gateway")
    read = {name: pathlib.Path(files["KITH_RPC_" + name]).read_bytes() for name in ("AUTHORITY", "KEY", "CERTIFICATE")}
    place = f"localhost:{apart.ports['social1']}"
    known = grpc.ssl_channel_credentials(read["AUTHORITY"], read["KEY"], read["CERTIFICATE"])
    names = [("grpc.ssl_target_name_override", "social.kith.internal")]
    with grpc.secure_channel(place, known, options=names) as channel:
        assert channel.unary_unary("/kith.users.Users/Stamps")(b"", timeout=20) == b""
        large = b"\xff" * (1 << 20)  # more than the window that HTTP/2 begins with
        with pytest.raises(grpc.RpcError) as failed:
            channel.unary_unary("/kith.users.Users/Stamps")(large, timeout=20)
        assert failed.value.code() == grpc.StatusCode.INVALID_ARGUMENT, failed.value
        assert failed.value.details() == "This request cannot be read"
        with pytest.raises(grpc.RpcError) as failed:
            channel.unary_unary("/kith.users.Users/Nowhere")(b"", timeout=20)
        assert failed.value.code() == grpc.StatusCode.UNIMPLEMENTED
        assert ("kith-code", "internal") in failed.value.trailing_metadata()
    nobody = grpc.ssl_channel_credentials(read["AUTHORITY"])
    with grpc.secure_channel(place, nobody, options=names) as channel, pytest.raises(grpc.RpcError) as failed:
        channel.unary_unary("/kith.users.Users/Stamps")(b"", timeout=20)
    assert failed.value.code() == grpc.StatusCode.UNAVAILABLE


def test_processes_find_each_other_by_consul():
    server = Server("found")
    server.environment |= {f"KITH_RPC_{role.upper()}": f"service:found-{role}" for role in ROLES}
    server.environment |= {"KITH_RPC_REGISTER": "found", "KITH_CONSUL_SERVER": os.environ["KITH_API_CONSUL"],
                           "KITH_CONSUL_TOKEN_FILE": os.environ["KITH_API_CONSUL_TOKEN_FILE"]}
    server.start()
    try:
        ada = Community(server).person("ada")
        ada.write("found")
        # Nobody is told of these but by Consul; then they are all there is.
        for role in ROLES:
            server.ports[f"{role}2"] = free_port(but=(server.port, *server.ports.values()))
            server.start_role(f"{role}2", until_serving=True)
        for role in ROLES:
            server.stop(only=f"{role}1")
        for number in range(10):
            ada.write(f"still {number}")
            assert len(ada.home()) == number + 2
        # As with an operator who forgot the address.
        said = refused(server, "--roles", "timeline", KITH_CONSUL_SERVER="")
        assert said == "Processes are looked up or registered in Consul, but consul_server names no Consul"
    finally:
        server.stop()


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


def test_a_home_page_is_three_calls(apart):
    urls = [apart.url]
    ports = [apart.port, *apart.ports.values()]
    for name in ("auth1", "social1", "timeline1"):
        ports.append(free_port(but=ports))
        urls.append(f"http://127.0.0.1:{ports[-1]}")
        apart.stop(only=name)
        apart.start_role(name, until_serving=True, KITH_OPERATIONS_LISTEN=f"127.0.0.1:{ports[-1]}")
    apart.wait()
    dan, eve = Community(apart).people("dan", "eve")
    befriend(dan, eve)
    for number in range(3):
        eve.write(f"Post {number}")
    dan.act("reblog", eve.write("Worth sharing"))

    def calls():
        made = collections.Counter()
        for url in urls:
            for line in requests.get(url + "/metrics", timeout=10).text.splitlines():
                if line.startswith("kith_rpc_total{") and 'side="client"' in line:
                    made[line.split('method="')[1].split('"')[0]] += int(float(line.split()[-1]))
        return made

    # Others may still follow what was written, and what is shown for the first time is asked for; then it is quiet.
    deadline = time.monotonic() + 60
    while True:
        before = calls()
        assert len(dan.home()) >= 4
        made = calls() - before
        if made == {"kith.auth.Auth/Check": 1, "kith.timeline.Timeline/Home": 1, "kith.pages.Pages/Statuses": 1}:
            return
        assert time.monotonic() < deadline, made


def test_gateways_count_together_how_often_somebody_asks(apart):
    ada, = Community(apart).people("ada")
    apart.ports["gateway2"] = free_port(but=tuple(apart.ports.values()))
    apart.start_role("gateway2", until_serving=True)
    try:
        if time.time() % 1800 > 1770:
            time.sleep(30)  # at the end of a window
        left = []
        for name in ("gateway1", "gateway2", "gateway2", "gateway1"):
            answer = requests.delete(f"http://127.0.0.1:{apart.ports[name]}/api/v1/statuses/1", timeout=20,
                                     headers={"Authorization": f"Bearer {ada.token}"})
            assert answer.status_code == 404, answer.text
            left.append(answer.headers["X-RateLimit-Remaining"])
        assert left == ["29", "28", "27", "26"]
    finally:
        apart.stop(only="gateway2")
        del apart.ports["gateway2"]


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
