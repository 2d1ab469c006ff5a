"""Settings that change while the server serves: in its file, and in Consul."""

import signal
import subprocess

import pytest
import requests

from client import Client
from community import PASSWORD, Community, wait_until
from consul import Settings
from server import PROGRAM, SHAPE, Server

SOON = 30  # seconds, of a busy machine


def registrations(server):
    return requests.get(server.url + "/api/v2/instance", timeout=10).json()["registrations"]


def metric(server, name):
    for line in requests.get(server.url + "/metrics", timeout=10).text.splitlines():
        if line.startswith(name + " "):
            return float(line.split()[1])
    return None


def ready(server):
    return requests.get(server.url + "/health/ready", timeout=10).json()


def join(server, community, name, expect):
    return Client(server.url, community.app_token).post("/api/v1/accounts", expect=expect, username=name,
                                                        email=f"{name}@example.org", password=PASSWORD, agreement="true")


def serve_with_file(name, text):
    """A server, its file of settings, and its process."""
    server = Server(name)
    file = server.folder / "kith.toml"
    file.write_text(text)
    server._run("server", "--listen", f"127.0.0.1:{server.port}", "--settings", str(file))
    server.wait()
    return server, file, server.running[0][1]


@pytest.mark.skipif(SHAPE != "one", reason="one process is enough to see it")
def test_the_file_is_read_again_at_a_hangup():
    server, file, process = serve_with_file("hangup", 'sign_up = "open"\n')
    try:
        community = Community(server)
        file.write_text('sign_up = "closed"\npost_characters_max = 20\n')
        process.send_signal(signal.SIGHUP)
        wait_until(lambda: registrations(server)["enabled"] is False, seconds=SOON)
        join(server, community, "late", expect=403)
        file.write_text('sign_up = "ajar"\n')
        process.send_signal(signal.SIGHUP)
        wait_until(lambda: metric(server, "kith_settings_refused") == 1, seconds=SOON)
        assert registrations(server)["enabled"] is False, "what was there before stays"
        wait_until(lambda: "must be open, approval or closed" in server.log("server"), seconds=SOON)
        assert ready(server) == {"status": "degraded", "without": ["settings"]}
        file.write_text('sign_up = "open"\n')
        process.send_signal(signal.SIGHUP)
        wait_until(lambda: registrations(server)["enabled"] is True, seconds=SOON)
        join(server, community, "soon", expect=200)
    finally:
        assert set(server.stop()) == {0}


@pytest.mark.skipif(SHAPE != "one", reason="one process is enough to see it")
def test_a_hangup_does_not_end_the_draining_of_a_server_that_stops():
    server, _, process = serve_with_file("draining", 'drain_for = "10 min"\n')
    try:
        process.send_signal(signal.SIGTERM)
        wait_until(lambda: requests.get(server.url + "/health/ready", timeout=10).status_code == 503, seconds=SOON)
        for _ in range(20):
            process.send_signal(signal.SIGHUP)
            assert requests.get(server.url + "/health/live", timeout=10).status_code == 200
    finally:
        assert set(server.stop()) == {0}, "the second SIGTERM means: now"


@pytest.fixture
def followed():
    """A server of one process with settings in Consul."""
    if SHAPE != "servers":
        pytest.skip("needs Consul")
    settings = Settings("followed")
    server = Server("followed", shape="one", **settings.told)
    yield server, settings
    assert set(server.stop()) <= {0}


def test_a_change_in_consul_is_applied_while_serving(followed):
    server, settings = followed
    settings.put(sign_up="approval", community_rules="Be kind, always\nNo spam")
    server.start()
    assert registrations(server)["approval_required"] is True
    rules = requests.get(server.url + "/api/v1/instance/rules", timeout=10).json()
    assert [rule["text"] for rule in rules] == ["Be kind, always", "No spam"]
    community = Community(server)
    settings.put(sign_up="closed")
    wait_until(lambda: registrations(server)["enabled"] is False, seconds=SOON)
    join(server, community, "late", expect=403)
    settings.delete("sign_up")
    wait_until(lambda: registrations(server)["enabled"] is True, seconds=SOON)
    ada = community.person("ada")
    settings.put(post_characters_max="10")
    wait_until(lambda: requests.get(server.url + "/api/v2/instance", timeout=10).json()["configuration"]["statuses"]
               ["max_characters"] == 10, seconds=SOON)
    ada.post("/api/v1/statuses", expect=422, status="Longer than ten")


def test_an_invalid_change_is_refused_and_told(followed):
    server, settings = followed
    settings.put(sign_up="closed")
    server.start()
    for name, text, why in (("sign_up", "ajar", "sign_up in Consul is 'ajar', but must be open, approval or closed"),
                            ("sing_up", "open", "sing_up in Consul is no setting: did you mean 'sign_up'?")):
        settings.put(**{name: text})
        wait_until(lambda: metric(server, "kith_settings_refused") == 1, seconds=SOON)
        assert registrations(server)["enabled"] is False, "what was there before stays"
        wait_until(lambda: f"{settings.folder}/{why}" in server.log("server"), seconds=SOON)
        assert ready(server) == {"status": "degraded", "without": ["settings"]}
        settings.delete(name)
        wait_until(lambda: metric(server, "kith_settings_refused") == 0, seconds=SOON)
        settings.put(sign_up="closed")
        wait_until(lambda: registrations(server)["enabled"] is False, seconds=SOON)
    assert ready(server) == {"status": "ready"}
    assert server.log("server").count("the changed settings are refused") == 2


def test_what_is_not_live_waits_for_the_next_start(followed):
    server, settings = followed
    server.start()
    settings.put(community_name="Elsewhere")
    wait_until(lambda: metric(server, "kith_settings_waiting") == 1, seconds=SOON)
    wait_until(lambda: "settings take effect at the next start" in server.log("server"), seconds=SOON)
    assert requests.get(server.url + "/api/v2/instance", timeout=10).json()["title"] == "kith"
    server.stop()
    server.start()
    assert requests.get(server.url + "/api/v2/instance", timeout=10).json()["title"] == "Elsewhere"


@pytest.mark.parametrize("wrong, said", [
    ({"KITH_CONSUL_SERVER": "http://127.0.0.1:1"}, "http://127.0.0.1:1 (consul_server)"),
    ({"KITH_CONSUL_TOKEN_FILE": "/nowhere/token"}, "consul_token_file"),
    ({"KITH_CONSUL_SERVER": ""}, "consul_server names no Consul"),
])
def test_a_start_without_them_is_refused_in_one_sentence(followed, wrong, said):
    server, _ = followed
    done = subprocess.run([PROGRAM, "serve", "--data", str(server.data), "--listen", "127.0.0.1:0"], capture_output=True,
                          text=True, timeout=60, check=False, stdin=subprocess.DEVNULL, env=server.environment | wrong)
    assert done.returncode in (1, 2) and done.stderr.startswith("kith: ") and done.stderr.count("\n") == 1, done.stderr
    assert said in done.stderr


def test_a_start_with_what_is_invalid_is_refused(followed):
    server, settings = followed
    settings.put(sign_up="ajar")
    done = subprocess.run([PROGRAM, "settings"], capture_output=True, text=True, timeout=60, check=False,
                          stdin=subprocess.DEVNULL, env=server.environment)
    assert done.returncode == 2 and f"{settings.folder}/sign_up in Consul" in done.stderr, done.stderr
