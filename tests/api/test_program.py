"""What an operator gets wrong: one sentence, an exit code that is not zero, and nothing lost."""

import email
import json
import os
import signal
import socket
import subprocess
import time

import pytest
import requests

from server import PROGRAM, SHAPE, Server

pytestmark = pytest.mark.skipif(SHAPE != "one", reason="the command line is the same in every shape")


@pytest.fixture
def folder(tmp_path):
    return tmp_path


def refused(*words, **environment):
    done = subprocess.run([PROGRAM, *map(str, words)], capture_output=True, text=True, timeout=30, check=False,
                          stdin=subprocess.DEVNULL, env=os.environ | environment)
    lines = [line for line in done.stderr.splitlines() if not line.startswith("{")]
    assert done.returncode not in (0, -signal.SIGABRT, -signal.SIGSEGV), done.stderr
    assert len(lines) == 1 and lines[0].startswith("kith: "), done.stderr
    return lines[0].removeprefix("kith: ")


def test_settings_file(folder):
    file = folder / "kith.toml"
    serve = ("serve", "--data", folder / "data", "--settings", file)
    assert refused(*serve) == f"Cannot read the settings file {file}: No such file or directory"
    file.write_text('sign_upp = "open"\n')
    assert refused(*serve) == f"{file}:1: unknown setting 'sign_upp': did you mean 'sign_up'?"
    file.write_text('\nthreads = "many"\n')
    assert refused(*serve).startswith(f"{file}:2: threads must be a number from 0 to 256")
    file.write_text("listen = [")
    assert refused(*serve).startswith(f"{file}:1: this is not TOML")
    assert not (folder / "data").exists()


def test_unknown_words(folder):
    assert refused("servee") == 'There is no command "servee"; kith --help lists those there are'
    assert refused("serve", "--dat", "x") == "kith serve has no option --dat; kith serve --help shows those it has"
    assert refused("serve", "now") == 'kith serve takes no "now"; kith serve --help shows what it takes'
    assert refused("admin", "acount") == 'There is no command "admin acount"; kith admin --help lists those there are'
    both = refused("admin", "token", "create", "ada", "--all", "--data", folder)
    assert both == "Name exactly one account, or --all"
    core = refused("serve", "--data", folder, "--roles", "core", "--rpc-folder", "127.0.0.1:5000")
    assert core == "--rpc-folder is '127.0.0.1:5000', but must be a folder of this machine"
    listen = refused("serve", "--data", folder, "--listen", "here")
    assert listen == "--listen is 'here', but must be HOST:PORT, such as 127.0.0.1:8080"


def test_unknown_variable_is_only_logged():
    server = Server("unknown-variable", KITH_SIGNUP="open").start()
    server.stop()
    told = [json.loads(line)["what"] for line in server.log("server").splitlines() if line.startswith("{")]
    assert "KITH_SIGNUP in the environment is no setting: did you mean KITH_SIGN_UP?" in told


def test_folder_that_is_not_there(folder):
    for words in (["fsck"], ["rebuild"], ["compact"], ["admin", "token", "create", "ada"],
                  ["admin", "account", "suspend", "ada"]):
        assert refused(*words, "--data", folder / "no") == f"There is no data folder of kith at {folder}/no"
        # Where it is may also come from the environment, as of every setting.
        assert refused(*words, KITH_DATA=str(folder / "no")) == f"There is no data folder of kith at {folder}/no"
    assert not (folder / "no").exists()
    assert refused("serve", "--data", "/proc/no").startswith("The data folder /proc/no cannot be made: ")


def test_account_that_is_not_confirmed_waits_for_its_mail(folder):
    def admin(*words):
        done = subprocess.run([PROGRAM, "admin", "account", *words, "--data", folder / "data"], capture_output=True, text=True,
                              timeout=30, check=True, stdin=subprocess.DEVNULL, env=os.environ | {"KITH_BASE_URL": "https://kith.example"})
        return done.stdout.strip()
    waits = "; it waits for the confirmation of its e-mail address"
    assert admin("create", "ada", "--email", "ada@example.org", "--password", "long enough 123").endswith(waits)
    letter = email.message_from_bytes(next((folder / "data/mail").rglob("*.eml")).read_bytes())
    assert "https://kith.example/confirm?code=" in letter.get_payload(decode=True).decode()
    assert admin("approve", "ada") == "@ada is approved" + waits


def test_folder_of_somebody_else(folder):
    server = Server("in-use").start()
    said = refused("serve", "--data", server.data, "--listen", "127.0.0.1:0")
    assert said.startswith(f"The data folder {server.data} is in use by another process")
    assert refused("import", "network", "--data", server.data, "--users", "2", "--follows", "1", "--posts", "1",
                   "--seed", "1") == f"The data folder {server.data} is being served; stop that server first"
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        said = refused("serve", "--data", folder / "data", "--listen", address)
        assert said == f"{address} is in use by another program: stop it, or listen on another port"
    server.stop()
    (server.data / "format").write_text("7\n")
    said = refused("serve", "--data", server.data, "--listen", "127.0.0.1:0")
    assert said == (f"The data folder {server.data} was written by a newer version of kith "
                    "(format 7, this program knows 1)")
    (server.data / "format").write_text("1\n")
    server.start()
    server.stop()


def test_import_files(folder):
    graph, posts = folder / "graph", folder / "posts"
    demo = ("demo", "--data", folder / "data", "--listen", "127.0.0.1:0", "--graph", graph)
    assert refused(*demo) == "--graph and --posts go together; --posts FILE is missing"
    assert refused(*demo, "--posts", posts) == f"The graph file {graph} is not there"
    graph.write_text("# who knows whom\n1 2\nfoo\n2 3 x\n4 4\n1 3\n")
    assert refused(*demo, "--posts", posts) == f"The posts file {posts} is not there"
    posts.write_text('topic,title,text\nw,One,first\nbad\nw,Two,"the ""second"""\n')
    process = subprocess.Popen([PROGRAM, *map(str, demo), "--posts", posts], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL)
    ready = process.stdout.readline()
    process.terminate()
    _, told = process.communicate(timeout=30)
    assert ready.startswith("The community is ready: 4 people, 2 friendships, 2 posts")
    assert f"{graph}: 2 lines were not understood and left out: line 3 (not two numbers), line 4 (not two numbers)" in told
    assert f"{graph}: 1 ties of people with themselves and 0 doubles were left out" in told
    assert f"{posts}: 1 line was not understood and left out: line 3 (1 fields instead of 3)" in told


def test_disk_that_is_full():
    """What is free, less a gibibyte, counts as full, and then two gibibytes are taken."""
    server = Server("full-disk")
    disk = os.statvfs(server.folder)
    free = (disk.f_bavail if os.geteuid() else disk.f_bfree) * disk.f_frsize
    if not 4 << 30 < free < 1 << 40:
        pytest.skip("this disk has too little room to play with, or too much")
    server.environment["KITH_STORAGE_FREE_MIN"] = f"{free - (1 << 30)} B"
    server.start()
    server.admin("account", "create", "ada", "--email", "ada@example.org", "--password", "long enough 123", "--confirmed")
    token = server.admin("token", "create", "ada").strip()

    def post(text):
        return requests.post(server.url + "/api/v1/statuses", {"status": text}, timeout=30,
                             headers={"Authorization": f"Bearer {token}"})

    def answered_200():
        answer = post(f"number {len(kept) + 1}")
        if answer.status_code == 200:
            kept.insert(0, answer.json()["content"])
            return True
        assert answer.status_code == 503 and answer.json()["error"], answer.text
        return False

    def texts():
        return [each["content"] for each in requests.get(server.url + "/api/v1/timelines/public", timeout=30).json()]

    kept = []
    assert answered_200()
    filler = server.folder / "filler"
    with open(filler, "wb") as file:
        os.posix_fallocate(file.fileno(), 0, 2 << 30)
    try:
        until = time.monotonic() + 10
        while answered_200():  # the disk is looked at now and then
            assert time.monotonic() < until, "a full disk was not noticed"
        # What follows from the last post, its place in the timeline, may be what found no room any more.
        assert texts() in (kept[:20], kept[1:21])
        assert server.stop() == [0]
        said = refused("serve", "--data", server.data, "--listen", "127.0.0.1:0",
                       KITH_STORAGE_FREE_MIN=server.environment["KITH_STORAGE_FREE_MIN"])
        assert said.startswith(f"The disk of the data folder {server.data} is full: ")
    finally:
        filler.unlink()
    server.start()
    assert answered_200()
    until = time.monotonic() + 10
    while texts() != kept[:20] and time.monotonic() < until:
        time.sleep(0.1)  # it comes by the log
    assert texts() == kept[:20]
    server.stop()
    done = subprocess.run([PROGRAM, "fsck", "--data", str(server.data)], capture_output=True, text=True, timeout=60,
                          check=False, env=server.environment)
    assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr
