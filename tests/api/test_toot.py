"""toot, the client for terminals: log-in by its browser flow, then its commands."""

import json
import os
import pathlib
import re
import subprocess
import sys

import pytest
from click.testing import CliRunner
from toot.cli import cli

from browser import code_for
from community import wait_until
from server import FOLDER


class Toot:
    def __init__(self, name):
        self.home = FOLDER / "toot" / name
        self.home.mkdir(parents=True)
        self.env = os.environ | {"XDG_CONFIG_HOME": str(self.home), "HOME": str(self.home), "NO_COLOR": "1"}
        self.program = pathlib.Path(sys.executable).with_name("toot")

    def __call__(self, *words):
        """A command as typed; within this process, for starting toot takes longer than what it does."""
        done = CliRunner().invoke(cli, words, env=self.env, prog_name="toot")
        assert done.exit_code == 0, f"toot {words}: {done.output}{done.exception!r}"
        return done.output

    def json(self, *words):
        return json.loads(self(*words, "--json"))

    def log_in(self, url, person):
        """It prints an address, waits for the code that the browser shows there."""
        running = subprocess.Popen([self.program, "login", "--instance", url], env=self.env, text=True,
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        try:
            address = None
            for line in running.stdout:
                if line.startswith(url + "/oauth/authorize"):
                    address = line.strip()
                    break
            assert address, "toot printed no address"
            out, _ = running.communicate(f"n\n{code_for(address, person.name)}\n", timeout=60)
            assert running.returncode == 0 and "Successfully logged in" in out, out
        finally:
            if running.poll() is None:
                running.kill()


@pytest.fixture(scope="module")
def pair(community):
    ada, bob = community.friends("ada", "bob")
    toot = Toot("ada")
    toot.log_in(community.url, ada)
    return toot, ada, bob


def test_whoami(pair):
    toot, ada, _ = pair
    assert f"@{ada.name}" in toot("whoami")


def test_post_reply_favourite_reblog_delete(pair):
    toot, ada, bob = pair
    post = toot.json("post", "From a terminal")
    assert bob.home(limit=1)[0]["id"] == post["id"]
    reply = toot.json("post", "And more", "--reply-to", post["id"])
    assert reply["in_reply_to_id"] == post["id"]
    other = bob.write("Bob is here", visibility="public")
    toot("favourite", other["id"])
    toot("reblog", other["id"])
    seen = bob.get(f"/api/v1/statuses/{other['id']}")
    assert seen["favourites_count"] == 1 and seen["reblogs_count"] == 1
    assert ada.name in toot("reblogged_by", other["id"])
    toot("unfavourite", other["id"])
    toot("unreblog", other["id"])
    seen = bob.get(f"/api/v1/statuses/{other['id']}")
    assert seen["favourites_count"] == 0 and seen["reblogs_count"] == 0
    toot("bookmark", other["id"])
    assert "Bob is here" in toot("bookmarks")
    toot("unbookmark", other["id"])
    toot("pin", post["id"])
    toot("unpin", post["id"])
    toot("delete", reply["id"])
    bob.get(f"/api/v1/statuses/{reply['id']}", expect=404)


def test_timelines_show_what_friends_post(pair):
    toot, _, bob = pair
    bob.write("Terminal reading #toottag", visibility="public")
    assert "Terminal reading" in toot("timelines", "home", "--no-pager", "--no-clear")
    assert "Terminal reading" in toot("timelines", "public", "--no-pager", "--no-clear")
    assert "Terminal reading" in toot("timelines", "tag", "--no-pager", "--no-clear", "toottag")
    assert "Terminal reading" in toot("timelines", "account", "--no-pager", "--no-clear", bob.name)


def test_older_timeline_command_and_thread(pair):
    toot, _, bob = pair
    post = bob.write("Start of a thread")
    bob.write("End of a thread", in_reply_to_id=post["id"])
    assert "Start of a thread" in toot("timeline", "--once")
    out = toot("thread", post["id"])
    assert "Start of a thread" in out and "End of a thread" in out
    assert "Start of a thread" in toot("status", post["id"])


def test_finds_follows_and_unfollows(community, pair):
    toot, ada, _ = pair
    carl = community.person("carl").open_up()
    assert f"@{carl.name}" in toot("search", carl.name)
    toot("follow", carl.name)
    assert ada.to(carl)["following"]
    assert f"@{carl.name}" in toot("following", ada.name)
    assert f"@{ada.name}" in toot("followers", carl.name)
    toot("unfollow", carl.name)
    assert not ada.to(carl)["following"]


def test_mutes_blocks_and_unblocks_by_search(community, pair):
    toot, ada, _ = pair
    carl = community.person("carl")
    toot("mute", carl.name)
    assert carl.name in toot("muted")
    toot("unmute", carl.name)
    toot("block", carl.name)
    assert carl.name in toot("blocked")
    assert ada.to(carl)["blocking"]
    toot("unblock", carl.name)
    assert not ada.to(carl)["blocking"]


def test_lists_and_tags(pair):
    toot, _, bob = pair
    toot("lists", "create", "Terminal list")
    toot("lists", "add", "Terminal list", bob.name)
    bob.write("For the list")
    assert bob.name in toot("lists", "accounts", "Terminal list")
    assert "For the list" in toot("timelines", "list", "--no-pager", "--no-clear", "Terminal list")
    toot("lists", "remove", "Terminal list", bob.name)
    toot("lists", "delete", "Terminal list")
    toot("tags", "follow", "terminals")
    assert "terminals" in toot("tags", "followed")
    toot("tags", "unfollow", "terminals")


def test_notifications_instance_and_follow_requests(community, pair):
    toot, ada, bob = pair
    post = ada.write("Like this")
    bob.act("favourite", post)
    assert bob.name in toot("notifications")
    ada.do("follow", bob, notify="true")
    news = bob.write("News", visibility="public")
    ada.act("reblog", news)
    bob.put(f"/api/v1/statuses/{news['id']}", status="Corrected news")
    wait_until(lambda: "edited a post" in toot("notifications") and "posted a status" in toot("notifications"))
    assert re.search(r"kith", toot("instance"))
    dora = community.person("dora")
    dora.do("follow", ada)
    assert dora.name in toot("follow-requests", "list")
    toot("follow-requests", "accept", dora.name)
    assert ada.to(dora)["following"] and ada.to(dora)["followed_by"]

