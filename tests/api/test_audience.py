"""Who may see what: every read path, every audience, everybody. And changes are effective on the next read."""

import pytest

from client import Client, ids
from community import Community, befriend, follow, wait_until

READERS = ("author", "friend", "follower", "close", "fof", "listed", "stranger", "blocked", "blocker", "anonymous",
           "suspended", "excepted")
FRIENDS = {"friend", "close", "listed", "excepted"}
EVERYBODY = set(READERS) - {"blocked", "blocker", "suspended"}

# Whom each rule lets in, beside the author. A suspended person's token opens nothing at all.
MAY_SEE = {
    "public": EVERYBODY,
    "unlisted": EVERYBODY,
    "private": FRIENDS | {"follower"},
    "friends": FRIENDS,
    "friends_except": FRIENDS - {"excepted"},
    "close": {"close"},
    "friends_of_friends": FRIENDS | {"fof"},
    "list": {"listed"},
    "only_me": set(),
    "direct": {"stranger"},  # who is mentioned
}
WORD = {"public": "public", "unlisted": "unlisted", "direct": "direct"}  # all others go out as private


class World:
    """The author, somebody of each kind, and one post of each audience with everything on it that shows people."""

    def __init__(self, community: Community):
        self.people = {who: community.person(who) for who in READERS if who != "anonymous"}
        author = self.author = self.people["author"]
        for who in FRIENDS:
            befriend(author, self.people[who])
        befriend(self.people["friend"], self.people["fof"])
        author.open_up()
        follow(self.people["follower"], author)
        author.patch("/api/v1/accounts/update_credentials", locked="true")
        author.do("close", self.people["close"])
        self.list = author.post("/api/v1/lists", title="Few")
        author.post(f"/api/v1/lists/{self.list['id']}/accounts", **{"account_ids[]": self.people["listed"].id})
        self.tag = author.name + "tag"
        befriend(author, self.people["suspended"])
        self.witness = community.person("witness")
        self.readers = dict(self.people) | {"anonymous": Client(community.url)}
        # Each reader keeps a list with the author in it, where that can be.
        self.lists = {}
        for who, person in self.people.items():
            if who != "author" and person.to(author)["following"]:
                made = person.post("/api/v1/lists", title="Author")
                person.post(f"/api/v1/lists/{made['id']}/accounts", **{"account_ids[]": author.id})
                self.lists[who] = made["id"]
        self.posts = {rule: self.write(rule) for rule in MAY_SEE}
        author.do("block", self.people["blocked"])
        self.people["blocker"].do("block", author)
        community.server.admin("account", "suspend", self.people["suspended"].name)

    def write(self, rule, **more):
        form = {"audience[rule]": rule} | more
        if rule == "list":
            form["audience[list]"] = self.list["id"]
        if rule == "friends_except":
            form["audience[except][]"] = self.people["excepted"].id
        text = f"For {rule} #{self.tag}"
        if rule == "direct":
            text += f" @{self.people['stranger'].name}"
        return self.author.post("/api/v1/statuses", status=text, **form)

    def sees(self, who, rule):
        return who == "author" or who in MAY_SEE[rule]


@pytest.fixture(scope="module")
def world(community):
    return World(community)


def status_or_none(reader, path, **params):
    """The JSON, or None for what may not be seen; a refused reader sees nothing."""
    answer = reader.ask("GET", path, params=params or None)
    if answer.status_code in (401, 403, 404):
        return None
    assert answer.status_code == 200, answer.text
    return answer.json()


readers = pytest.mark.parametrize("who", READERS)
rules = pytest.mark.parametrize("rule", MAY_SEE)


def expected(world, who, rules_shown=MAY_SEE):
    return {rule for rule in rules_shown if world.sees(who, rule)}


def seen(world, statuses):
    by_id = {post["id"]: rule for rule, post in world.posts.items()}
    return {by_id[status["id"]] for status in statuses or [] if status["id"] in by_id}


@readers
def test_single_post(world, who):
    reader = world.readers[who]
    for rule, post in world.posts.items():
        shown = status_or_none(reader, f"/api/v1/statuses/{post['id']}")
        assert (shown is not None) == world.sees(who, rule), f"{who} reads {rule}"
        if shown:
            assert shown["visibility"] == WORD.get(rule, "private") and shown["kith"]["audience"] != ""


@readers
def test_unseen_post_is_404_as_if_it_were_not_there(world, who):
    reader = world.readers[who]
    if who == "suspended":
        return
    for rule, post in world.posts.items():
        if world.sees(who, rule):
            continue
        path = f"/api/v1/statuses/{post['id']}"
        for end in ("", "/context", "/history", "/favourited_by", "/reblogged_by", "/quotes"):
            missing = reader.get("/api/v1/statuses/1" + end, expect=404)
            assert reader.get(path + end, expect=404) == missing, f"{who} {rule} {end}"
        if who != "anonymous":
            reader.get(path + "/source", expect=404)
            for act in ("favourite", "bookmark", "reblog", "mute", "react", "unreblog"):
                reader.post(f"{path}/{act}", expect=404, kind="like")
            reader.post("/api/v1/statuses", expect=404, status="reply", in_reply_to_id=post["id"])
            reader.post("/api/v1/statuses", expect=404, status="quote", quoted_status_id=post["id"])
            reader.delete(path, expect=404)
            reader.put(path, expect=404, status="mine")


@readers
def test_batch(world, who):
    shown = status_or_none(world.readers[who], "/api/v1/statuses", **{"id[]": ids(world.posts.values())})
    assert seen(world, shown) == expected(world, who)


@readers
def test_profile(world, who):
    path = f"/api/v1/accounts/{world.author.id}/statuses"
    assert seen(world, status_or_none(world.readers[who], path, limit=40)) == expected(world, who)
    assert seen(world, status_or_none(world.readers[who], path, limit=40, tagged=world.tag)) == expected(world, who)


@readers
def test_profile_by_small_pages_shows_the_same(world, who):
    if who == "suspended":
        return
    pages = world.readers[who].pages(f"/api/v1/accounts/{world.author.id}/statuses", limit=2)
    assert seen(world, sum(pages, [])) == expected(world, who)


@readers
def test_home(world, who):
    if who == "anonymous":
        world.readers[who].get("/api/v1/timelines/home", expect=401)
        return
    ties = FRIENDS | {"follower", "author"}
    shown = seen(world, status_or_none(world.readers[who], "/api/v1/timelines/home", limit=40))
    # A direct post reaches its people by a notification; it may stand in the author's own feed.
    assert shown - {"direct"} == (expected(world, who) - {"direct"} if who in ties else set())
    assert shown <= expected(world, who)


@readers
def test_newsfeed(world, who):
    if who == "anonymous":
        world.readers[who].get("/api/v1/newsfeed", expect=401)
        return
    shown = status_or_none(world.readers[who], "/api/v1/newsfeed", limit=40)
    shown = seen(world, [item["status"] for item in shown["items"]]) if shown else set()
    home = seen(world, status_or_none(world.readers[who], "/api/v1/timelines/home", limit=40))
    assert shown == home


@readers
def test_list_timeline(world, who):
    if who not in world.lists:
        return
    shown = seen(world, status_or_none(world.readers[who], f"/api/v1/timelines/list/{world.lists[who]}", limit=40))
    assert shown - {"direct"} == expected(world, who) - {"direct"}


@readers
def test_public_and_tag_timelines_hold_only_public_posts(world, who):
    wanted = {"public"} if world.sees(who, "public") else set()
    for path in ("/api/v1/timelines/public", f"/api/v1/timelines/tag/{world.tag}"):
        assert seen(world, status_or_none(world.readers[who], path, limit=40)) == wanted, path


@readers
def test_search_finds_no_posts(world, who):
    found = status_or_none(world.readers[who], "/api/v2/search", q=world.tag)
    if found:
        assert found["statuses"] == []


@readers
def test_thread(world, who):
    """Answers to a post are seen by who may see the post, and by nobody else."""
    if who == "suspended":
        return
    for rule in ("public", "private", "friends", "close", "list", "only_me"):
        answer = world.author.write(f"answer under {rule}", in_reply_to_id=world.posts[rule]["id"])

        def is_below():
            context = status_or_none(world.readers[who], f"/api/v1/statuses/{world.posts[rule]['id']}/context")
            return context is not None and answer["id"] in ids(context["descendants"])

        if world.sees(who, rule):
            wait_until(is_below)  # it follows by events
        assert is_below() == world.sees(who, rule), f"{who} {rule}"
        above = status_or_none(world.readers[who], f"/api/v1/statuses/{answer['id']}/context")
        assert (above is not None) == world.sees(who, rule)
        if above:
            assert ids(above["ancestors"]) == [world.posts[rule]["id"]]
        world.author.delete(f"/api/v1/statuses/{answer['id']}")


@pytest.mark.parametrize("rule", ["friends", "close", "private", "list"])
def test_private_answer_under_a_restricted_post_has_the_roots_audience(world, rule):
    """Tusky sends `private` when it answers: that means the root's audience, not the answerer's followers."""
    answerer = world.people[{"close": "close", "list": "listed"}.get(rule, "friend")]
    outsider = world.people["fof"]  # a friend of `friend`, not of the author
    answer = answerer.write("Answer", in_reply_to_id=world.posts[rule]["id"], visibility="private")
    assert answer["visibility"] == "private"
    outsider.get(f"/api/v1/statuses/{answer['id']}", expect=404)
    world.author.get(f"/api/v1/statuses/{answer['id']}")
    for who in MAY_SEE[rule] - {"anonymous"}:
        world.people[who].get(f"/api/v1/statuses/{answer['id']}")
    answerer.delete(f"/api/v1/statuses/{answer['id']}")


def test_answer_can_be_narrower_than_a_public_root(world):
    friend = world.people["friend"]
    answer = friend.write("Between us", in_reply_to_id=world.posts["public"]["id"], visibility="direct")
    world.author.get(f"/api/v1/statuses/{answer['id']}")
    world.people["close"].get(f"/api/v1/statuses/{answer['id']}", expect=404)
    world.readers["anonymous"].get(f"/api/v1/statuses/{answer['id']}", expect=404)


def test_mention_in_an_answer_grants_nothing_beyond_the_root(world):
    stranger = world.people["stranger"]
    answer = world.people["friend"].write(f"@{stranger.name} look", in_reply_to_id=world.posts["friends"]["id"])
    stranger.get(f"/api/v1/statuses/{answer['id']}", expect=404)
    assert answer["id"] not in [n["status"]["id"] for n in stranger.get("/api/v1/notifications") if n["status"]]


@readers
def test_notifications_of_mentions_keep_to_the_audience(community, world, who):
    """Who was mentioned in a post for others only hears nothing of it."""
    if who in ("anonymous", "author", "suspended"):
        return
    person = world.people[who]
    post = world.author.post("/api/v1/statuses", status=f"@{person.name} hello", **{"audience[rule]": "only_me"})
    shown = [n["status"]["id"] for n in person.get("/api/v1/notifications") if n["status"]]
    assert post["id"] not in shown
    world.author.delete(f"/api/v1/statuses/{post['id']}")


def test_reactions_and_shares_of_who_blocks_or_is_blocked_are_hidden(world):
    stranger, friend = world.people["stranger"], world.people["friend"]
    post = world.author.write("React to this", visibility="public")
    friend.act("favourite", post)
    friend.act("reblog", post)
    for path in ("favourited_by", "reblogged_by"):
        assert ids(stranger.get(f"/api/v1/statuses/{post['id']}/{path}")) == [friend.id]
    stranger.do("block", friend)
    for path in ("favourited_by", "reblogged_by"):
        assert ids(stranger.get(f"/api/v1/statuses/{post['id']}/{path}")) == [], path
    stranger.do("unblock", friend)


# --- sharing and quoting what is restricted ---

@pytest.mark.parametrize("rule", ["private", "friends", "close", "friends_of_friends"])
def test_boosting_anothers_restricted_post_is_403(world, rule):
    who = "close" if rule == "close" else "friend"
    world.people[who].post(f"/api/v1/statuses/{world.posts[rule]['id']}/reblog", expect=403)


def test_sharing_within_the_audience_reaches_only_the_audience(world):
    friend = world.people["friend"]
    befriend(friend, world.people["close"])  # a share has its sharer's audience and its target's
    share = friend.post(f"/api/v1/statuses/{world.posts['friends']['id']}/reblog", within_audience="true")
    world.people["close"].get(f"/api/v1/statuses/{share['id']}")
    world.people["fof"].get(f"/api/v1/statuses/{share['id']}", expect=404)
    assert share["id"] not in ids(world.people["fof"].home(limit=40))
    friend.post(f"/api/v1/statuses/{world.posts['friends']['id']}/unreblog")


def test_share_vanishes_with_its_target(world):
    post = world.author.write("Shared, then narrowed", visibility="public")
    share = world.people["friend"].act("reblog", post)
    world.readers["anonymous"].get(f"/api/v1/statuses/{share['id']}")
    world.author.put(f"/api/v1/statuses/{post['id']}", **{"audience[rule]": "only_me"})
    world.readers["anonymous"].get(f"/api/v1/statuses/{share['id']}", expect=404)
    world.people["fof"].get(f"/api/v1/statuses/{share['id']}", expect=404)
    assert share["id"] not in ids(world.people["fof"].home(limit=40))
    assert share["id"] not in ids(world.people["fof"].get(f"/api/v1/accounts/{world.people['friend'].id}/statuses"))


def test_quote_of_what_a_reader_may_not_see_shows_no_words(world):
    post = world.author.write("Secret words", visibility="public")
    quote = world.people["friend"].write("Look at this", quoted_status_id=post["id"], visibility="public")
    assert "Secret words" in str(world.people["stranger"].get(f"/api/v1/statuses/{quote['id']}"))
    world.author.put(f"/api/v1/statuses/{post['id']}", **{"audience[rule]": "friends"})
    shown = world.people["stranger"].get(f"/api/v1/statuses/{quote['id']}")
    assert "Secret words" not in str(shown) and shown["quote"]["quoted_status"] is None
    assert "Secret words" in str(world.people["close"].get(f"/api/v1/statuses/{quote['id']}"))


# --- effective on the next read ---

def reads(reader, author, post):
    """On every path at once: single, batch, profile, thread, home, list of favourites and bookmarks."""
    paths = {
        "single": lambda: status_or_none(reader, f"/api/v1/statuses/{post['id']}") is not None,
        "batch": lambda: post["id"] in ids(status_or_none(reader, "/api/v1/statuses", **{"id[]": post["id"]})),
        "profile": lambda: post["id"] in ids(reader.get(f"/api/v1/accounts/{author.id}/statuses")),
        "thread": lambda: status_or_none(reader, f"/api/v1/statuses/{post['id']}/context") is not None,
        "history": lambda: status_or_none(reader, f"/api/v1/statuses/{post['id']}/history") is not None,
        "home": lambda: post["id"] in ids(reader.home(limit=40)),
        "favourites": lambda: post["id"] in ids(reader.get("/api/v1/favourites")),
        "bookmarks": lambda: post["id"] in ids(reader.get("/api/v1/bookmarks")),
        "notifications": lambda: post["id"] in [n["status"]["id"] for n in reader.get("/api/v1/notifications")
                                                if n["status"]],
    }
    return {path for path, shown in paths.items() if shown()}


ALL_PATHS = {"single", "batch", "profile", "thread", "history", "home", "favourites", "bookmarks", "notifications"}


@pytest.fixture
def seen_everywhere(community):
    """A friend who has a post on every path there is."""
    author, friend = community.friends("author", "friend")
    post = author.write(f"For you @{friend.name}", **{"audience[rule]": "friends"})
    friend.act("favourite", post)
    friend.act("bookmark", post)
    wait_until(lambda: reads(friend, author, post) == ALL_PATHS)
    assert reads(friend, author, post) == ALL_PATHS
    return author, friend, post


def test_narrowing_is_effective_on_the_next_read(seen_everywhere):
    author, friend, post = seen_everywhere
    author.put(f"/api/v1/statuses/{post['id']}", **{"audience[rule]": "only_me"})
    assert reads(friend, author, post) == set()
    author.put(f"/api/v1/statuses/{post['id']}", **{"audience[rule]": "friends"})
    assert reads(friend, author, post) == ALL_PATHS


def test_deleting_is_effective_on_the_next_read(seen_everywhere):
    author, friend, post = seen_everywhere
    author.delete(f"/api/v1/statuses/{post['id']}")
    assert reads(friend, author, post) == set()
    assert reads(author, author, post) == set()


@pytest.mark.parametrize("by", ["author", "friend"])
@pytest.mark.parametrize("verb", ["unfriend", "unfollow", "block"])
def test_end_of_friendship_is_effective_on_the_next_read(community, verb, by):
    author, friend = community.friends("author", "friend")
    post = author.write("For friends", **{"audience[rule]": "friends"})
    friend.act("favourite", post)
    friend.act("bookmark", post)
    wait_until(lambda: "home" in reads(friend, author, post))
    (author if by == "author" else friend).do(verb, friend if by == "author" else author)
    assert reads(friend, author, post) == set()


def test_new_friend_sees_what_friends_see_at_once(community):
    author, other = community.people("author", "other")
    post = author.write("For friends", **{"audience[rule]": "friends"})
    other.get(f"/api/v1/statuses/{post['id']}", expect=404)
    befriend(author, other)
    other.get(f"/api/v1/statuses/{post['id']}")
    assert post["id"] in ids(other.get(f"/api/v1/accounts/{author.id}/statuses"))
    wait_until(lambda: post["id"] in ids(other.home()))
    assert post["id"] in ids(other.home())


def test_leaving_the_close_ones_or_the_list_is_effective_on_the_next_read(community):
    author, friend = community.friends("author", "friend")
    made = author.post("/api/v1/lists", title="Few")
    author.do("close", friend)
    author.post(f"/api/v1/lists/{made['id']}/accounts", **{"account_ids[]": friend.id})
    close = author.write("Close", **{"audience[rule]": "close"})
    listed = author.write("Listed", **{"audience[rule]": "list", "audience[list]": made["id"]})
    for post in (close, listed):
        friend.get(f"/api/v1/statuses/{post['id']}")
    author.do("unclose", friend)
    friend.get(f"/api/v1/statuses/{close['id']}", expect=404)
    author.delete(f"/api/v1/lists/{made['id']}/accounts", **{"account_ids[]": friend.id})
    friend.get(f"/api/v1/statuses/{listed['id']}", expect=404)
    author.post(f"/api/v1/lists/{made['id']}/accounts", **{"account_ids[]": friend.id})
    friend.get(f"/api/v1/statuses/{listed['id']}")
    author.delete(f"/api/v1/lists/{made['id']}")
    friend.get(f"/api/v1/statuses/{listed['id']}", expect=404)


def test_friend_of_a_friend_no_more(community):
    author, friend, other = community.people("author", "friend", "other")
    befriend(author, friend)
    befriend(friend, other)
    post = author.write("Wide", **{"audience[rule]": "friends_of_friends"})
    other.get(f"/api/v1/statuses/{post['id']}")
    friend.do("unfriend", other)
    other.get(f"/api/v1/statuses/{post['id']}", expect=404)


def test_close_ones_are_not_told_to_anybody(community):
    author, friend = community.friends("author", "friend")
    author.do("close", friend)
    post = author.write("Close", **{"audience[rule]": "close"})
    assert "close" not in str(friend.to(author)).replace('"close": False', "") or not friend.to(author).get(
        "kith", {}).get("close"), "who is whose close friend is the author's fact"
    assert friend.get(f"/api/v1/statuses/{post['id']}")["visibility"] == "private"


def test_suspended_authors_posts_are_gone_at_once_and_come_back(community):
    author, friend = community.friends("author", "friend")
    post = author.write("Still here?", visibility="public")
    wait_until(lambda: post["id"] in ids(friend.home()))
    community.server.admin("account", "suspend", author.name)
    friend.get(f"/api/v1/statuses/{post['id']}", expect=404)
    assert post["id"] not in ids(friend.home())
    assert post["id"] not in ids(community.nobody.get("/api/v1/timelines/public", limit=40))
    shown = community.nobody.get(f"/api/v1/accounts/{author.id}")
    assert shown.get("suspended") is True and shown["display_name"] == "" and shown["note"] == ""
    community.server.admin("account", "unsuspend", author.name)
    friend.get(f"/api/v1/statuses/{post['id']}")
    assert post["id"] in ids(friend.home())


def test_muted_people_leave_home_but_not_their_profile(community):
    reader, loud = community.friends("reader", "loud")
    post = loud.write("Loud")
    wait_until(lambda: post["id"] in ids(reader.home()))
    reader.do("mute", loud)
    assert post["id"] not in ids(reader.home())
    assert post["id"] in ids(reader.get(f"/api/v1/accounts/{loud.id}/statuses"))
    reader.do("unmute", loud)
    assert post["id"] in ids(reader.home())
