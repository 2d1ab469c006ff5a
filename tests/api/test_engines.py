"""A community on servers: what an operator gets wrong there, and what tools do with it."""

import os
import pathlib
import subprocess

import pytest
import requests

from community import Community, Person, befriend, wait_until
from server import FOLDER, PROGRAM, SHAPE, Server

pytestmark = pytest.mark.skipif(SHAPE != "servers", reason="needs the engines")


def run(server, *words, **settings):
    return subprocess.run([PROGRAM, *words], capture_output=True, text=True, timeout=120, check=False,
                          stdin=subprocess.DEVNULL, env=server.environment | settings)


def refused(server, data="other", **settings):
    """The one sentence with which a start is refused."""
    done = run(server, "serve", "--data", str(server.folder / data), "--listen", "127.0.0.1:0", **settings)
    lines = [line for line in done.stderr.splitlines() if not line.startswith("{")]
    assert done.returncode in (1, 2) and len(lines) == 1 and lines[0].startswith("kith: "), done.stderr
    return lines[0].removeprefix("kith: ")


@pytest.fixture(scope="module")
def apart():
    return Server("apart")


@pytest.fixture(scope="module")
def wrong_password():
    file = pathlib.Path(FOLDER / "wrong-password")
    file.write_text("wrong\n")
    return str(file)


@pytest.mark.parametrize("setting", ["postgres", "keys", "cassandra", "kafka", "redis"])
def test_wrong_password_names_the_setting(apart, wrong_password, setting):
    said = refused(apart, **{f"KITH_{setting.upper()}_PASSWORD_FILE": wrong_password})
    assert f"{setting}_password_file" in said and "127.0.0.1:" in said, said


@pytest.mark.parametrize("setting, address", [
    ("postgres", "postgresql://kith@127.0.0.1:1/kith"), ("cassandra", "127.0.0.1:1"), ("kafka", "127.0.0.1:1"),
    ("redis", "redis://127.0.0.1:1")])
def test_server_that_is_away_names_the_setting(apart, setting, address):
    said = refused(apart, **{f"KITH_{setting.upper()}_SERVERS": address})
    assert f"{setting}_servers" in said and "127.0.0.1:1" in said, said


def test_keys_lie_apart_from_what_they_open(apart):
    assert refused(apart, KITH_ENGINES_KEYS="embedded").endswith("name a database for the keys in keys_server")
    said = refused(apart, KITH_KEYS_SERVER=apart.settings["KITH_POSTGRES_SERVERS"])
    assert "name one in keys_server that holds nothing else" in said
    nobody = refused(apart, KITH_KEYS_SERVER="postgresql://kith@127.0.0.1:1/keys")
    assert "cannot be reached at 127.0.0.1:1/keys (keys_server)" in nobody


def test_processes_on_empty_folders_are_one_community():
    """Nothing lies in a data folder, so a second one needs but the server's key."""
    first = Server("first").start()
    second = Server("second")
    assert not list(first.data.glob("**/CURRENT")), "a database in the data folder"
    folder = second.settings | {"KITH_SERVER_KEY": str(first.data / "server.key")}
    second.environment |= {name: first.settings.get(name, value) for name, value in folder.items()}
    assert "server.key is missing" in refused(second, KITH_SERVER_KEY="")
    second.start()
    try:
        ada, bob = Community(first).people("ada", "bob")
        beside = {person: Person(second.url, person.name, person.token) for person in (ada, bob)}
        befriend(ada, bob)
        for writes, reads in ((ada, beside[bob]), (beside[ada], bob)):
            words = writes.write(f"By {writes.name}", visibility="private")["content"]
            wait_until(lambda: words in [each["content"] for each in reads.home()], seconds=20)
        first.stop()
        assert beside[bob].write("Alone now")["content"] == "<p>Alone now</p>"
    finally:
        first.stop()
        second.stop()


def test_keyspace_that_is_not_there_is_not_guessed(apart):
    assert "cassandra_keyspace" in refused(apart, KITH_CASSANDRA_KEYSPACE="nowhere")


def test_migrate_makes_everything_once():
    server = Server("migrated")
    first = run(server, "migrate").stdout.splitlines()
    assert any("Cassandra" in line for line in first) and any("127.0.0.1" in line for line in first), first
    again = run(server, "migrate")
    assert (again.returncode, again.stdout) == (0, ""), again.stdout + again.stderr


def test_tools_beside_and_without_the_server():
    server = Server("tools").start()
    ada, bob = Community(server).people("ada", "bob")
    bob.open_up()
    ada.do("follow", bob)
    words = bob.write("Hello from afar")["content"]
    metrics = requests.get(server.url + "/metrics", timeout=10).text
    data = ("--data", str(server.data))
    for when in "beside it", "without it":
        checked = run(server, "fsck", *data)
        assert (checked.returncode, checked.stdout) == (0, ""), when + checked.stdout + checked.stderr
        rebuilt = run(server, "rebuild", *data)
        assert rebuilt.returncode == 0 and "timeline: " in rebuilt.stdout, rebuilt.stderr
        if when == "beside it":
            server.stop()
    compacted = run(server, "compact", *data)
    assert "All tables lie on servers" in compacted.stderr and compacted.returncode != 0
    # Elsewhere it would seem to be empty.
    assert "engines_wide is embedded: set it to cassandra" in refused(server, "data", KITH_ENGINES_WIDE="embedded")
    server.start()
    assert [each["content"] for each in ada.home()] == [words]
    for name in "kith_postgres_calls", "kith_cassandra_calls", "kith_kafka_appended", "kith_keys_calls":
        assert name in metrics, name
    for engine in "postgresql", "cassandra", "kafka", "redis":
        assert f'kith_engine_total{{engine="{engine}",outcome="ok"' in metrics, engine
    server.stop()


def test_import_fills_servers_too():
    server = Server("imported")
    done = run(server, "import", "network", "--data", str(server.data), "--users", "30", "--follows", "5", "--posts",
               "40", "--seed", "7")
    assert done.returncode == 0 and "made 30 accounts" in done.stdout, done.stderr
    assert os.listdir(server.data)
    checked = run(server, "fsck", "--data", str(server.data))
    assert (checked.returncode, checked.stdout) == (0, ""), checked.stdout + checked.stderr
